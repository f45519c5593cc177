# SPDX-License-Identifier: MIT
"""Run jobs of Muster in Python: a handler of kind `persistent` (docs/protocol.md), in one file without dependencies.

    import muster

    @muster.job("SendEmail", timeout=120, max_attempts=5)
    def send_email(job):
        job.progress(50, "sending")
        send(job.data["to"])

    class ResizeImage(muster.Job):
        timeout = 60

        def handle(self):
            self.push("NotifyUser", {"image": self.data["id"]})

        def failed(self, exception):
            print("given up:", exception)

    muster.run()

A job that returns is done. One that raises has failed with that exception and its trace, and is tried again while it
has attempts left. Python 3.7 or later.
"""

import collections
import inspect
import json
import logging
import os
import queue
import select
import sys
import threading
import traceback

__all__ = ["Job", "Batch", "Fail", "Failure", "Cancelled", "LogHandler", "job", "register", "run", "current"]

VERSION = 1
FD_IN, FD_OUT = 3, 4
FRAME_MAX = 16 << 20
EXCEPTION_MAX = 60000
KEPT_EXCEPTIONS = 16
LIMITS = ("timeout", "max_attempts", "backoff", "backoff_delay", "backoff_max")
OPTIONS = ("queue", "delay", "priority", "max_attempts", "timeout", "batch_uuid", "uuid", "unique_key", "unique_until",
           "unique_for", "chain", "traceparent")


class Fail(Exception):
    """Raise it in a job that must not be tried again."""


class Failure(Exception):
    """Why a job has failed for good, for its failed(): what Muster was told. reason is "exception", "timeout", "signal"…"""

    def __init__(self, text, reason):
        super().__init__(text)
        self.reason = reason


class UnknownClass(LookupError):
    """No class of that name is registered."""


class Cancelled(Exception):
    """Raised by Job.check_cancelled(): somebody wants the job to stop."""


class Batch:
    """A batch, seen by a running job: the one that it belongs to, or any other by its uuid."""

    def __init__(self, owner, uuid):
        self._job = owner
        self.uuid = uuid

    def add(self, name, data=None, **options):
        """Adds a job to the batch; stored together with the success of the running job, or not at all."""
        self._job.push(name, data, batch_uuid=self.uuid, **options)

    def progress(self):
        """How far it is: a dictionary of batch_uuid, name, state, total, completed, failed, pending, cancelled,
        progress_percentage, success_rate. The job that asks is still pending."""
        return self._job._running().ask({"type": "batch", "uuid": self._job.uuid, "batch_uuid": self.uuid})


class Job:
    """A job. Subclass it and register() it, or give job() a function, which gets one.

    Class attributes declare limits for every job of the class: timeout (seconds), max_attempts, backoff ("none",
    "fixed", "linear", "exponential"), backoff_delay and backoff_max (seconds). What is None is left to the queue.
    In a running job timeout and max_attempts are what counts for it; 0 is no limit.
    """

    name = None  #: the name of the class in a queue; the Python class's own where it is None
    timeout = None
    max_attempts = None
    backoff = None
    backoff_delay = None
    backoff_max = None

    uuid = None
    queue = None
    attempts = 0  #: begun so far, this one included
    priority = 0
    batch_uuid = None
    traceparent = None
    pushed_at = None  #: seconds since the epoch
    _handler = None
    _released = None
    _is_cancelled = False

    def __init__(self, data=None):
        self.data = {} if data is None else data

    def handle(self):
        """Does the work."""
        raise NotImplementedError("%s has no handle()" % type(self).__name__)

    def failed(self, exception):
        """Called when the job has failed for good, also where its process died or a rule of Muster's decided so. It is
        another object than the one that ran; exception is what that raised where it ran in this process, else a Failure."""

    def should_retry(self, exception):
        """False: it is not tried again, though attempts are left."""
        return True

    def retry_delay(self, exception):
        """Seconds until the next attempt; None: the backoff of the class or queue."""
        return None

    @classmethod
    def job_name(cls):
        return cls.name or cls.__name__

    @property
    def batch(self):
        """The Batch of the job, None where it is in none."""
        return Batch(self, self.batch_uuid) if self.batch_uuid else None

    @property
    def is_last_attempt(self):
        return bool(self.max_attempts) and self.attempts >= self.max_attempts

    def release(self, delay=None):
        """When the job has returned it is tried again, after delay seconds (None: the backoff)."""
        self._running()
        self._released = {} if delay is None else {"delay": _number("delay", delay)}

    def push(self, name, data=None, **options):
        """Pushes another job (a name, a class, or a Job), stored together with the success of this one or not at all.

        Options: queue (that of its class or this one's where it is missing), delay (seconds), priority, max_attempts, timeout, batch_uuid,
        uuid, unique_key, unique_until, unique_for, chain, traceparent.
        """
        pushed = _pushed(name, data, options)
        self._running().send({"type": "push", "uuid": self.uuid, "push": pushed})

    def progress(self, percent, message=None):
        """Tells how far the job is, from 0 to 100."""
        frame = {"type": "progress", "uuid": self.uuid, "progress": min(100, max(0, _number("progress", percent)))}
        if message is not None:
            frame["message"] = _clean(message)
        self._running().send(frame)

    def log(self, message, level="info"):
        """A record in Muster's log: critical, error, warn, info, debug, trace, blather."""
        self._running().send({"type": "log", "uuid": self.uuid, "level": level, "message": _clean(message)})

    @property
    def is_cancelled(self):
        """True where somebody wants the job to stop."""
        if not self._is_cancelled and self._handler:
            self._handler.look()
        return self._is_cancelled

    def check_cancelled(self):
        """Raises Cancelled where somebody wants the job to stop."""
        if self.is_cancelled:
            raise Cancelled("the job was cancelled")

    def to_dict(self):
        members = {"job": self.name or type(self).__name__, "data": self.data, "uuid": self.uuid, "queue": self.queue,
                   "attempts": self.attempts, "max_attempts": self.max_attempts, "timeout": self.timeout,
                   "priority": self.priority, "batch_uuid": self.batch_uuid, "traceparent": self.traceparent,
                   "pushed_at": self.pushed_at}
        return {name: value for name, value in members.items() if value is not None}

    def to_json(self):
        return _encode(self.to_dict())

    serialize = to_json

    @classmethod
    def from_dict(cls, members):
        """Makes a job from a dictionary; the guide's names (maxAttempts, batchUuid) are understood too. Called on Job
        itself it makes one of the registered class of that name."""
        made = (_registered(members["job"]) if cls is Job else cls)(members.get("data"))
        for name in ("uuid", "queue", "attempts", "max_attempts", "timeout", "priority", "batch_uuid", "traceparent",
                     "pushed_at"):
            first, *rest = name.split("_")
            value = members.get(name, members.get(first + "".join(word.capitalize() for word in rest)))
            if value is not None:
                setattr(made, name, value)
        return made

    @classmethod
    def from_json(cls, text):
        return cls.from_dict(json.loads(text))

    unserialize = from_json

    def _running(self):
        if not self._handler:
            raise RuntimeError("this can only be done by a job that runs")
        return self._handler


class LogHandler(logging.Handler):
    """Sends the records of Python's logging to Muster's log, with the uuid of the job that made them."""

    def emit(self, record):
        running = current()
        if not running:
            return
        try:
            names = {"CRITICAL": "critical", "ERROR": "error", "WARNING": "warn", "DEBUG": "debug"}
            running.log(self.format(record), names.get(record.levelname, "info"))
        except Exception:
            self.handleError(record)


_classes = {}
_local = threading.local()


def register(cls, name=None):
    """Registers a subclass of Job; "*" runs every class that nobody registered. Can be used as a decorator."""
    _classes[name or cls.job_name()] = cls
    return cls


def job(name, failed=None, **limits):
    """Registers a function that gets the Job. failed(job, exception) is called when it has failed for good."""
    unknown = set(limits) - set(LIMITS)
    if unknown:
        raise TypeError("unknown limit: %s (there are %s)" % (", ".join(sorted(unknown)), ", ".join(LIMITS)))

    def decorate(function):
        members = dict(limits, handle=lambda self: function(self), __doc__=function.__doc__)
        if name != "*":
            members["name"] = name
        if failed:
            members["failed"] = failed
        if inspect.iscoroutinefunction(function):
            members["handle"] = lambda self: _run_coroutine(function(self))
        register(type(function.__name__, (Job,), members), name)
        return function

    return decorate


def current():
    """The Job that runs in this thread, or None."""
    return getattr(_local, "job", None)


def run(concurrency=1, window=0, name=None):
    """Runs jobs until Muster has no more for this process. Does not return before that.

    concurrency: jobs at once, each in a thread. window: jobs that may wait in this process beside those, for very short
    ones; they run in order.
    """
    _Handler(concurrency).run(window, name)


def _registered(name):
    found = _classes.get(name) or _classes.get("*")
    if not found:
        raise UnknownClass("no class %s is registered with this handler" % name)
    return found


def _number(what, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise ValueError("%s must be a number that is not negative" % what)
    return value


def _clean(text):
    """A text that Muster takes: no NUL, no half of a surrogate pair."""
    return str(text).encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _encode(value):
    """JSON as Muster takes it. Raises ValueError for what it would refuse."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if "\\u0000" in text and "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("a text in a job may not hold the NUL character")
    return text


def _pushed(name, data, options):
    unknown = set(options) - set(OPTIONS)
    if unknown:
        raise TypeError("unknown option: %s (there are %s)" % (", ".join(sorted(unknown)), ", ".join(OPTIONS)))
    pushed = {"job": name, "data": {} if data is None else data}
    if isinstance(name, Job):
        pushed = {"job": name.name or type(name).__name__, "data": name.data}
    elif inspect.isclass(name) and issubclass(name, Job):
        pushed["job"] = name.job_name()
    pushed.update((option, value) for option, value in options.items() if value is not None)
    return pushed


def _run_coroutine(coroutine):
    import asyncio
    return asyncio.run(coroutine)


def _declaration(name, cls):
    limits = {limit: getattr(cls, limit) for limit in LIMITS if getattr(cls, limit, None) is not None}
    return dict(limits, job=name) if limits else name


def _trace(exception):
    """What it is in the first line, which is what lists show, and then its trace."""
    text = "".join(traceback.format_exception_only(type(exception), exception)[-1:] + ["\n"] +
                   traceback.format_exception(type(exception), exception, _own_part(exception.__traceback__)))
    return _clean(text.rstrip() if len(text) <= EXCEPTION_MAX else text[:EXCEPTION_MAX // 2] + "\n...\n" +
                  text[-EXCEPTION_MAX // 2:])


def _own_part(trace):
    """The traceback without the frames of this file at its beginning."""
    at = trace
    while at and at.tb_frame.f_code.co_filename == __file__:
        at = at.tb_next
    return at or trace


class _Handler:
    def __init__(self, concurrency):
        self.concurrency = concurrency
        self.buffer = bytearray()
        self.waiting = collections.deque()  # frames of jobs that have not begun
        self.jobs = {}  # uuid: Job, of those that run
        self.cancelled = set()  # uuids that wait
        self.raised = collections.OrderedDict()  # uuid: exception, of the last jobs that failed
        self.is_over = False  # no more jobs come
        self.is_closed = False  # nothing more is to be read
        self.asked = {}  # uuid: queue for the answer
        self.writing = threading.Lock()
        self.changing = threading.Lock()  # jobs and cancelled

    def run(self, window, name):
        if not _classes:
            raise RuntimeError("no class is registered: there is nothing to run")
        try:
            os.set_inheritable(FD_IN, False)
            os.set_inheritable(FD_OUT, False)
        except OSError:
            raise RuntimeError("descriptors 3 and 4 are not open: this is a handler, which Muster starts") from None
        self.send({"type": "hello", "version": VERSION, "name": name or os.path.basename(sys.argv[0] or "python"),
                   "concurrency": self.concurrency, "window": window,
                   "failed": any(cls.failed is not Job.failed for cls in _classes.values()),
                   "jobs": [_declaration(each, cls) for each, cls in _classes.items()]})
        if self.concurrency == 1:
            self.run_here()
        else:
            self.run_in_threads()

    def run_here(self):
        while self.next_waits():
            self.work(self.waiting.popleft())

    def run_in_threads(self):
        jobs = queue.Queue()
        threads = [threading.Thread(target=self.serve, args=(jobs,), daemon=True) for _ in range(self.concurrency)]
        for thread in threads:
            thread.start()
        while self.next_waits():
            jobs.put(self.waiting.popleft())
        for _ in threads:
            jobs.put(None)
        for thread in threads:
            while thread.is_alive() and not self.is_closed:
                if select.select([FD_IN], [], [], 0.05)[0]:  # an answer that it waits for
                    self.read()
            thread.join()

    def serve(self, jobs):
        for frame in iter(jobs.get, None):
            self.work(frame)

    # From Muster

    def next_waits(self):
        """Waits for a job. False where no more come."""
        while not self.waiting and not self.is_over:
            self.read()
        return bool(self.waiting)

    def look(self):
        """Takes what has been sent, without waiting. Where there are threads somebody reads all the time."""
        if self.concurrency == 1:
            while not self.is_over and select.select([FD_IN], [], [], 0)[0]:
                self.read()

    def read(self):
        chunk = os.read(FD_IN, 65536)
        if not chunk:
            self.is_over = self.is_closed = True
            self.forget_asked()
        start = len(self.buffer)
        self.buffer += chunk
        if self.buffer.find(b"\n", start) < 0:
            return
        *lines, rest = bytes(self.buffer).split(b"\n")
        self.buffer = bytearray(rest)
        for line in lines:
            self.take(json.loads(line))

    def take(self, frame):
        kind = frame.get("type")
        if kind in ("job", "failed"):
            self.waiting.append(frame)
        elif kind == "ping":
            self.send({"type": "pong"})
        elif kind == "drain":
            self.is_over = True
        elif kind == "cancel":
            self.cancel(frame["uuid"])
        elif kind == "batch":
            self.answered(frame)

    def cancel(self, uuid):
        with self.changing:
            running = self.jobs.get(uuid)
            if running:
                running._is_cancelled = True
            else:
                self.cancelled.add(uuid)

    def answered(self, frame):
        with self.changing:
            answer = self.asked.pop(frame.pop("uuid"), None)
        if answer:
            answer.put(frame)

    def forget_asked(self):
        with self.changing:
            asked, self.asked = self.asked, {}
        for answer in asked.values():
            answer.put({"error": "Muster is gone"})

    # To Muster

    def ask(self, question):
        """Sends a question and waits for the answer. Where there are threads somebody else reads it."""
        answer = queue.SimpleQueue()
        with self.changing:
            self.asked[question["uuid"]] = answer
        self.send(question)
        while self.concurrency == 1 and answer.empty():
            self.read()
        answer = answer.get()
        if "error" in answer:
            raise LookupError(answer["error"])
        del answer["type"]
        return answer

    def send(self, frame):
        line = _encode(frame).encode("utf-8")
        if len(line) >= FRAME_MAX:
            raise ValueError("a frame of %d bytes is larger than Muster takes" % len(line))
        left = memoryview(line + b"\n")
        try:
            with self.writing:
                while left:
                    left = left[os.write(FD_OUT, left):]
        except BrokenPipeError:  # nobody is there to be told
            os._exit(1)

    # One job

    def work(self, frame):
        running = None
        try:
            running = _registered(frame["job"]).from_dict(frame)
            running.name = frame["job"]
            self.begin(running)
            if frame["type"] == "failed":
                running.failed(self.exception_of(frame))
            else:
                running.handle()
            answer = {"type": "release", **running._released} if running._released is not None else {"type": "done"}
        except Cancelled:
            answer = {"type": "release"}
        except (Exception, SystemExit) as exception:
            answer = self.judge(running, exception)
            self.keep(frame, exception)
        finally:
            self.jobs.pop(frame["uuid"], None)
            _local.job = None
            sys.stdout.flush()
        self.send(dict(answer, uuid=frame["uuid"]))

    def begin(self, running):
        running._handler = self
        _local.job = running
        with self.changing:
            self.jobs[running.uuid] = running
            running._is_cancelled = running.uuid in self.cancelled
            self.cancelled.discard(running.uuid)

    def keep(self, frame, exception):
        """For its hook, which may come to this process."""
        with self.changing:
            self.raised[frame["uuid"]] = exception
            if len(self.raised) > KEPT_EXCEPTIONS:
                self.raised.popitem(last=False)

    def exception_of(self, frame):
        with self.changing:
            kept = self.raised.pop(frame["uuid"], None)
        return kept if isinstance(kept, Exception) else Failure(frame["exception"], frame["cause"])

    def judge(self, running, exception):
        """What is answered for a job that raised."""
        if isinstance(exception, UnknownClass):
            return {"type": "fail", "exception": str(exception)}
        answer = {"type": "fail", "exception": _trace(exception)}
        if not running:
            return answer
        try:
            if isinstance(exception, Fail) or not running.should_retry(exception):
                answer["retry"] = False
            else:
                delay = running.retry_delay(exception)
                if delay is not None:
                    answer["delay"] = _number("retry_delay", delay)
        except Exception as second:  # in one of its hooks
            answer["exception"] = _clean(answer["exception"] + "\n\nand then:\n" + _trace(second))
        return answer
