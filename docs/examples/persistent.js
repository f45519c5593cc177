#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// The handler protocol in Node, without a library. It runs four jobs at once.
const { Socket } = require('net');
const readline = require('readline');

const fromMuster = new Socket({ fd: 3, writable: false });
const toMuster = new Socket({ fd: 4, readable: false });
const send = (frame) => toMuster.write(`${JSON.stringify(frame)}\n`);

let running = 0;
let isOver = false;

async function handle(job) {
  if (!job.data.text) throw new Error('there is no text');
  console.log(`job ${job.uuid} says ${job.data.text}`);
}

async function run(job) {
  running++;
  try {
    await handle(job);
    send({ type: 'done', uuid: job.uuid });
  } catch (error) {
    send({ type: 'fail', uuid: job.uuid, exception: error.stack });
  }
  running--;
  leave();
}

function leave() {
  if (isOver && running === 0) toMuster.end(() => process.exit(0));
}

send({ type: 'hello', version: 1, name: 'persistent.js', concurrency: 4 });
const lines = readline.createInterface({ input: fromMuster });
lines.on('line', (line) => {
  const frame = JSON.parse(line);
  if (frame.type === 'job') run(frame);
  else if (frame.type === 'ping') send({ type: 'pong' });
});
lines.on('close', () => {
  isOver = true;
  leave();
});
