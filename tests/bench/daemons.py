# SPDX-License-Identifier: MIT
"""What is measured beside each other: musterd, Debian's supervisord, and the loop in bare.c, each with the same programs."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

from support.musterd import clean_environment
from support.processes import children_of, wait_for
from support.supervisors import SUPERVISORD, Daemon

POLL_SECONDS = .001
KEYS = {"startsecs": 0, "redirect_stderr": "true", "stdout_logfile_maxbytes": 0}
LIMITS = "minfds = 20000\n"


def sections(count, command, numprocs=False, **keys):
    """So many programs, each in a section of its own or all in one."""
    keys = {**KEYS, **keys}
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    if numprocs:
        return (f"[program:p]\ncommand = {command}\nnumprocs = {count}\nprocess_name = %(program_name)s%(process_num)d\n"
                f"stdout_logfile = {{here}}/%(process_num)d.log\n{lines}\n")
    return "".join(f"[program:p{i}]\ncommand = {command}\nstdout_logfile = {{here}}/{i}.log\n{lines}\n" for i in range(count))


class Measured:
    """One of them, from its start to its end."""

    def __init__(self, build):
        self.room = tempfile.TemporaryDirectory(prefix="muster-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.directory = pathlib.Path(self.room.name)
        self.build = build
        self.process = None

    def __enter__(self):
        return self

    @property
    def pid(self):
        return self.process.pid

    def programs(self):
        return children_of(self.pid)

    def log_of(self, number):
        return self.here / f"{number}.log"

    def stop(self):
        """Seconds until it has ended, with all of its programs."""
        before = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait()
        return time.monotonic() - before


class Supervisor(Measured):
    """A daemon with Supervisor's configuration."""
    program = SUPERVISORD

    def __init__(self, build):
        super().__init__(build)
        self.here = self.directory / "d"
        self.daemon = Daemon(self.here, self.program)

    def __exit__(self, *_):
        self.daemon.end()
        self.room.cleanup()

    def run(self, count, command, numprocs=False, **keys):
        """Seconds from exec until all are RUNNING; the wording of the log is the same in both."""
        self.daemon.configure(sections(count, command, numprocs, **keys), daemon=LIMITS)
        with (self.here / "output").open("ab") as output:
            before = time.monotonic()
            self.process = self.daemon.process = subprocess.Popen(
                [self.program, "-c", self.daemon.config], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=clean_environment(), cwd=self.here)
        self.await_running(count)
        seconds = time.monotonic() - before
        if count == 0:
            wait_for(self.daemon.answers)
        return seconds

    def await_running(self, count):
        if count == 0:
            return
        log = self.here / "s.log"
        wait_for(log.exists, "its log", poll=POLL_SECONDS)
        running, text = 0, ""
        with log.open() as lines:
            def all_run():
                nonlocal running, text
                assert self.process.poll() is None, (self.here / "output").read_text()
                whole, _, text = (text + lines.read()).rpartition("\n")
                running += len(re.findall("entered RUNNING state", whole))
                return running >= count
            wait_for(all_run, lambda: f"{running} of {count} run: {log.read_text()[-2000:]}", poll=POLL_SECONDS)


class Musterd(Supervisor):
    def __init__(self, build):
        self.program = pathlib.Path(build).resolve() / "musterd"
        super().__init__(build)


class Bare(Measured):
    def __init__(self, build):
        super().__init__(build)
        self.here = self.directory

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop()
        self.room.cleanup()

    def run(self, count, command, numprocs=False, **keys):
        before = time.monotonic()
        self.process = subprocess.Popen([pathlib.Path(self.build).resolve() / "tests/bench/bare-loop", self.directory, str(count),
                                         *command.split()], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "running\n"
        return time.monotonic() - before


DAEMONS = {"Muster": Musterd, "supervisord": Supervisor, "bare loop": Bare}
