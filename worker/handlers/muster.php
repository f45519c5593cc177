<?php
// SPDX-License-Identifier: MIT

/**
 * Run jobs of Muster in PHP: a handler of kind `persistent` (docs/protocol.md), in one file without dependencies.
 *
 *     require '/usr/share/muster/handlers/muster.php';
 *
 *     Muster\register('SendEmail', function (Muster\Job $job) {
 *         $job->progress(50, 'sending');
 *         mail($job->getData()['to'], 'Hello', '...');
 *     }, ['timeout' => 120, 'max_attempts' => 5]);
 *
 *     Muster\run();
 *
 * Job classes extend Muster\Job. Those of a Glueful application, which extend Glueful\Queue\Job, run as they are: with
 * the framework's own base class where it is installed, with this file's otherwise. A class that can be loaded needs
 * no registration; registered ones can declare limits.
 *
 * A job that returns is done. One that throws has failed with that exception and its trace, and is tried again while
 * it has attempts left. PHP runs one job at a time in a process. PHP 8.0 or later.
 */

declare(strict_types=1);

namespace Muster;

const VERSION = 1;
const FRAME_MAX = 16 << 20;
const EXCEPTION_MAX = 60000;
const KEPT_EXCEPTIONS = 16;
const LIMITS = ['timeout', 'max_attempts', 'backoff', 'backoff_delay', 'backoff_max'];
const OPTIONS = ['queue', 'delay', 'priority', 'max_attempts', 'timeout', 'batch_uuid', 'uuid', 'unique_key',
    'unique_until', 'unique_for', 'chain', 'traceparent'];

/** Throw it in a job that must not be tried again. */
class Fail extends \Exception
{
}

/** Thrown by checkCancelled(): somebody wants the job to stop. */
class Cancelled extends \Exception
{
}

/** Why a job has failed for good, for its failed(): what Muster was told. */
class Failure extends \Exception
{
    /** "exception", "timeout", "signal"… */
    public string $reason;

    public function __construct(string $text, string $reason)
    {
        parent::__construct($text);
        $this->reason = $reason;
    }
}

/** No class of that name can be run. */
class UnknownClass extends \Exception
{
}

/** Registers a function that gets the Job, or a class (then $function is null); '*' runs what nobody registered. */
function register(string $name, ?callable $function = null, array $limits = [], ?callable $failed = null): void
{
    Handler::get()->register($name, $function, $limits, $failed);
}

/** Runs jobs until Muster has no more for this process. Options: name, window (jobs that may wait in this process). */
function run(array $options = []): void
{
    Handler::get()->run($options);
}

/** The job that runs now (Muster\Job, or one of Glueful's), or null. */
function current(): ?object
{
    return Handler::get()->current();
}

/** Pushes another job, stored together with the success of the running one, or not at all. Options: see OPTIONS. */
function push(string $name, array $data = [], array $options = []): void
{
    Handler::get()->push($name, $data, $options);
}

/** Tells how far the running job is, from 0 to 100. */
function progress(float $percent, ?string $message = null): void
{
    Handler::get()->progress($percent, $message);
}

/** A record in Muster's log: critical, error, warn, info, debug, trace, blather. */
function log(string $message, string $level = 'info'): void
{
    Handler::get()->log($message, $level);
}

/**
 * How far a batch is (null: that of the running job): batch_uuid, name, state, total, completed, failed, pending, cancelled,
 * progress_percentage, success_rate. The job that asks is still pending.
 */
function batchProgress(?string $batchUuid = null): array
{
    return Handler::get()->batchProgress($batchUuid);
}

/** True where somebody wants the running job to stop. */
function isCancelled(): bool
{
    return Handler::get()->isCancelled();
}

/** What this file needs of a job; Glueful's jobs have it too. */
abstract class Job
{
    protected string $uuid = '';
    protected array $payload;
    protected int $attempts = 0;
    protected ?string $queue = null;
    protected bool $released = false;
    private ?float $releaseDelay = null;

    public function __construct(array $data = [])
    {
        $this->payload = ['data' => $data];
    }

    /** Does the work. */
    abstract public function handle(): void;

    /** Called on a new object when the job has failed for good, also where its process died. */
    public function failed(\Exception $exception): void
    {
    }

    public function getUuid(): string
    {
        return $this->uuid;
    }

    public function getName(): string
    {
        return $this->payload['job'] ?? static::class;
    }

    public function getQueue(): ?string
    {
        return $this->queue;
    }

    public function getData(): array
    {
        return $this->payload['data'];
    }

    /** Begun so far, this one included. */
    public function getAttempts(): int
    {
        return $this->attempts;
    }

    /** 0: no limit. A class that overrides it declares its own. */
    public function getMaxAttempts(): int
    {
        return (int) ($this->payload['max_attempts'] ?? 0);
    }

    /** Seconds, 0: none. A class that overrides it declares its own. */
    public function getTimeout(): int
    {
        return (int) ($this->payload['timeout'] ?? 0);
    }

    public function getPriority(): int
    {
        return $this->payload['priority'] ?? 0;
    }

    public function getBatchUuid(): ?string
    {
        return $this->payload['batch_uuid'] ?? null;
    }

    /** Seconds since the epoch. */
    public function getPushedAt(): int
    {
        return (int) ($this->payload['pushed_at'] ?? time());
    }

    public function getTraceparent(): ?string
    {
        return $this->payload['traceparent'] ?? null;
    }

    /** False: it is not tried again. */
    public function shouldRetry(): bool
    {
        return $this->getMaxAttempts() === 0 || $this->attempts < $this->getMaxAttempts();
    }

    /** Seconds until the next attempt after a failure; null: the backoff of the class or queue. */
    public function getRetryDelay(): ?float
    {
        return null;
    }

    /** When the job has returned it is tried again, after so many seconds (null: the backoff). */
    public function release(float|null $delay = null): void
    {
        $this->released = true;
        $this->releaseDelay = $delay;
    }

    public function isReleased(): bool
    {
        return $this->released;
    }

    public function getReleaseDelay(): ?float
    {
        return $this->releaseDelay;
    }

    /** Pushes another job, stored together with the success of this one, or not at all. */
    public function push(string $name, array $data = [], array $options = []): void
    {
        Handler::get()->push($name, $data, $options);
    }

    /** Adds a job to the batch of this one. */
    public function addToBatch(string $name, array $data = [], array $options = []): void
    {
        if ($this->getBatchUuid() === null) {
            throw new \LogicException('the job is in no batch');
        }
        $this->push($name, $data, ['batch_uuid' => $this->getBatchUuid()] + $options);
    }

    /** How far a batch is (null: the one of this job), as Muster\batchProgress. */
    public function getBatchProgress(?string $batchUuid = null): array
    {
        return Handler::get()->batchProgress($batchUuid);
    }

    public function progress(float $percent, ?string $message = null): void
    {
        Handler::get()->progress($percent, $message);
    }

    public function log(string $message, string $level = 'info'): void
    {
        Handler::get()->log($message, $level);
    }

    public function isCancelled(): bool
    {
        return Handler::get()->isCancelled();
    }

    /** Throws Cancelled where somebody wants the job to stop. */
    public function checkCancelled(): void
    {
        if ($this->isCancelled()) {
            throw new Cancelled('the job was cancelled');
        }
    }

    public function toArray(): array
    {
        return [
            'uuid' => $this->uuid,
            'job' => $this->getName(),
            'data' => $this->getData(),
            'attempts' => $this->attempts,
            'queue' => $this->queue,
            'priority' => $this->getPriority(),
            'batchUuid' => $this->getBatchUuid(),
            'maxAttempts' => $this->getMaxAttempts(),
            'timeout' => $this->getTimeout(),
            'displayName' => $this->getName(),
        ];
    }

    public function toJson(): string
    {
        return Handler::encode($this->toArray());
    }

    public function serialize(): string
    {
        return $this->toJson();
    }

    public static function unserialize(string $text): self
    {
        return static::fromArray(json_decode($text, true, 512, JSON_THROW_ON_ERROR));
    }

    /** Makes a job of the class that $members['job'] names; of the class that it is called on where it names none. */
    public static function fromArray(array $members): self
    {
        $class = $members['job'] ?? static::class;
        if (!is_subclass_of($class, self::class)) {
            throw new \InvalidArgumentException("$class is no job class");
        }
        $job = new $class($members['data'] ?? []);
        $job->fill($members);
        return $job;
    }

    /** Sets what is known of a job beside its data. */
    public function fill(array $members): void
    {
        $names = ['batchUuid' => 'batch_uuid', 'maxAttempts' => 'max_attempts', 'pushedAt' => 'pushed_at'];
        foreach ($members as $name => $value) {
            $name = $names[$name] ?? $name;
            if ($name === 'uuid' || $name === 'attempts' || $name === 'queue') {
                $this->$name = $value;
            } elseif ($value !== null && $name !== 'data') {
                $this->payload[$name] = $value;
            }
        }
    }

    public function getDescription(): string
    {
        return sprintf('%s (UUID: %s, Attempts: %d/%d)', $this->getName(), $this->uuid, $this->attempts,
            $this->getMaxAttempts());
    }
}

/** A job whose work is a function. */
final class FunctionJob extends Job
{
    /** @var callable */
    private $function;
    /** @var callable|null */
    private $whenFailed;

    public static function of(callable $function, ?callable $whenFailed, array $data): self
    {
        $job = new self($data);
        $job->function = $function;
        $job->whenFailed = $whenFailed;
        return $job;
    }

    public function handle(): void
    {
        ($this->function)($this);
    }

    public function failed(\Exception $exception): void
    {
        if ($this->whenFailed) {
            ($this->whenFailed)($this, $exception);
        }
    }
}

/* A guide's job class runs without the framework too. Another autoloader that knows the real one comes first: composer
 * puts its own before all others. */
spl_autoload_register(static function (string $class): void {
    if ($class === 'Glueful\Queue\Job') {
        class_alias(Job::class, $class);
    }
});

/** The process's side of the protocol. */
final class Handler
{
    private static ?Handler $only = null;

    /** @var array<string, array{function: ?callable, failed: ?callable, limits: array}> */
    private array $classes = [];
    /** @var resource */
    private $in;
    /** @var resource */
    private $out;
    private string $buffer = '';
    private array $waiting = [];      // frames of jobs that have not begun
    private array $cancelled = [];    // by uuid
    private array $thrown = [];       // exceptions by uuid, of the last jobs that failed
    private bool $isOver = false;     // no more jobs come
    private ?array $answer = null;    // to what the running job has asked
    private ?array $frame = null;     // of the job that runs
    private ?object $job = null;      // that runs
    private ?array $released = null;  // what a job of Glueful's own told its driver
    private ?object $driver = null;

    public static function get(): self
    {
        return self::$only ??= new self();
    }

    public function register(string $name, ?callable $function, array $limits, ?callable $failed): void
    {
        if ($unknown = array_diff(array_keys($limits), LIMITS)) {
            throw new \InvalidArgumentException('unknown limit: ' . implode(', ', $unknown) . ' (there are ' .
                implode(', ', LIMITS) . ')');
        }
        if (!$function && !self::isJobClass($name)) {
            throw new \InvalidArgumentException("$name is no job class");
        }
        $declared = $function ? [] : self::declaredLimits($name);
        $this->classes[$name] = ['function' => $function, 'failed' => $failed, 'limits' => $limits + $declared];
    }

    public function run(array $options): void
    {
        $this->in = self::open('php://fd/3', 'r');
        $this->out = self::open('php://fd/4', 'w');
        stream_set_read_buffer($this->in, 0);
        stream_set_write_buffer($this->out, 0);
        register_shutdown_function(fn () => $this->shutDown());
        $this->send(['type' => 'hello', 'version' => VERSION, 'name' => $options['name'] ??
            basename($_SERVER['argv'][0] ?? 'php'), 'window' => $options['window'] ?? 0, 'failed' => true] + $this->declarations());
        while ($this->nextWaits()) {
            $this->work(array_shift($this->waiting));
        }
    }

    /** @return resource */
    private static function open(string $name, string $mode)
    {
        $pipe = @fopen($name, $mode);
        // Where 3 is free, PHP has it for the script's own file.
        if (!$pipe || (fstat($pipe)['mode'] & 0170000) === 0100000) {
            throw new \RuntimeException('descriptors 3 and 4 are not open: this is a handler, which Muster starts');
        }
        return $pipe;
    }

    public function current(): ?object
    {
        return $this->job;
    }

    public function push(string $name, array $data, array $options): void
    {
        if ($unknown = array_diff(array_keys($options), OPTIONS)) {
            throw new \InvalidArgumentException('unknown option: ' . implode(', ', $unknown) . ' (there are ' .
                implode(', ', OPTIONS) . ')');
        }
        $push = ['job' => $name, 'data' => $data ?: new \stdClass()] + $options;
        $this->send(['type' => 'push', 'uuid' => $this->running()['uuid'], 'push' => $push]);
    }

    public function progress(float $percent, ?string $message): void
    {
        $frame = ['type' => 'progress', 'uuid' => $this->running()['uuid'], 'progress' => max(0, min(100, $percent))];
        $this->send($frame + ($message === null ? [] : ['message' => self::clean($message)]));
    }

    public function log(string $message, string $level): void
    {
        $this->send(['type' => 'log', 'uuid' => $this->running()['uuid'], 'level' => $level,
            'message' => self::clean($message)]);
    }

    public function batchProgress(?string $batchUuid): array
    {
        $this->answer = null;
        $this->send(['type' => 'batch', 'uuid' => $this->running()['uuid']] +
            ($batchUuid === null ? [] : ['batch_uuid' => $batchUuid]));
        while ($this->answer === null) {
            if (feof($this->in)) {
                throw new \RuntimeException('Muster is gone');
            }
            $this->read();
        }
        if (isset($this->answer['error'])) {
            throw new \RuntimeException($this->answer['error']);
        }
        return array_diff_key($this->answer, ['type' => 0, 'uuid' => 0]);
    }

    public function isCancelled(): bool
    {
        $uuid = $this->running()['uuid'];
        while (!$this->isOver && !isset($this->cancelled[$uuid]) && $this->isReadable()) {
            $this->read();
        }
        return isset($this->cancelled[$uuid]);
    }

    /** JSON as Muster takes it. Throws for what it would refuse. */
    public static function encode(array $value): string
    {
        $text = json_encode($value, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE |
            JSON_PRESERVE_ZERO_FRACTION);
        if (str_contains($text, '\u0000') && str_contains(str_replace('\\\\', '', $text), '\u0000')) {
            throw new \InvalidArgumentException('a text in a job may not hold the NUL character');
        }
        return $text;
    }

    /** What a job of Glueful's own says to its driver. */
    public function driverCalled(string $method, array $arguments): void
    {
        if ($method === 'release') {
            $this->released = ['delay' => max(0, $arguments[1] ?? 0)];
        } elseif ($method !== 'delete') {
            throw new \LogicException("a running job's driver has no $method()");
        }
    }

    // Classes

    private static function isJobClass(string $class): bool
    {
        return class_exists($class) && (is_subclass_of($class, Job::class) ||
            is_subclass_of($class, 'Glueful\Queue\Contracts\JobInterface'));
    }

    /** What the class itself overrides; what comes from a base class of the library is left to the queue. */
    private static function declaredLimits(string $class): array
    {
        $limits = [];
        foreach (['getTimeout' => 'timeout', 'getMaxAttempts' => 'max_attempts'] as $method => $limit) {
            $owner = (new \ReflectionMethod($class, $method))->getDeclaringClass()->getName();
            if ($owner !== Job::class && $owner !== 'Glueful\Queue\Job') {
                $limits[$limit] = (new $class([]))->$method();
            }
        }
        return $limits;
    }

    private function declarations(): array
    {
        $jobs = [];
        foreach ($this->classes as $name => $class) {
            $jobs[] = $class['limits'] ? ['job' => $name] + $class['limits'] : $name;
        }
        // Classes that can be loaded run too, so a list of the registered ones would not be all.
        return $jobs ? ['jobs' => isset($this->classes['*']) ? $jobs : [...$jobs, '*']] : [];
    }

    private function make(array $frame): object
    {
        $name = $frame['job'];
        $data = is_array($frame['data']) ? $frame['data'] : ['value' => $frame['data']];
        $class = $this->classes[$name] ?? (self::isJobClass($name) ? ['function' => null] : $this->classes['*'] ?? null);
        if (!$class) {
            throw new UnknownClass("no class $name is registered with this handler, and none can be loaded");
        }
        if ($class['function']) {
            $job = FunctionJob::of($class['function'], $class['failed'], $data);
            $job->fill($frame);
            return $job;
        }
        $members = ['data' => $data] + $frame;
        if (isset($frame['batch_uuid'])) {
            $members['batchUuid'] = $frame['batch_uuid'];
        }
        return is_subclass_of($name, Job::class) ? $name::fromArray($members) : $this->makeForeign($name, $members);
    }

    /** A job on the framework's own base class. */
    private function makeForeign(string $class, array $members): object
    {
        $job = is_subclass_of($class, 'Glueful\Queue\Job') ? $class::fromArray($members) : new $class();
        $job->setAttempts($members['attempts']);
        if (interface_exists('Glueful\Queue\Contracts\QueueDriverInterface')) {
            $job->setDriver($this->driver ??= $this->makeDriver('Glueful\Queue\Contracts\QueueDriverInterface'));
        }
        return $job;
    }

    /** An object of the framework's driver interface, whatever its version asks for, that tells its calls to us. */
    private function makeDriver(string $interface): object
    {
        $methods = '';
        foreach ((new \ReflectionClass($interface))->getMethods() as $method) {
            $type = $method->getReturnType();
            $returns = !$type || in_array((string) $type, ['void', 'never', 'mixed'], true) ? '' : 'return null;';
            $methods .= 'public ' . ($method->isStatic() ? 'static ' : '') . "function {$method->getName()}(...\$a)" .
                ($type ? ": $type" : '') . " { \\Muster\\Handler::get()->driverCalled('{$method->getName()}', \$a); " .
                "$returns }\n";
        }
        return eval("return new class implements \\$interface {\n$methods};");
    }

    // From Muster

    /** Waits for a job. False where no more come. */
    private function nextWaits(): bool
    {
        while (!$this->waiting && !$this->isOver) {
            $this->read();
        }
        return (bool) $this->waiting;
    }

    private function isReadable(): bool
    {
        $read = [$this->in];
        $none = null;
        return (bool) @stream_select($read, $none, $none, 0);
    }

    private function read(): void
    {
        $chunk = fread($this->in, 65536);
        if ($chunk === false || $chunk === '') {
            $this->isOver = feof($this->in) || $chunk === false;
            return;
        }
        $this->buffer .= $chunk;
        if (!str_contains($chunk, "\n")) {
            return;
        }
        $lines = explode("\n", $this->buffer);
        $this->buffer = array_pop($lines);
        foreach ($lines as $line) {
            $this->take(json_decode($line, true, 512, JSON_THROW_ON_ERROR));
        }
    }

    private function take(array $frame): void
    {
        switch ($frame['type']) {
            case 'job':
            case 'failed':
                $this->waiting[] = $frame;
                break;
            case 'cancel':
                $this->cancelled[$frame['uuid']] = true;
                break;
            case 'ping':
                $this->send(['type' => 'pong']);
                break;
            case 'batch':
                $this->answer = $frame;
                break;
            case 'drain':
                $this->isOver = true;
                break;
        }
    }

    // To Muster

    private function send(array $frame): void
    {
        $line = self::encode($frame);
        if (strlen($line) >= FRAME_MAX) {
            throw new \InvalidArgumentException('a frame of ' . strlen($line) . ' bytes is larger than Muster takes');
        }
        for ($line .= "\n"; $line !== ''; $line = (string) substr($line, $put)) {
            $put = @fwrite($this->out, $line);
            if (!$put) { // nobody is there to be told
                $this->frame = null;
                exit(1);
            }
        }
    }

    /** A text that Muster takes: UTF-8 without NUL (which the names of PHP's anonymous classes have). */
    private static function clean(string $text): string
    {
        $text = str_replace("\0", "\u{FFFD}", $text);
        return json_decode(json_encode($text, JSON_INVALID_UTF8_SUBSTITUTE));
    }

    private static function trace(\Throwable $exception): string
    {
        $text = (string) $exception;
        if (strlen($text) > EXCEPTION_MAX) {
            $text = substr($text, 0, EXCEPTION_MAX >> 1) . "\n...\n" . substr($text, -(EXCEPTION_MAX >> 1));
        }
        return self::clean($text);
    }

    // One job

    private function running(): array
    {
        return $this->frame ?? throw new \LogicException('this can only be done by a job that runs');
    }

    private function work(array $frame): void
    {
        $this->frame = $frame;
        $this->released = null;
        try {
            $this->job = $this->make($frame);
            if ($frame['type'] === 'failed') {
                $this->job->failed($this->exceptionOf($frame));
                $answer = ['type' => 'done'];
            } else {
                $this->job->handle();
                $answer = $this->answer();
            }
        } catch (Cancelled) {
            $answer = ['type' => 'release'];
        } catch (\Throwable $exception) {
            $answer = $this->judge($exception);
            $this->keep($frame['uuid'], $exception);
        }
        $this->finish($answer);
    }

    private function finish(array $answer): void
    {
        $uuid = $this->frame['uuid'];
        $this->frame = $this->job = null;
        unset($this->cancelled[$uuid]);
        $this->send($answer + ['uuid' => $uuid]);
    }

    private function answer(): array
    {
        if ($this->released !== null) {
            return ['type' => 'release'] + $this->released;
        }
        if (!$this->job instanceof Job || !$this->job->isReleased()) {
            return ['type' => 'done'];
        }
        $delay = $this->job->getReleaseDelay();
        return ['type' => 'release'] + ($delay === null ? [] : ['delay' => max(0, $delay)]);
    }

    /** For its hook, which may come to this process. */
    private function keep(string $uuid, \Throwable $exception): void
    {
        $this->thrown[$uuid] = $exception instanceof \Exception ? $exception :
            new \RuntimeException($exception->getMessage(), 0, $exception);
        $this->thrown = array_slice($this->thrown, -KEPT_EXCEPTIONS, null, true);
    }

    private function exceptionOf(array $frame): \Exception
    {
        $kept = $this->thrown[$frame['uuid']] ?? null;
        unset($this->thrown[$frame['uuid']]);
        return $kept ?? new Failure($frame['exception'], $frame['cause']);
    }

    /** What is answered for a job that threw. */
    private function judge(\Throwable $exception): array
    {
        if ($exception instanceof UnknownClass) {
            return ['type' => 'fail', 'exception' => $exception->getMessage()];
        }
        $answer = ['type' => 'fail', 'exception' => self::trace($exception)];
        if (!$this->job) {
            return $answer;
        }
        try {
            return $this->judgeByJob($exception, $answer);
        } catch (\Throwable $second) { // in one of its hooks
            $answer['exception'] .= "\n\nand then:\n" . self::trace($second);
            return $answer;
        }
    }

    private function judgeByJob(\Throwable $exception, array &$answer): array
    {
        $most = $this->frame['max_attempts'];
        $isLast = $most > 0 && $this->frame['attempts'] >= $most;
        if ($exception instanceof Fail || (!$isLast && !$this->job->shouldRetry())) {
            $answer['retry'] = false;
        } elseif ($this->job instanceof Job && ($delay = $this->job->getRetryDelay()) !== null) {
            $answer['delay'] = max(0, $delay);
        }
        return $answer;
    }

    /** PHP ends at a fatal error, and at exit(), without an exception: the job that ran is told all the same. */
    private function shutDown(): void
    {
        if (!$this->frame) {
            return;
        }
        $error = error_get_last();
        $isFatal = $error && ($error['type'] & (E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR));
        $text = $isFatal ? "PHP Fatal error: {$error['message']} in {$error['file']}:{$error['line']}"
            : 'the job called exit()';
        $this->send(['type' => 'leaving']);
        $this->finish(['type' => 'fail', 'exception' => self::clean($text)]);
    }
}
