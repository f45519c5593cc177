# SPDX-License-Identifier: MIT
"""One muster-worker, with the test in the place of its master."""
import json
import os
import pathlib
import signal
import sqlite3
import struct
import subprocess

from support.musterd import clean_environment
from support.processes import JOB_TIMEOUT, PATIENCE, PROGRAMS, ROOT, descendants_of, process_lives, wait_dead, wait_for

PROGRAM = PROGRAMS / "muster-worker"
COMMAND = PROGRAMS / "muster"
SCRIPTED = ROOT / "tests" / "support" / "scripted.py"
PYTHON = "/usr/bin/python3 -S -E -B"

# common/channel.h
MAGIC = 0x4D535452
READY, HEARTBEAT, METRICS, STORE, RETURNED, DRAIN, RETIRE, REOPEN_LOGS, BEGUN, RETURN_OWNER = range(1, 11)
IDLE, BUSY, DRAINING, STORE_AWAY, NO_HANDLER = range(5)
RECORD_SIZE = 256
HEARTBEAT_FIELDS = ("status", "busy", "concurrency", "waiting", "processed", "failed", "busy_us", "memory", "cpu_us")
# common/board.h
SLOT = struct.Struct("<iiq65s7x")


class Child:
    """muster-worker, started as musterd does."""

    def __init__(self, site, arguments, board_slots=0):
        self.site = site
        self.generation = 7
        self.records = []
        settings = os.memfd_create("settings")
        os.write(settings, site.config.read_bytes())
        their_in, self.to = os.pipe()
        self.of, their_out = os.pipe()
        os.set_blocking(self.of, False)
        passed = [settings, their_in, their_out]
        arguments = [*arguments, f"--generation={self.generation}", f"--settings-fd={settings}",
                     f"--channel-in={their_in}", f"--channel-out={their_out}"]
        if board_slots:
            self.board = os.memfd_create("board")
            os.ftruncate(self.board, board_slots * SLOT.size)
            passed.append(self.board)
            arguments.append(f"--board-fd={self.board}")
        self.log = site.directory / "worker.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, *arguments], pass_fds=passed, env=site.environment,
                                            cwd=site.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for fd in (settings, their_in, their_out):
            os.close(fd)
        self.board_slots = board_slots

    @property
    def pid(self):
        return self.process.pid

    def log_text(self):
        return self.log.read_text(errors="replace")

    # --- what it says ---

    def read(self):
        """Takes what has come into records: (type, body) each."""
        while True:
            try:
                data = os.read(self.of, RECORD_SIZE)
            except BlockingIOError:
                return self.records
            if not data:
                return self.records
            magic, kind, pid, generation = struct.unpack_from("<IIiI", data)
            assert (magic, pid, generation, len(data)) == (MAGIC, self.pid, self.generation, RECORD_SIZE)
            self.records.append((kind, data[16:]))

    def heartbeats(self):
        return [dict(zip(HEARTBEAT_FIELDS, struct.unpack_from("<4I5Q", body)))
                for kind, body in self.read() if kind == HEARTBEAT]

    def wait_record(self, wanted, matches=lambda body: True):
        """The body of the first record of this type that matches."""
        return wait_for(lambda: next((body for kind, body in self.read() if kind == wanted and matches(body)), None),
                        lambda: f"a record {wanted}\n{self.log_text()}")

    def wait_ready(self):
        self.wait_record(READY)
        return self

    def wait_status(self, status):
        """A heartbeat from now on that tells this status."""
        before = len(self.heartbeats())
        return wait_for(lambda: next((beat for beat in self.heartbeats()[before:] if beat["status"] == status), None),
                        lambda: f"status {status}: {self.heartbeats()}\n{self.log_text()}")

    def begun(self):
        """{uuid: attempt} as the board tells."""
        data = os.pread(self.board, self.board_slots * SLOT.size, 0)
        slots = (SLOT.unpack_from(data, i * SLOT.size) for i in range(self.board_slots))
        return {uuid.rstrip(b"\0").decode(): attempt for attempt, _, _, uuid in slots if attempt}

    # --- what is said to it ---

    def tell(self, kind, body=b""):
        os.write(self.to, struct.pack("<IIiI", MAGIC, kind, self.pid, self.generation) + body.ljust(240, b"\0"))

    def hang_up(self):
        os.close(self.to)
        self.to = -1

    def signal(self, number):
        os.kill(self.pid, number)

    def handlers(self):
        """The pids of the living processes directly below it."""
        return [pid for pid in descendants_of(self.pid) if process_lives(pid)]

    def wait_log(self, text):
        wait_for(lambda: text in self.log_text(), lambda: f"in the log: {text}\n{self.log_text()}")

    def wait_exit(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end\n{self.log_text()}") from None

    def end(self):
        below = descendants_of(self.pid)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pid in filter(process_lives, below):
            os.kill(pid, signal.SIGKILL)
        wait_dead(below)
        for fd in (self.to, self.of):
            if fd >= 0:
                os.close(fd)
        if self.board_slots:
            os.close(self.board)


class Site:
    """A directory with a configuration, a SQLite store, and the workers on it."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "muster.ini"
        self.history = self.directory / "history"
        self.environment = {**clean_environment(), "HISTORY": str(self.history),
                            "MUSTER_PLUGIN_HOST": str(PROGRAMS / "muster-plugin-host")}
        self.children = []

    def configure(self, *queues, connection="", options="", **muster):
        """queues: texts of queue(); connection and options: more keys of [connection:database], [worker_options]."""
        keys = {"datadir": self.directory, "restart_delay": "50ms", "restart_delay_max": "1s", "kill_timeout": "200ms",
                "log_level": "debug", **muster}
        if "timeout" not in options:
            options = f"timeout = {JOB_TIMEOUT}\n{options}"
        self.config.write_text("[muster]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) +
                               f"[connection:database]\ndriver = sqlite\n{connection}\n"
                               f"[worker_options]\nbackoff = none\n{options}\n" + "".join(queues))

    @staticmethod
    def queue(name, command, **keys):
        keys = {"command": command, **keys}
        return f"[queue:{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())

    def scripted(self, name="work", hello="", **keys):
        """A queue whose handler does what its jobs' data say (scripted.py)."""
        return self.queue(name, f"{PYTHON} {SCRIPTED} '{hello}'", **{"handler": "persistent", **keys})

    def script(self, text, name="handler.sh"):
        """A shell script; its path, which is a command."""
        path = self.directory / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def worker(self, queue="work", slots=16, identity=None):
        identity = identity or f"worker_{len(self.children)}"
        child = Child(self, [f"--queue={queue}", f"--id={identity}"], board_slots=slots)
        self.children.append(child)
        return child

    def maintenance(self):
        child = Child(self, ["--maintenance"])
        self.children.append(child)
        return child

    def muster(self, *arguments, **options):
        """The answer of a command that must succeed."""
        result = subprocess.run([COMMAND, "-c", self.config, "--json", *map(str, arguments)], timeout=PATIENCE,
                                env=self.environment, cwd=self.directory, capture_output=True, text=True, **options)
        assert result.returncode == 0, f"muster {arguments}: {result.returncode}: {result.stderr}{result.stdout}"
        return json.loads(result.stdout) if result.stdout else None

    def push(self, data=None, queue="work", job="Test", **options):
        options = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        text = json.dumps({} if data is None else data)
        return self.muster("queue:push", f"--queue={queue}", *options, job, "-", input=text)["uuid"]

    def do(self, *steps, **options):
        """Pushes a job for a scripted handler: what it does, one step after the other."""
        return self.push({"do": [step if isinstance(step, list) else [step] for step in steps]}, **options)

    def bulk(self, jobs):
        lines = "".join(json.dumps(job) + "\n" for job in jobs)
        return self.muster("queue:bulk", "-", "--uuids", input=lines)["uuids"]

    def total(self, queue="work"):
        return self.muster("queue:stats", f"--queue={queue}")["total"]

    def failed(self):
        return {job["uuid"]: job for job in self.muster("queue:failed")["failed"]}

    def wait_failed(self, uuid):
        """The failed job, whole."""
        wait_for(lambda: uuid in self.failed(), lambda: f"the failure of {uuid}\n{self.text()}")
        return self.muster("queue:failed", uuid)

    def wait_empty(self, queue="work"):
        wait_for(lambda: self.total(queue) == 0, lambda: f"an empty queue\n{self.text()}")

    def text(self):
        return "".join(child.log_text() for child in self.children[:1])

    def attempts(self, uuid):
        """Of a live job; None where it is not there."""
        with sqlite3.connect(f"file:{self.directory}/database.db?mode=ro", uri=True, timeout=PATIENCE) as store:
            row = store.execute("SELECT attempts FROM queue_jobs WHERE uuid = ?", (uuid,)).fetchone()
        store.close()
        return row and row[0]

    # --- what handlers have noted: lines of words ---

    def noted(self, *words):
        """The lines that begin with these words."""
        lines = [line.split() for line in self.history.read_text().splitlines()] if self.history.exists() else []
        return [line for line in lines if line[:len(words)] == list(words)]

    def wait_noted(self, *words, count=1):
        return wait_for(lambda: (lambda lines: len(lines) >= count and lines)(self.noted(*words)),
                        lambda: f"{count} × {words}: {self.noted()}\n{self.text()}")

    def end(self):
        for child in self.children:
            child.end()
