#!/usr/bin/env php
<?php
// SPDX-License-Identifier: MIT
// Jobs in PHP.

require (getenv('MUSTER_HANDLERS') ?: '/usr/share/muster/handlers') . '/muster.php';

use Muster\Job;

// A function that gets the job.
Muster\register('Greet', function (Job $job) {
    echo "Hello {$job->getData()['name']}\n";
}, ['timeout' => 10]);

// A class.
class ProcessImages extends Job
{
    public function handle(): void
    {
        $images = $this->getData()['images'] ?? throw new InvalidArgumentException('there are no images');
        foreach ($images as $i => $image) {
            $this->checkCancelled();
            $this->push('ProcessImage', ['image' => $image], ['delay' => 1]);
            $this->progress(100 * ($i + 1) / count($images), $image);
        }
    }

    public function failed(Exception $exception): void
    {
        $this->log("given up after {$this->getAttempts()} attempts: {$exception->getMessage()}", 'error');
    }

    public function getMaxAttempts(): int
    {
        return 5;
    }

    public function getTimeout(): int
    {
        return 120;
    }

    public function shouldRetry(): bool
    {
        return isset($this->getData()['images']) && parent::shouldRetry();
    }
}

Muster\register(ProcessImages::class);

Muster\run();
