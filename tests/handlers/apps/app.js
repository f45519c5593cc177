// SPDX-License-Identifier: MIT
'use strict';
/* The same jobs as in the other files here, for the tests of the handler libraries. */
const fs = require('fs');
const path = require('path');
const muster = require(path.join(process.env.MUSTER_HANDLERS, 'muster.js'));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

muster.job('Echo', async (job) => {
  console.log('printed');
  job.progress(50, 'half');
  job.log(`got ${job.data.text}`, 'warn');
  job.push('Next', { text: job.data.text }, { queue: 'other', delay: 1.5, priority: 5 });
});

muster.job('Describe', (job) => {
  job.log(job.toJson());
  job.log(muster.Job.unserialize(job.serialize()).toJson());
});

muster.job('Limited', { timeout: 120, maxAttempts: 5, backoff: 'linear', backoffDelay: 2, backoffMax: 60 }, () => {});

class Fails extends muster.Job {
  async handle() {
    await sleep(1);
    this.fall(this.data.text);
  }

  fall(text) {
    throw new TypeError(text);
  }

  failed(error) {
    this.log(`hook: ${error.message}`);
  }
}

muster.register(Fails);
muster.job('FailsForGood', { failed: (job, error) => job.log(`hook: ${error.message}`) }, () => {
  throw new muster.Fail('never again');
});

muster.register(class Stubborn extends Fails {
  shouldRetry() {
    return false;
  }
});

muster.register(class Patient extends Fails {
  retryDelay() {
    return 7;
  }

  failed() {
    throw new Error('in the hook');
  }
});

muster.job('Released', (job) => job.release(job.data.delay));
muster.job('AsksForBatch', async (job) => {
  const batch = job.data.of ? new muster.Batch(job, job.data.of) : job.batch;
  const { completed, total, progress_percentage: percentage } = await batch.progress();
  job.log(`${completed} of ${total}, ${percentage} %`);
});

muster.job('Batched', (job) => job.batch && job.batch.add('More', { n: 1 }));

muster.job('WaitsForCancel', async (job) => {
  job.log('waits');
  await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
  job.checkCancelled();
});

muster.job('IsCancelled', (job) => job.log(job.isCancelled ? 'cancelled' : 'wanted'));

muster.job('BadPush', (job) => {
  if (job.data.what === 'nul') job.push('Next', { text: 'a\0b' });
  else if (job.data.what === 'option') job.push('Next', {}, { dellay: 3 });
  else job.push('Next', { text: '\ud800' });
});

muster.job('Exits', async () => {
  setTimeout(() => {
    throw new Error('exit in a callback');
  }, 1);
  await new Promise(() => {});
});

/* Two of these end only when both have begun. */
muster.job('Meets', async (job) => {
  fs.writeFileSync(path.join(job.data.directory, job.uuid), '');
  while (fs.readdirSync(job.data.directory).length < 2) await sleep(10);
});

muster.job('Strange', (job) => {
  job.log('a\0b');
  throw new Error('a\0b\ud800');
});

if (process.argv.includes('wildcard')) muster.job('*', (job) => job.log(`any ${job.name}`));

muster.run({ concurrency: process.argv.includes('concurrent') ? 2 : 1, window: 8 });
