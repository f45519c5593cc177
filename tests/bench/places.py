# SPDX-License-Identifier: MIT
"""The stores that are measured, as durable as they are in production."""
import contextlib
import pathlib
import subprocess

from support.postgres import Postgres, find_programs
from support.processes import children_of
from support.redis import RedisServer


class Place:
    """A store in a directory: the text of its [connection:main], and what its floor needs."""
    snapshot = None  # a context in which somebody holds an old snapshot open, where the store has such

    def start(self):
        pass

    def stop(self):
        pass

    def pids(self):
        """Of its server."""
        return []


class Sqlite(Place):
    def __init__(self, directory, synchronous):
        self.path = pathlib.Path(directory) / "jobs.db"
        self.section = f"[connection:main]\ndriver = sqlite\npath = {self.path}\nsynchronous = {synchronous}\n"
        self.floor = [f"sqlite-{synchronous}", f"{self.path}.floor"]


class Redis(Place):
    def __init__(self, directory):
        self.server = RedisServer(pathlib.Path(directory) / "redis")
        self.section = f"[connection:main]\ndriver = redis\npath = {self.server.path}\n"
        self.floor = ["redis", self.server.path]

    def start(self):
        self.server.start()

    def stop(self):
        self.server.stop()

    def pids(self):
        return [self.server.process.pid]


class Pgsql(Place):
    def __init__(self, _):
        self.server = Postgres(fsync="on", synchronous_commit="on", shared_buffers="128MB", max_wal_size="4GB",
                               autovacuum_naptime="10s")
        self.section = f"[connection:main]\ndriver = pgsql\ndsn = {self.server.dsn}\n"
        self.floor = ["pgsql", self.server.dsn]

    def start(self):
        self.server.start()

    def stop(self):
        self.server.end()

    def pids(self):
        return [self.server.process.pid, *children_of(self.server.process.pid)]

    @contextlib.contextmanager
    def snapshot(self):
        client = subprocess.Popen(["psql", "-XqAt", self.server.dsn], text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        try:
            client.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT count(*) FROM pg_class;\n")
            client.stdin.flush()
            client.stdout.readline()
            yield
        finally:
            client.communicate("ROLLBACK;\n")


PLACES = {
    "redis": Redis,
    "pgsql": Pgsql,
    "sqlite-full": lambda directory: Sqlite(directory, "full"),
    "sqlite-normal": lambda directory: Sqlite(directory, "normal"),
}

if not find_programs():
    del PLACES["pgsql"]
