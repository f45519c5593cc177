<?php
// SPDX-License-Identifier: MIT
/* The same jobs as in the other files here, for the tests of the handler libraries. */

declare(strict_types=1);

require getenv('MUSTER_HANDLERS') . '/muster.php';

use Muster\Job;

Muster\register('Echo', function (Job $job) {
    echo "printed\n";
    $job->progress(50, 'half');
    $job->log('got ' . $job->getData()['text'], 'warn');
    $job->push('Next', ['text' => $job->getData()['text']], ['queue' => 'other', 'delay' => 1.5, 'priority' => 5]);
});

class Describe extends Job
{
    public function handle(): void
    {
        $this->log($this->toJson());
        $this->log(static::unserialize($this->serialize())->toJson());
    }
}

Muster\register(Describe::class);

Muster\register('Limited', function () {
}, ['timeout' => 120, 'max_attempts' => 5, 'backoff' => 'linear', 'backoff_delay' => 2, 'backoff_max' => 60]);

class Fails extends Job
{
    public function handle(): void
    {
        $this->fall($this->getData()['text']);
    }

    private function fall(string $text): void
    {
        throw new InvalidArgumentException($text);
    }

    public function failed(Exception $exception): void
    {
        $this->log('hook: ' . $exception->getMessage());
    }
}

Muster\register('FailsForGood', function () {
    throw new Muster\Fail('never again');
}, failed: fn (Job $job, Exception $exception) => $job->log('hook: ' . $exception->getMessage()));

class Stubborn extends Fails
{
    public function shouldRetry(): bool
    {
        return false;
    }
}

class Patient extends Fails
{
    public function getRetryDelay(): ?float
    {
        return 7;
    }

    public function failed(Exception $exception): void
    {
        throw new RuntimeException('in the hook');
    }
}

Muster\register('Released', fn (Job $job) => $job->release($job->getData()['delay'] ?? null));
Muster\register('AsksForBatch', function (Job $job) {
    $batch = $job->getBatchProgress($job->getData()['of'] ?? null);
    $job->log("{$batch['completed']} of {$batch['total']}, {$batch['progress_percentage']} %");
});
Muster\register('Batched', fn (Job $job) => $job->getBatchUuid() && $job->addToBatch('More', ['n' => 1]));

Muster\register('WaitsForCancel', function (Job $job) {
    $job->log('waits');
    while (true) {
        $job->checkCancelled();
        usleep(10000);
    }
});

Muster\register('IsCancelled', fn (Job $job) => $job->log($job->isCancelled() ? 'cancelled' : 'wanted'));

Muster\register('BadPush', function (Job $job) {
    match ($job->getData()['what']) {
        'nul' => $job->push('Next', ['text' => "a\0b"]),
        'option' => $job->push('Next', [], ['dellay' => 3]),
        default => $job->push('Next', ['text' => "\xff"]),
    };
});

Muster\register('Exits', function () {
    exit(3);
});

Muster\register('Strange', function (Job $job) {
    $job->log("a\0b");
    throw new class("a\0b\xff") extends Exception {
    };
});

if (in_array('wildcard', $argv, true)) {
    Muster\register('*', fn (Job $job) => $job->log('any ' . $job->getName()));
}

Muster\run(['window' => 8]);
