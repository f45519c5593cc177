<?php
// SPDX-License-Identifier: MIT

declare(strict_types=1);

namespace App\Jobs;

use Glueful\Queue\Job;

class ProcessEmailJob extends Job
{
    public function handle(): void
    {
        $data = $this->getData();
        \Muster\log("to {$data['to']}, uuid {$this->getUuid()}, attempt {$this->getAttempts()}, batch " .
            ($this->getBatchUuid() ?? 'none'));
        if ($data['fails'] ?? false) {
            throw new \DomainException('no mail server');
        }
        if ($data['breaks'] ?? false) {
            $data->to(); // an Error, no Exception
        }
        if ($data['busy'] ?? false) {
            $this->releaseWithBackoff();
        }
    }

    public function failed(\Exception $exception): void
    {
        \Muster\log('Email job failed: ' . $exception->getMessage());
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
        if ($this->getData()['processed_individually'] ?? false) {
            return false;
        }
        return parent::shouldRetry();
    }

    protected function releaseWithBackoff(): void
    {
        $this->release(min(300, pow(2, $this->getAttempts()) * 10));
    }
}

/* No job: a class that a payload names must not be run for that alone. */
class Destroyer
{
    public function handle(): void
    {
        unlink('everything');
    }
}
