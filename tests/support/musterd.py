# SPDX-License-Identifier: MIT
"""A running musterd: each in a directory of its own, each ended by its pid."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

from support.processes import BUILD, PATIENCE, PROGRAMS, descendants_of, processes_with, wait_for

MUSTERD = PROGRAMS / "musterd"
FAKE_WORKER = BUILD / "tests" / "system" / "fake-worker"


def clean_environment():
    """This process's, without what would configure Muster."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("QUEUE_", "REDIS_", "MUSTER_"))}


def send(pid, number):
    """A signal to a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def replace_file(path, text):
    """Writes a file that somebody may be reading: who opens it finds the whole of the old text or of the new one."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


class Musterd:
    """One daemon, its configuration and its log."""

    def __init__(self, directory, worker=FAKE_WORKER):
        self.directory = pathlib.Path(directory)
        self.config = self.directory / "muster.ini"
        self.socket = self.directory / "muster.sock"
        self.pidfile = self.directory / "musterd.pid"
        self.log = self.directory / "musterd.log"
        self.fake_log = self.directory / "fake.log"
        self.environment = clean_environment()
        self.environment["FAKE_LOG"] = str(self.fake_log)
        self.environment["TMPDIR"] = str(self.directory)  # each musterd clears old AUTO logs there when it starts
        if worker:
            self.environment["MUSTER_WORKER"] = str(worker)
        self.program = MUSTERD
        self.process = None

    def configure(self, queues="", **muster):
        """Writes the configuration; queues is text, keys of [muster] are arguments."""
        keys = {"datadir": self.directory, "restart_delay": "100ms", "restart_delay_max": "1s", **muster}
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        self.write_config(f"[muster]\n{lines}\n[connection:database]\ntimeout = 100ms\n\n{queues}")

    def write_config(self, text):
        replace_file(self.config, text)

    def start(self, *options, preexec=None):
        log = self.log.open("ab")
        self.process = subprocess.Popen([self.program, "-c", self.config, *options], stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=log, env=self.environment, cwd=self.directory, preexec_fn=preexec)
        log.close()
        wait_for(lambda: self.answers() or self.process.poll() is not None, lambda: f"an answer\n{self.log_text()}")
        return self

    def answers(self):
        try:
            return self.ask("ping").get("pid") == self.pid
        except (FileNotFoundError, ConnectionError, ValueError):  # it is not there yet, or still the one before, as it ends
            return False

    @property
    def pid(self):
        return self.process.pid

    def ask(self, command, **arguments):
        """The answer to one request over the control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(self.socket))  # waits where the backlog is full
            client.settimeout(PATIENCE)
            client.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            return json.loads(client.makefile("rb").readline())

    def upgrade_status(self):
        """{} while it becomes the other program, which cuts connections."""
        try:
            return self.ask("upgrade-status")
        except (ConnectionError, ValueError):
            return {}

    def wait_upgraded(self, before):
        return wait_for(lambda: self.upgrade_status().get("upgrades", 0) > before,
                        lambda: f"an upgrade\n{self.upgrade_status()}\n{self.log_text()}")

    def ask_upgrade(self, **arguments):
        """Begins one; returns how many there have been."""
        before = self.ask("upgrade-status")["upgrades"]
        answer = self.ask("upgrade", **arguments)
        assert answer["ok"], answer
        return before

    def upgrade(self, **arguments):
        """Until it has been done."""
        return self.wait_upgraded(self.ask_upgrade(**arguments))

    def workers(self, queue=None):
        return self.ask("workers", **({"queue": queue} if queue else {}))["workers"]

    def running(self, queue=None):
        """pid by id of the workers that are ready."""
        return {worker["id"]: worker["pid"] for worker in self.workers(queue) if worker["state"] == "RUNNING"}

    def wait_running(self, count, queue=None):
        return wait_for(lambda: (lambda now: len(now) == count and now)(self.running(queue)) if count
                        else not self.running(queue), lambda: f"{count} workers of {queue}\n{self.log_text()}")

    def signal(self, number):
        os.kill(self.pid, number)

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_log(self, pattern, timeout=PATIENCE, count=1):
        """Until it is in the log so many times; an earlier step may have written it, too."""
        return wait_for(lambda: len(re.findall(pattern, self.log_text())) >= count,
                        lambda: f"in the log: {count} of {pattern}\n{self.log_text()}", timeout)

    def fake_lines(self, start=""):
        text = self.fake_log.read_text() if self.fake_log.exists() else ""
        return [line for line in text.splitlines() if line.startswith(start)]

    def wait_exit(self, timeout=PATIENCE):
        return self.process.wait(timeout)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait_exit()

    def survivors(self):
        """All that has been started here and lives, but for the daemon itself."""
        return [pid for pid in processes_with(str(self.fake_log)) if not self.process or pid != self.pid]

    def kill_all(self):
        """As a power cut would end all at once: nobody can tell anybody."""
        for pid in [self.pid, *self.survivors()]:
            send(pid, signal.SIGSTOP)
        for pid in [self.pid, *self.survivors()]:
            send(pid, signal.SIGKILL)
        self.process.wait()
        wait_for(lambda: not self.survivors(), "the end of all")

    def end(self):
        """Whatever has happened: nothing that it has started lives on."""
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGSTOP)
            below = descendants_of(self.pid)  # one that becomes its program has no environment in that moment
            self.process.kill()
            self.process.wait()
            for pid in below:
                send(pid, signal.SIGKILL)
        while survivors := self.survivors():
            for pid in survivors:
                send(pid, signal.SIGKILL)
