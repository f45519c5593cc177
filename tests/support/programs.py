# SPDX-License-Identifier: MIT
"""A musterd that runs programs as Supervisor does."""
import errno
import os
import re
import subprocess
import sys

from support.processes import wait_for

SLEEP = "sleep 600"


def program(name, command, **keys):
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return f"[program:{name}]\ncommand = {command}\n{lines}\n"


class Programs:
    """A musterd that runs programs and no queues."""

    def __init__(self, musterd):
        self.musterd = musterd
        self.directory = musterd.directory

    def configure(self, sections, daemon=""):
        self.musterd.write_config(
            f"[supervisord]\nnodaemon = true\nidentifier = test\nchildlogdir = {self.directory}\n"
            f"pidfile = {self.directory}/s.pid\nlogfile = {self.directory}/s.log\n{daemon}\n{sections}")

    def start(self, sections, daemon=""):
        self.configure(sections, daemon)
        self.musterd.socket = self.directory / "s.muster.sock"
        self.musterd.start()
        return self

    def refused(self):
        """What `musterd -t` says of the configuration, which is wrong."""
        result = subprocess.run([self.musterd.program, "-t", "-c", self.musterd.config], capture_output=True, text=True, check=False)
        assert result.returncode == 2, result.stderr
        return result.stderr

    def check_refused(self, line, complaint):
        """That the configuration is wrong in the line with this text, and why."""
        number = self.musterd.config.read_text().splitlines().index(line) + 1
        said = self.refused()
        assert f"muster.ini:{number}:" in said and complaint in said, said

    def ask(self, command, **arguments):
        return self.musterd.ask(command, **arguments)

    def rows(self):
        """What is told of each program, by its name."""
        return {row["name"]: row for row in self.ask("programs")["programs"]}

    def wait_operation(self, answer):
        """The answer when all has been done."""
        assert answer["ok"], answer
        return wait_for(lambda: (now := self.ask("operation", operation=answer["operation"]))["done"] and now,
                        lambda: f"the end of {answer}\n{self.musterd.log_text()}")

    def carry_out(self, command, **arguments):
        return self.wait_operation(self.ask(command, **arguments))

    def path(self, name):
        return self.directory / name

    def text(self, name):
        path = self.path(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_text(self, name, pattern):
        return wait_for(lambda: re.search(pattern, self.text(name), re.S),
                        lambda: f"{pattern} in {name}: {self.text(name)!r}\n{self.musterd.log_text()}")

    def wait_log(self, pattern, count=1):
        return wait_for(lambda: self.count_log(pattern) >= count,
                        lambda: f"{count} of {pattern} in the log\n{self.musterd.log_text()}")

    def count_log(self, pattern):
        return len(re.findall(pattern, self.musterd.log_text()))

    def pids(self, name):
        """All pids that a program was started with."""
        return [int(pid) for pid in re.findall(rf"spawned: '{re.escape(name)}' with pid (\d+)", self.musterd.log_text())]

    def wait_pid(self, name, number=1):
        return wait_for(lambda: len(self.pids(name)) >= number and self.pids(name)[number - 1],
                        lambda: f"start {number} of {name}\n{self.musterd.log_text()}")


# Says to $NOTIFY_SOCKET what it is told by a FIFO, a message a line, and notes what it has said.
SPEAKER = """import os, socket, sys
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for line in os.fdopen(os.open(sys.argv[1], os.O_RDWR)):  # which has no end
    to.sendto(line.rstrip("\\n").replace(";", "\\n").encode(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])
    with open(sys.argv[1] + ".said", "a") as said:
        said.write(line)
"""


class Speaker:
    """A program that speaks to $NOTIFY_SOCKET when a test wants it to; its section is section()."""

    def __init__(self, programs, name="a"):
        self.programs, self.name = programs, name
        self.fifo, self.script = programs.path(f"{name}.fifo"), programs.path("speaker.py")
        os.mkfifo(self.fifo)
        self.script.write_text(SPEAKER)

    def section(self, **keys):
        return program(self.name, f"{sys.executable} {self.script} {self.fifo}", **keys)

    def row(self):
        return self.programs.rows()[self.name]

    def open(self):
        try:
            return os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    def tell(self, *messages):
        """It is to say them; ; in one is the end of a line."""
        fd = wait_for(lambda: self.open(), "a program that listens")
        os.write(fd, "".join(f"{message}\n" for message in messages).encode())
        os.close(fd)

    def say(self, *messages):
        """Until it has said them."""
        before = self.programs.text(f"{self.name}.fifo.said").count("\n")
        self.tell(*messages)
        wait_for(lambda: self.programs.text(f"{self.name}.fifo.said").count("\n") >= before + len(messages),
                 lambda: f"{messages}, said\n{self.programs.musterd.log_text()}")

    def wait_state(self, state):
        return wait_for(lambda: (now := self.row())["state"] == state and now,
                        lambda: f"{self.name} {state}\n{self.programs.musterd.log_text()}")

    def wait_status(self, text):
        return wait_for(lambda: (now := self.row())["status_text"] == text and now,
                        lambda: f"the status {text}: {self.row()}\n{self.programs.musterd.log_text()}")
