#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// Jobs in Node.
'use strict';

const muster = require(`${process.env.MUSTER_HANDLERS || '/usr/share/muster/handlers'}/muster.js`);

// A function that gets the job.
muster.job('Greet', { timeout: 10 }, async (job) => {
  console.log(`Hello ${job.data.name}`);
});

// A class.
class ProcessImages extends muster.Job {
  static maxAttempts = 5;
  static timeout = 120;

  async handle() {
    const { images } = this.data;
    for (let i = 0; i < images.length; i++) {
      this.checkCancelled();
      this.push('ProcessImage', { image: images[i] }, { delay: 1 });
      this.progress((100 * (i + 1)) / images.length, images[i]);
    }
  }

  failed(error) {
    this.log(`given up after ${this.attempts} attempts: ${error}`, 'error');
  }

  shouldRetry() {
    return this.data.images !== undefined;
  }
}

muster.register(ProcessImages);

muster.run();
