<?php
// SPDX-License-Identifier: MIT
/* A stand-in for the framework: what a job of it needs of its base class, and that class of its driver. */

declare(strict_types=1);

namespace Glueful\Queue\Contracts;

interface JobInterface
{
    public function getUuid(): string;

    public function getAttempts(): int;

    public function setAttempts(int $attempts): void;

    public function fire(): void;

    public function setDriver(QueueDriverInterface $driver): void;
}

interface QueueDriverInterface
{
    public function push(string $job, array $data = [], ?string $queue = null): string;

    public function pop(?string $queue = null): ?JobInterface;

    public function release(JobInterface $job, int $delay = 0): void;

    public function delete(JobInterface $job): void;

    public static function describe(): array;
}

namespace Glueful\Queue;

use Glueful\Queue\Contracts\JobInterface;
use Glueful\Queue\Contracts\QueueDriverInterface;

abstract class Job implements JobInterface
{
    protected string $uuid = 'random';
    protected array $payload;
    protected int $attempts = 0;
    protected ?QueueDriverInterface $driver = null;

    public function __construct(array $data = [])
    {
        $this->payload = ['data' => $data];
    }

    abstract public function handle(): void;

    public function failed(\Exception $exception): void
    {
    }

    public function fire(): void
    {
        $this->handle();
    }

    public function getUuid(): string
    {
        return $this->uuid;
    }

    public function getData(): array
    {
        return $this->payload['data'];
    }

    public function getAttempts(): int
    {
        return $this->attempts;
    }

    public function setAttempts(int $attempts): void
    {
        $this->attempts = $attempts;
    }

    public function getBatchUuid(): ?string
    {
        return $this->payload['batchUuid'] ?? null;
    }

    public function getMaxAttempts(): int
    {
        return 3;
    }

    public function getTimeout(): int
    {
        return 60;
    }

    public function shouldRetry(): bool
    {
        return $this->attempts < $this->getMaxAttempts();
    }

    public function release(int $delay = 0): void
    {
        $this->driver?->release($this, $delay);
    }

    public function setDriver(QueueDriverInterface $driver): void
    {
        $this->driver = $driver;
    }

    public static function fromArray(array $members): self
    {
        $job = new $members['job']($members['data'] ?? []);
        $job->uuid = $members['uuid'] ?? $job->uuid;
        $job->payload['batchUuid'] = $members['batchUuid'] ?? null;
        return $job;
    }
}
