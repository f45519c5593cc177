# SPDX-License-Identifier: MIT
"""The stores that the tests run over: each has what a connection needs, and can be made to fail.

A store is a class with
    name          of its driver
    section       the text of [connection:main]
    start, stop   its server, where it has one; the directory is the test's own
    away()        a context in which no call to the store succeeds
    spoil(uuid)   makes the payload of a stored job unreadable
"""
import contextlib
import pathlib
import sqlite3

from support.postgres import Postgres
from support.processes import PATIENCE, WRAPPER
from support.redis import RedisServer


class Sqlite:
    name = "sqlite"
    TIMEOUT = 20 if WRAPPER else 2  # seconds for a lock: under valgrind others hold theirs for long

    def __init__(self, directory):
        self.path = pathlib.Path(directory) / "jobs.db"
        self.section = f"[connection:main]\ndriver = sqlite\npath = {self.path}\ntimeout = {self.TIMEOUT}\n"

    def start(self):
        pass

    def stop(self):
        pass

    def connect(self):
        return sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)

    @contextlib.contextmanager
    def away(self):
        """Somebody else writes all the time."""
        with contextlib.closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def spoil(self, uuid):
        with contextlib.closing(self.connect()) as connection:
            tables = [name for name, in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE '%records' OR name LIKE '%failed_jobs')")]
            assert 1 == sum(connection.execute(f"UPDATE {table} SET payload = '{{\"job\":' WHERE uuid = ?", (uuid,)).rowcount
                            for table in tables)


class Redis(RedisServer):
    name = "redis"

    def __init__(self, directory):
        super().__init__(pathlib.Path(directory) / "redis")
        self.section = "[connection:main]\n" + "".join(f"{key} = {value}\n" for key, value in self.keys.items())
        self.section += "timeout = 2\n"

    away = RedisServer.paused

    def spoil(self, uuid):
        assert self.ask("HSET", f"glueful:queue:job:{uuid}", "payload", '{"job":') == 0


class Pgsql:
    name = "pgsql"

    def __init__(self, _):
        self.server = Postgres()
        self.section = f"[connection:main]\ndriver = pgsql\ndsn = {self.server.dsn}\ntimeout = 2\n"

    def start(self):
        self.server.start()

    def stop(self):
        self.server.end()

    def away(self):
        return self.server.paused()

    def spoil(self, uuid):
        changed = self.server.sql(f"UPDATE queue_jobs SET payload = '{{\"job\":' WHERE uuid = '{uuid}' RETURNING 1")
        assert changed == [["1"]]


STORES = {kind.name: kind for kind in (Sqlite, Redis, Pgsql)}
