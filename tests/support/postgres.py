# SPDX-License-Identifier: MIT
"""A PostgreSQL server of a test's own, in a directory of its own, ended by its pid.

As a program, `-m support.postgres PROGRAM [ARGUMENT…]` runs a test of drivers on such a server.
"""
import atexit
import contextlib
import functools
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from support.processes import WRAPPER, children_of, free_port, wait_dead, wait_for  # noqa: F401

SKIPPED = 77  # for meson


def find_programs():
    """Where initdb and postgres are: Debian keeps them out of the PATH. None where there is none."""
    places = [pathlib.Path(shutil.which("initdb") or "/nowhere/initdb").resolve().parent,
              *sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return next((place for place in places if (place / "postgres").exists()), None)


def owner():
    """The server refuses to run as root."""
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def give(path):
    """To who runs the server."""
    if owner():
        account = pwd.getpwnam("postgres")
        os.chown(path, account.pw_uid, account.pw_gid)


@functools.cache
def template(auth):
    """A database cluster that others are copies of: initdb takes its time."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="muster-initdb."))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    give(directory)
    directory.chmod(0o755)
    subprocess.run([find_programs() / "initdb", "-D", directory / "data", "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", auth,
                    "-N", "--wal-segsize=1"], check=True, stdout=subprocess.DEVNULL, cwd="/", **owner())
    return directory / "data"


class Postgres:
    """One server. It listens on a Unix socket in its directory, and on 127.0.0.1 where a port is wanted."""

    def __init__(self, port=None, auth="trust", **settings):
        self.programs = find_programs()
        self.user = owner()  # who must be able to reach the directory
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="muster-pgsql."))
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.port = port or 5432
        self.role = "postgres"
        self.process = None
        self.settings = {"listen_addresses": "127.0.0.1" if port else "", "port": self.port, "fsync": "off",
                         "unix_socket_directories": self.directory, "shared_buffers": "32MB", "max_connections": 60,
                         "autovacuum_naptime": "5s", "log_min_messages": "warning", **settings}
        self.make(auth)

    def make(self, auth):
        give(self.directory)
        self.directory.chmod(0o755)
        self.log.touch()
        subprocess.run(["cp", "-a", template(auth), self.data], check=True)

    @property
    def keys(self):
        """What [connection:NAME] needs to reach it."""
        return {"driver": "pgsql", "dsn": self.dsn}

    def standby(self):
        """Another server that follows this one; not started yet."""
        other = Postgres()
        shutil.rmtree(other.data)
        subprocess.run([self.programs / "pg_basebackup", "-D", other.data, "-h", self.directory, "-p", str(self.port), "-U",
                        self.role, "-R", "-c", "fast", "-X", "stream"], check=True, cwd="/", stdout=subprocess.DEVNULL, **self.user)
        return other

    def start(self, wait=True):
        options = [option for name, value in self.settings.items() for option in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data, *options], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd="/", **self.user)
        if not wait:
            return self
        wait_for(lambda: self.answers() or self.process.poll() is not None, self.log_text)
        assert self.process.poll() is None, self.log_text()
        return self

    def answers(self):
        done = subprocess.run([self.programs / "pg_isready", "-q", "-h", self.directory, "-p", str(self.port)], check=False)
        return done.returncode == 0

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(f"{self.directory}/.s.PGSQL.{self.port}")
        return client

    def log_text(self):
        return self.log.read_text(errors="replace")

    @property
    def dsn(self):
        return f"host={self.directory} port={self.port} user={self.role} dbname=postgres"

    @property
    def tcp_dsn(self):
        return f"host=127.0.0.1 port={self.port} user={self.role} dbname=postgres"

    def sql(self, text):
        """Rows of text, each a list of columns. Run as a superuser."""
        done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", text, self.dsn], check=True,
                              capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def signal_all(self, number):
        """The server and its children, the server first."""
        for pid in (self.process.pid, *children_of(self.process.pid)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    @contextlib.contextmanager
    def paused(self):
        """It hangs: its connections stay, and nothing answers."""
        self.signal_all(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal_all(signal.SIGCONT)

    def kill(self):
        """As a crash of all of it."""
        children = children_of(self.process.pid)
        self.signal_all(signal.SIGKILL)
        self.process.wait()
        wait_dead(children)

    def stop(self, number=signal.SIGINT):
        """SIGINT: clients are sent away; SIGQUIT: as in a crash."""
        self.process.send_signal(number)
        self.process.wait()

    def end(self):
        if self.process and self.process.poll() is None:
            self.signal_all(signal.SIGCONT)
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)


def main(arguments):
    if not find_programs():
        print("1..0 # SKIP there is no PostgreSQL server here")
        return SKIPPED
    server = Postgres()
    try:
        server.start()
        done = subprocess.run([*WRAPPER, *arguments, "driver=pgsql", f"dsn={server.dsn}", "table=t%_jobs", "failed_table=t%_failed_jobs"],
                              check=False)
        return done.returncode if done.returncode >= 0 else 1
    finally:
        server.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
