# SPDX-License-Identifier: MIT
"""Queues on different connections in one musterd: SQLite, Redis, PostgreSQL, and a driver that is a plugin."""
import json
import shutil
import tempfile

import pytest

from support.muster import Muster
from support.postgres import Postgres, find_programs
from support.processes import BUILD
from support.stores import Redis, Sqlite


class Stores:
    """All stores at once, with queues that are called as their connections are."""

    def __init__(self, directory):
        self.sqlite, self.redis, self.postgres = Sqlite(directory), Redis(directory), Postgres()
        self.shared = tempfile.mkdtemp(dir="/dev/shm", prefix="muster-memory.")
        self.section = f"""
[connection:main]
driver = sqlite
path = {self.sqlite.path}
[connection:redis]
driver = redis
path = {self.redis.path}
[connection:pgsql]
driver = pgsql
dsn = {self.postgres.dsn}
[connection:memory]
driver = memory
driver_path = {BUILD / "drivers" / "memory"}
path = {self.shared}/jobs
"""

    def start(self):
        self.redis.start()
        self.postgres.start()

    def stop(self):
        self.redis.stop()
        self.postgres.end()
        shutil.rmtree(self.shared, ignore_errors=True)


@pytest.fixture(name="muster")
def muster_fixture(tmp_path):
    if not find_programs() or not shutil.which("redis-server"):
        pytest.skip("no servers")
    muster = Muster(tmp_path, store=Stores(tmp_path))
    try:
        muster.store.start()
        muster.configure(*(muster.queue(name, connection=name) for name in NAMES), options={"sleep": "100ms"})
        yield muster
    finally:
        muster.end()
        muster.store.stop()


NAMES = ("main", "redis", "pgsql", "memory")


def test_queues_are_on_different_connections(muster):
    muster.start()
    uuids = {name: [muster.push(queue=name) for _ in range(5)] for name in NAMES}
    for name in NAMES:
        for uuid in uuids[name]:
            muster.wait_done(uuid)
    health = {row["connection"]: row for row in muster.cli("queue:health")["connections"]}
    assert set(health) == set(NAMES) and all(row["healthy"] for row in health.values())
    assert {row["metrics"]["driver"] for row in health.values()} == {"sqlite", "redis", "pgsql", "memory"}
    muster.stop()
    assert muster.survivors() == []


def test_each_job_is_in_the_store_of_its_connection(muster):
    for count, name in enumerate(NAMES, 1):
        muster.bulk([{"job": "Test", "data": {}} for _ in range(count)], f"--queue={name}")
    for count, name in enumerate(NAMES, 1):
        assert muster.stats(f"--queue={name}")["pending"] == count
        assert muster.stats(f"--connection={name}")["total"] == count
    assert muster.store.postgres.sql("SELECT count(*) FROM queue_jobs") == [["3"]]
    uuid = muster.push(queue="redis", connection="memory")
    stats = muster.stats("--connection=memory")
    assert stats["total"] == 5 and uuid not in json.dumps(muster.failed("--connection=redis"))


def test_a_store_that_is_away_holds_up_its_own_queue_alone(muster):
    muster.start()
    for name in NAMES:
        muster.wait_done(muster.push(queue=name))
    with muster.store.redis.paused():
        for name in NAMES:
            if name != "redis":
                muster.wait_done(muster.push(queue=name))
        rows = {row["connection"]: row["healthy"] for row in json.loads(muster.run("--json", "queue:health").stdout)["connections"]}
        assert rows == {"main": True, "redis": False, "pgsql": True, "memory": True}
    muster.wait_done(muster.push(queue="redis"))
    muster.stop()
