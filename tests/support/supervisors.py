# SPDX-License-Identifier: MIT
"""Debian's supervisord and musterd, each with the same configuration in a directory of its own, and Supervisor's clients."""
import os
import pathlib
import re
import signal
import subprocess
import xmlrpc.client

from support.musterd import MUSTERD, clean_environment, replace_file, send
from support.processes import PATIENCE, descendants_of, process_lives, wait_for

SUPERVISORD = "/usr/bin/supervisord"
SUPERVISORCTL = "/usr/bin/supervisorctl"
SERVER = "[unix_http_server]\nfile = {here}/s.sock\n"
CLIENT = "[supervisorctl]\nserverurl = unix://{here}/s.sock\n"
INTERFACE = "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"


class Daemon:
    """One of the two; sections may have {here} for its directory."""

    def __init__(self, directory, program):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.program = program
        self.config = self.directory / "supervisord.conf"
        self.process = None
        self.started = set()

    @property
    def url(self):
        return f"unix://{self.directory}/s.sock"

    def configure(self, sections, daemon="", server=SERVER):
        self.write_config(f"[supervisord]\nnodaemon = true\nidentifier = test\nchildlogdir = {self.directory}\n"
                          f"pidfile = {self.directory}/s.pid\nlogfile = {self.directory}/s.log\nloglevel = info\n{daemon}\n"
                          + (server + CLIENT).replace("{here}", str(self.directory)) + INTERFACE
                          + sections.replace("{here}", str(self.directory)))

    def write_config(self, text):
        replace_file(self.config, text)

    def start(self, *options):
        with (self.directory / "output").open("ab") as output:
            self.process = subprocess.Popen([self.program, "-c", self.config, *options], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=clean_environment(), cwd=self.directory)
        wait_for(lambda: self.answers() or self.process.poll() is not None, lambda: f"an answer\n{self.output()}")
        return self

    def proxy(self):
        """XML-RPC as Supervisor's own clients speak it."""
        from supervisor.xmlrpc import SupervisorTransport
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, self.url))

    def answers(self):
        try:
            return self.proxy().supervisor.getPID() == self.process.pid
        except (OSError, xmlrpc.client.ProtocolError, xmlrpc.client.Fault):
            return False

    def call(self, name, *arguments):
        """The value of a method, or ("fault", code, text)."""
        method = self.proxy()
        for part in name.split("."):
            method = getattr(method, part)
        try:
            return method(*arguments)
        except xmlrpc.client.Fault as fault:
            return "fault", fault.faultCode, fault.faultString
        except xmlrpc.client.ProtocolError as error:
            return "http", error.errcode

    def ctl(self, *arguments, text=None):
        """What supervisorctl says, and its exit code."""
        done = subprocess.run([SUPERVISORCTL, "-c", self.config, *arguments], input=text, capture_output=True, text=True,
                              timeout=PATIENCE, env={**clean_environment(), "LANG": "C.UTF-8", "COLUMNS": "80"}, cwd=self.directory)
        return done.returncode, done.stdout + done.stderr

    def mask(self, value):
        """Without what differs from run to run: pids, times, the directory."""
        if isinstance(value, dict):
            return {key: self.mask(0 if key in ("start", "stop", "now", "pid") else item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            items = [self.mask(item) for item in value]
            if all(isinstance(item, dict) and "status" in item for item in items):
                items.sort(key=lambda item: (item["group"], item["name"]))  # theirs come as they happen to end
            return items
        if not isinstance(value, str):
            return value
        value = value.replace(str(self.directory), "HERE")
        value = re.sub(r"pid \d+, uptime \d+:\d\d:\d\d", "pid N, uptime T", value)
        value = re.sub(r"pid \d+", "pid N", value)
        value = re.sub(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "WHEN", value)
        value = re.sub(r"(?m)^\d+$", "N", value)
        return re.sub(r"---test-[\w]{6,8}\.log", "---test-XXX.log", value)

    def states(self):
        return {row["name"]: row["statename"] for row in self.proxy().supervisor.getAllProcessInfo()}

    def wait_states(self, **wanted):
        wait_for(lambda: self.states() == wanted, lambda: f"{wanted}: {self.states()}\n{self.output()}")

    def text(self, name):
        path = self.directory / name
        return path.read_text(errors="replace") if path.exists() else ""

    def output(self):
        return self.text("output")

    def note_children(self):
        if self.process and self.process.poll() is None:
            self.started.update(descendants_of(self.process.pid))

    def end(self):
        self.note_children()
        if self.process and self.process.poll() is None:
            send(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for pid in self.started:
            if process_lives(pid) and str(self.directory) in environment_of(pid):
                send(pid, signal.SIGKILL)


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


class Pair:
    """Both; what is asked of them, and compared."""

    def __init__(self, directory):
        self.theirs = Daemon(directory / "theirs", SUPERVISORD)
        self.ours = Daemon(directory / "ours", MUSTERD)
        self.both = [self.theirs, self.ours]

    def configure(self, sections, **keys):
        for daemon in self.both:
            daemon.configure(sections, **keys)

    def start(self, sections, **keys):
        self.configure(sections, **keys)
        for daemon in self.both:
            daemon.start()

    def wait_states(self, **wanted):
        for daemon in self.both:
            daemon.wait_states(**wanted)

    def compare(self, name, *arguments):
        """The value of a method, after it was the same from both."""
        theirs, ours = (daemon.mask(daemon.call(name, *arguments)) for daemon in self.both)
        assert ours == theirs, f"{name}{arguments}\ntheirs {theirs}\nours   {ours}"
        return ours

    def end(self):
        for daemon in self.both:
            daemon.end()


def is_installed():
    return os.access(SUPERVISORD, os.X_OK)
