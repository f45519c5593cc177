# SPDX-License-Identifier: MIT
"""A PostgreSQL server of a test's own, in a directory of its own, ended by its pid.

As a program, `-m support.postgres PROGRAM [ARGUMENT…]` runs a test of drivers on such a server.
"""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from support.processes import children_of, wait_for

SKIPPED = 77  # for meson


def find_programs():
    """Where initdb and postgres are: Debian keeps them out of the PATH. None where there is none."""
    places = [pathlib.Path(shutil.which("initdb") or "/nowhere/initdb").resolve().parent,
              *sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return next((place for place in places if (place / "postgres").exists()), None)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """One server. It listens on a Unix socket in its directory, and on 127.0.0.1 where a port is wanted."""

    def __init__(self, port=None, auth="trust", **settings):
        self.programs = find_programs()
        # The server refuses to run as root, and whoever runs it must be able to reach its directory.
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
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
        if self.user:
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        self.directory.chmod(0o755)
        self.log.touch()
        subprocess.run([self.programs / "initdb", "-D", self.data, "-U", self.role, "-E", "UTF8", "--locale=C", "-A", auth, "-N"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/", **self.user)

    def start(self):
        options = [option for name, value in self.settings.items() for option in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data, *options], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd="/", **self.user)
        wait_for(lambda: self.answers() or self.process.poll() is not None, self.log_text)
        assert self.process.poll() is None, self.log_text()
        return self

    def answers(self):
        done = subprocess.run([self.programs / "pg_isready", "-q", "-h", self.directory, "-p", str(self.port)], check=False)
        return done.returncode == 0

    def log_text(self):
        return self.log.read_text(errors="replace")

    @property
    def dsn(self):
        return f"host={self.directory} port={self.port} user={self.role} dbname=postgres"

    @property
    def tcp_dsn(self):
        return f"host=127.0.0.1 port={self.port} user={self.role} dbname=postgres"

    def sql(self, text):
        """Rows of text, each a list of columns."""
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
        done = subprocess.run([*arguments, "driver=pgsql", f"dsn={server.dsn}", "table=t%_jobs", "failed_table=t%_failed_jobs"],
                              check=False)
        return done.returncode if done.returncode >= 0 else 1
    finally:
        server.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
