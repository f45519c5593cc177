// SPDX-License-Identifier: MIT
'use strict';

/*
 * Run jobs of Muster in Node: a handler of kind `persistent` (docs/protocol.md), in one file without dependencies.
 *
 *     const muster = require('/usr/share/muster/handlers/muster.js');
 *
 *     muster.job('SendEmail', { timeout: 120, maxAttempts: 5 }, async (job) => {
 *       job.progress(50, 'sending');
 *       await send(job.data.to, { signal: job.signal });
 *     });
 *
 *     class ResizeImage extends muster.Job {
 *       static timeout = 60;
 *       async handle() { this.push('NotifyUser', { image: this.data.id }); }
 *       async failed(error) { console.error('given up:', error); }
 *     }
 *     muster.register(ResizeImage);
 *
 *     muster.run({ concurrency: 4 });
 *
 * A job whose promise is fulfilled is done. One that throws has failed with that error and its stack, and is tried
 * again while it has attempts left. Node 14 or later.
 */

const net = require('net');
const path = require('path');

const VERSION = 1;
const FRAME_MAX = 16 << 20;
const EXCEPTION_MAX = 60000;
const KEPT_ERRORS = 16;

/* Names here, and names in frames. */
const LIMITS = {
  timeout: 'timeout', maxAttempts: 'max_attempts', backoff: 'backoff', backoffDelay: 'backoff_delay',
  backoffMax: 'backoff_max',
};
const OPTIONS = {
  queue: 'queue', delay: 'delay', priority: 'priority', maxAttempts: 'max_attempts', timeout: 'timeout',
  batchUuid: 'batch_uuid', uuid: 'uuid', uniqueKey: 'unique_key', uniqueUntil: 'unique_until', uniqueFor: 'unique_for',
  chain: 'chain', traceparent: 'traceparent',
};
const MEMBERS = {
  uuid: 'uuid', queue: 'queue', attempts: 'attempts', maxAttempts: 'max_attempts', timeout: 'timeout',
  priority: 'priority', batchUuid: 'batch_uuid', traceparent: 'traceparent', pushedAt: 'pushed_at',
};

/** Throw it in a job that must not be tried again. */
class Fail extends Error {}

/** Thrown by checkCancelled(): somebody wants the job to stop. */
class Cancelled extends Error {}

/** Why a job has failed for good, for its failed(): what Muster was told. reason is 'exception', 'timeout', 'signal'… */
class Failure extends Error {
  constructor(text, reason) {
    super(text);
    this.reason = reason;
  }
}

/** No class of that name is registered. */
class UnknownClass extends Error {}

/** The batch that a running job belongs to. */
class Batch {
  constructor(job, uuid) {
    this.job = job;
    this.uuid = uuid;
  }

  /** Adds a job to the batch; stored together with the success of the running job, or not at all. */
  add(name, data, options = {}) {
    this.job.push(name, data, { ...options, batchUuid: this.uuid });
  }

  /**
   * How far it is: batch_uuid, name, state, total, completed, failed, pending, cancelled, progress_percentage,
   * success_rate. The job that asks is still pending.
   */
  async progress() {
    return Job.ask(this.job, { type: 'batch', uuid: this.job.uuid, batch_uuid: this.uuid });
  }
}

/*
 * A job. Extend it and register() the class, or give job() a function, which gets one. Static members declare limits
 * for every job of the class: timeout (seconds), maxAttempts, backoff ('none', 'fixed', 'linear', 'exponential'),
 * backoffDelay and backoffMax (seconds). What is not there is left to the queue. In a running job timeout and
 * maxAttempts are what counts for it; 0 is no limit.
 */
class Job {
  #handler = null;
  #controller = new AbortController();
  #released = null;

  constructor(data = {}) {
    this.data = data;
    this.name = this.constructor.jobName || this.constructor.name;
    this.attempts = 0;
    this.priority = 0;
  }

  /** Does the work. */
  async handle() {
    throw new Error(`${this.name} has no handle()`);
  }

  /** Called on a new object when the job has failed for good, also where its process died. */
  async failed(_error) {}

  /** False: it is not tried again, though attempts are left. */
  shouldRetry(_error) {
    return true;
  }

  /** Seconds until the next attempt; null: the backoff of the class or queue. */
  retryDelay(_error) {
    return null;
  }

  /** The Batch of the job, null where it is in none. */
  get batch() {
    return this.batchUuid ? new Batch(this, this.batchUuid) : null;
  }

  get isLastAttempt() {
    return this.maxAttempts > 0 && this.attempts >= this.maxAttempts;
  }

  /** When the job has returned it is tried again, after delay seconds (null: the backoff). */
  release(delay = null) {
    this.#running();
    this.#released = delay === null ? {} : { delay: number('delay', delay) };
  }

  /**
   * Pushes another job (a name, a class, or a Job), stored together with the success of this one, or not at all.
   * Options: queue (that of its class or this one's where it is missing), delay (seconds), priority, maxAttempts, timeout, batchUuid, uuid,
   * uniqueKey, uniqueUntil, uniqueFor, chain, traceparent.
   */
  push(name, data, options = {}) {
    const push = pushed(name, data, options);
    this.#running().send({ type: 'push', uuid: this.uuid, push });
  }

  /** Tells how far the job is, from 0 to 100. */
  progress(percent, message) {
    const frame = { type: 'progress', uuid: this.uuid, progress: Math.min(100, number('progress', percent)) };
    if (message !== undefined) frame.message = clean(message);
    this.#running().send(frame);
  }

  /** A record in Muster's log: critical, error, warn, info, debug, trace, blather. */
  log(message, level = 'info') {
    this.#running().send({ type: 'log', uuid: this.uuid, level, message: clean(message) });
  }

  /** An AbortSignal that fires when somebody wants the job to stop. */
  get signal() {
    return this.#controller.signal;
  }

  get isCancelled() {
    return this.signal.aborted;
  }

  /** Throws Cancelled where somebody wants the job to stop. */
  checkCancelled() {
    if (this.isCancelled) throw new Cancelled('the job was cancelled');
  }

  toJSON() {
    const members = { job: this.name, data: this.data };
    for (const name in MEMBERS) if (this[name] !== undefined && this[name] !== null) members[MEMBERS[name]] = this[name];
    return members;
  }

  toJson() {
    return encode(this.toJSON());
  }

  serialize() {
    return this.toJson();
  }

  /**
   * Makes a job from an object; the guide's names (maxAttempts, batchUuid) are understood too. Called on Job itself it
   * makes one of the registered class of that name.
   */
  static fromObject(members) {
    const job = new (this === Job ? registered(members.job) : this)(members.data === null ? {} : members.data);
    for (const name in MEMBERS) {
      const value = members[MEMBERS[name]] ?? members[name];
      if (value !== undefined && value !== null) job[name] = value;
    }
    if (members.job) job.name = members.job;
    return job;
  }

  static fromJson(text) {
    return this.fromObject(JSON.parse(text));
  }

  static unserialize(text) {
    return this.fromJson(text);
  }

  #running() {
    if (!this.#handler) throw new Error('this can only be done by a job that runs');
    return this.#handler;
  }

  /* For the batch and the handler alone. */
  static async ask(job, question) {
    return job.#running().ask(question);
  }

  static begin(job, handler) {
    job.#handler = handler;
  }

  static cancel(job) {
    job.#controller.abort();
  }

  static released(job) {
    return job.#released;
  }
}

const classes = new Map();

/** Registers a class that extends Job; '*' runs every class that nobody registered. */
function register(jobClass, name) {
  classes.set(name || jobClass.jobName || jobClass.name, jobClass);
  return jobClass;
}

/**
 * Registers a function that gets the Job. limits are those of a class; limits.failed(job, error) is called when it
 * has failed for good.
 */
function job(name, limits, work) {
  if (typeof limits === 'function') [limits, work] = [{}, limits];
  const { failed, ...rest } = limits;
  for (const limit in rest)
    if (!LIMITS[limit]) throw new TypeError(`unknown limit: ${limit} (there are ${Object.keys(LIMITS).join(', ')})`);
  const made = class extends Job {
    async handle() {
      return work(this);
    }
  };
  if (failed) made.prototype.failed = function hook(error) { return failed(this, error); };
  Object.assign(made, rest);
  if (name !== '*') made.jobName = name;
  return register(made, name);
}

function registered(name) {
  const found = classes.get(name) || classes.get('*');
  if (!found) throw new UnknownClass(`no class ${name} is registered with this handler`);
  return found;
}

function number(what, value) {
  if (typeof value !== 'number' || !(value >= 0 && value < Infinity))
    throw new RangeError(`${what} must be a number that is not negative`);
  return value;
}

/* A text that Muster takes: no NUL, no half of a surrogate pair. */
function clean(text) {
  return Buffer.from(String(text)).toString().replace(/\0/g, '\ufffd');
}

/* JSON as Muster takes it. Throws for what it would refuse. */
function encode(value) {
  const text = JSON.stringify(value);
  if (/\\u(0000|d[89a-f])/.test(text) && /\\u(0000|d[89a-f])/.test(text.replace(/\\\\/g, '')))
    throw new RangeError('a text in a job may hold neither the NUL character nor half of a surrogate pair');
  return text;
}

function pushed(name, data, options) {
  let push = { job: name, data: data === undefined ? {} : data };
  if (name instanceof Job) push = { job: name.name, data: name.data };
  else if (typeof name === 'function') push.job = name.jobName || name.name;
  for (const option in options) {
    if (!OPTIONS[option])
      throw new TypeError(`unknown option: ${option} (there are ${Object.keys(OPTIONS).join(', ')})`);
    if (options[option] !== undefined && options[option] !== null) push[OPTIONS[option]] = options[option];
  }
  return push;
}

function declaration(name, jobClass) {
  const limits = {};
  for (const limit in LIMITS) if (jobClass[limit] !== undefined) limits[LIMITS[limit]] = jobClass[limit];
  return Object.keys(limits).length ? { job: name, ...limits } : name;
}

function trace(error) {
  let text = error instanceof Error ? error.stack || String(error) : `thrown: ${String(error)}`;
  if (error instanceof Error && error.cause) text += `\ncaused by: ${error.cause.stack || error.cause}`;
  if (text.length > EXCEPTION_MAX)
    text = `${text.slice(0, EXCEPTION_MAX / 2)}\n...\n${text.slice(-EXCEPTION_MAX / 2)}`;
  return clean(text);
}

class Handler {
  constructor({ concurrency = 1, window = 0, name } = {}) {
    this.concurrency = concurrency;
    this.window = window;
    this.name = name || path.basename(process.argv[1] || 'node');
    this.waiting = []; // frames of jobs that have not begun
    this.jobs = new Map(); // uuid: Job, of those that run
    this.cancelled = new Set(); // uuids that wait
    this.thrown = new Map(); // uuid: error, of the last jobs that failed
    this.isOver = false; // no more jobs come
    this.asked = new Map(); // uuid: who waits for the answer
    this.pieces = []; // of a line that is not whole yet
  }

  start() {
    this.open();
    this.output.on('error', () => process.exit(1)); // nobody is there to be told
    const jobs = [...classes].map(([name, jobClass]) => declaration(name, jobClass));
    this.send({ type: 'hello', version: VERSION, name: this.name, concurrency: this.concurrency, window: this.window,
      failed: [...classes.values()].some((jobClass) => jobClass.prototype.failed !== Job.prototype.failed), jobs });
    this.input.on('data', (chunk) => this.read(chunk));
    this.input.on('error', () => this.end());
    this.input.on('end', () => this.end());
    process.on('uncaughtException', (error) => this.crash(error));
  }

  open() {
    try {
      this.input = new net.Socket({ fd: 3, readable: true, writable: false });
      this.output = new net.Socket({ fd: 4, readable: false, writable: true });
    } catch {
      throw new Error('descriptors 3 and 4 are not open: this is a handler, which Muster starts');
    }
  }

  /* From Muster */

  read(chunk) {
    let start = 0;
    for (let end; (end = chunk.indexOf(10, start)) >= 0; start = end + 1) {
      this.pieces.push(chunk.subarray(start, end));
      const line = this.pieces.length === 1 ? this.pieces[0] : Buffer.concat(this.pieces);
      this.pieces = [];
      this.take(JSON.parse(line.toString()));
    }
    if (start < chunk.length) this.pieces.push(chunk.subarray(start));
    this.next();
  }

  take(frame) {
    if (frame.type === 'job' || frame.type === 'failed') this.waiting.push(frame);
    else if (frame.type === 'ping') this.send({ type: 'pong' });
    else if (frame.type === 'drain') this.isOver = true;
    else if (frame.type === 'cancel') this.cancel(frame.uuid);
    else if (frame.type === 'batch') this.answered(frame);
  }

  cancel(uuid) {
    if (this.jobs.has(uuid)) Job.cancel(this.jobs.get(uuid));
    else if (this.waiting.some((frame) => frame.uuid === uuid)) this.cancelled.add(uuid);
  }

  answered({ type, uuid, error, ...answer }) {
    const waiting = this.asked.get(uuid);
    this.asked.delete(uuid);
    if (!waiting) return;
    if (error) waiting.reject(new Error(error));
    else waiting.resolve(answer);
  }

  end() {
    this.isOver = true;
    for (const uuid of [...this.asked.keys()]) this.answered({ uuid, error: 'Muster is gone' });
    this.next();
  }

  /* To Muster */

  /** Sends a question; a promise of the answer. */
  ask(question) {
    return new Promise((resolve, reject) => {
      this.asked.set(question.uuid, { resolve, reject });
      this.send(question);
    });
  }

  send(frame) {
    const line = Buffer.from(`${encode(frame)}\n`);
    if (line.length > FRAME_MAX) throw new RangeError(`a frame of ${line.length} bytes is larger than Muster takes`);
    this.output.write(line);
  }

  /* Jobs */

  next() {
    while (this.waiting.length > 0 && this.running() < this.concurrency) this.work(this.waiting.shift());
    if (this.isOver && this.running() === 0 && this.waiting.length === 0 && !this.isLeaving) this.leave();
  }

  running() {
    return this.jobs.size;
  }

  leave() {
    this.isLeaving = true;
    this.output.end(() => process.exit(0));
  }

  async work(frame) {
    this.jobs.set(frame.uuid, null);
    let made = null;
    let answer;
    try {
      made = registered(frame.job).fromObject(frame);
      this.begin(made);
      if (frame.type === 'failed') await made.failed(this.errorOf(frame));
      else await made.handle();
      const released = Job.released(made);
      answer = released ? { type: 'release', ...released } : { type: 'done' };
    } catch (error) {
      answer = await this.judge(made, error);
      this.keep(frame.uuid, error);
    }
    if (!this.jobs.delete(frame.uuid)) return; // it has crashed
    this.send({ ...answer, uuid: frame.uuid });
    this.next();
  }

  begin(made) {
    Job.begin(made, this);
    this.jobs.set(made.uuid, made);
    if (this.cancelled.delete(made.uuid)) Job.cancel(made);
  }

  /* For its hook, which may come to this process. */
  keep(uuid, error) {
    this.thrown.set(uuid, error);
    if (this.thrown.size > KEPT_ERRORS) this.thrown.delete(this.thrown.keys().next().value);
  }

  errorOf(frame) {
    const kept = this.thrown.get(frame.uuid);
    this.thrown.delete(frame.uuid);
    return kept || new Failure(frame.exception, frame.cause);
  }

  /* What is answered for a job that threw. */
  async judge(made, error) {
    if (error instanceof Cancelled) return { type: 'release' };
    if (error instanceof UnknownClass) return { type: 'fail', exception: error.message };
    const answer = { type: 'fail', exception: trace(error) };
    if (!made) return answer;
    try {
      if (error instanceof Fail || !(await made.shouldRetry(error))) {
        answer.retry = false;
      } else {
        const delay = await made.retryDelay(error);
        if (delay !== null && delay !== undefined) answer.delay = number('retryDelay', delay);
      }
    } catch (second) { // in one of its hooks
      answer.exception += `\n\nand then:\n${trace(second)}`;
    }
    return answer;
  }

  /* An error that nobody caught: it is the job's where only one runs, and the process cannot be believed any more. */
  crash(error) {
    console.error(error);
    const [uuid] = this.jobs.keys();
    const isKnown = this.jobs.size === 1;
    this.jobs.clear();
    this.waiting = [];
    if (isKnown) {
      this.send({ type: 'leaving' });
      this.send({ type: 'fail', uuid, exception: trace(error) });
    }
    this.output.end(() => process.exit(1));
  }
}

/** Runs jobs until Muster has no more for this process. concurrency: jobs at once. window: jobs that may wait in this
 * process beside those, for very short ones; they run in order. */
function run(options) {
  if (classes.size === 0) throw new Error('no class is registered: there is nothing to run');
  new Handler(options).start();
}

module.exports = { Job, Batch, Fail, Failure, Cancelled, UnknownClass, job, register, run };
