# SPDX-License-Identifier: MIT
"""A musterd that runs programs as Supervisor does."""
import re
import subprocess

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
        self.musterd.config.write_text(
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
