# SPDX-License-Identifier: MIT
"""A worker whose store is away, or has given its jobs to somebody else."""
import sqlite3
import struct

import pytest

from support.processes import PATIENCE, wait_for
from support.worker import BEGUN, IDLE, METRICS, RETURN_OWNER, RETURNED, STORE_AWAY

CONNECTION = "timeout = 200ms\nretry_after = 60s"


class Lock:
    """Keeps all others from writing to the store."""

    def __init__(self, site):
        self.store = sqlite3.connect(site.directory / "database.db", isolation_level=None, timeout=PATIENCE)
        self.store.execute("BEGIN IMMEDIATE")

    def release(self):
        self.store.execute("ROLLBACK")
        self.store.close()


def test_a_job_goes_on_while_the_store_is_away(site):
    """Its outcome waits, nothing is reserved meanwhile, and nothing runs twice."""
    site.configure(site.scripted(concurrency=2), connection=CONNECTION)
    worker = site.worker(slots=32).wait_ready()
    go = site.directory / "go"
    uuid = site.do(["wait", str(go)], ["say", {"type": "push", "push": {"job": "Test", "uuid": "pushed"}}], "done")
    site.wait_noted("begin", uuid)
    lock = Lock(site)
    go.touch()
    site.wait_noted("end", uuid)
    beat = worker.wait_status(STORE_AWAY)
    assert beat["processed"] == 1 and beat["memory"] > 0
    lock.release()
    site.wait_noted("end", "pushed")
    site.wait_empty()
    worker.wait_status(IDLE)
    assert len(site.noted("begin", uuid)) == 1
    assert "the store cannot be used" in worker.log_text() and "the store is back" in worker.log_text()
    assert worker.log_text().count("WARN") < 10, "told once, not at every try"


def test_a_drain_waits_for_the_store(site):
    site.configure(site.scripted(), connection=CONNECTION)
    worker = site.worker().wait_ready()
    go = site.directory / "go"
    uuid = site.do(["wait", str(go)], "done")
    site.wait_noted("begin", uuid)
    lock = Lock(site)
    worker.signal(15)
    go.touch()
    worker.wait_log("the store cannot be used")
    lock.release()
    assert worker.wait_exit() == 0
    assert site.total() == 0 and not site.failed()


def test_a_worker_that_cannot_reach_its_store_ends_when_it_must(site):
    site.configure(site.scripted(), connection=CONNECTION, stop_timeout="300ms")
    worker = site.worker().wait_ready()
    go = site.directory / "go"
    uuid = site.do(["wait", str(go)], "done")
    site.wait_noted("begin", uuid)
    lock = Lock(site)
    go.touch()
    site.wait_noted("end", uuid)
    worker.signal(15)
    assert worker.wait_exit() == 0
    assert "ended without the store: 1 jobs" in worker.log_text()
    lock.release()
    assert site.attempts(uuid) == 1


def test_a_store_that_is_not_there_at_the_start(site):
    """The worker tells that it lives, and waits: no crash loop."""
    site.configure(site.scripted(), connection=CONNECTION)
    lock = Lock(site)
    worker = site.worker().wait_ready()
    worker.wait_status(STORE_AWAY)
    lock.release()
    site.wait_noted("end", site.do("done"))
    assert worker.process.poll() is None


def test_a_lease_that_was_lost(site):
    """The worker was held up for longer than its lease; the job is somebody else's then, and it stops."""
    site.configure(site.scripted(), connection="retry_after = 4s")
    first = site.worker(identity="worker_first").wait_ready()
    uuid = site.do(["first"], ["mute"])
    site.wait_noted("begin", uuid, "1")
    first.signal(19)
    site.maintenance()
    second = site.worker(identity="worker_second")
    site.wait_noted("end", uuid, "2")
    site.wait_empty()
    first.signal(18)
    first.wait_log("its lease was lost")
    wait_for(lambda: not first.begun(), lambda: f"the end of the attempt: {first.begun()}\n{first.log_text()}")
    assert not site.failed()
    good = site.do("done")
    site.wait_noted("end", good)
    assert second.process.poll() is None


def test_a_late_answer_has_no_effect(site):
    site.configure(site.scripted(), connection="retry_after = 4s")
    first = site.worker(identity="worker_first").wait_ready()
    go = site.directory / "go"
    uuid = site.do(["first"], ["wait", str(go)], ["fail", {"exception": "late", "retry": False}])
    site.wait_noted("begin", uuid, "1")
    first.signal(19)
    site.maintenance()
    site.worker(identity="worker_second")
    site.wait_noted("end", uuid, "2")
    site.wait_empty()
    go.touch()
    site.wait_noted("end", uuid, "1")
    first.signal(18)
    first.wait_log("lease was lost")
    assert not site.failed() and site.total() == 0


def test_leases_are_renewed(site):
    site.configure(site.scripted(), connection="retry_after = 2s")
    site.worker()
    site.maintenance()
    uuid = site.do(["sleep", 5], "done")
    site.wait_noted("end", uuid)
    site.wait_empty()
    assert len(site.noted("begin", uuid)) == 1


# The maintenance process

def dead(owner, connection="database"):
    return owner.encode().ljust(40, b"\0") + connection.encode()


def returned(body):
    owner, count = struct.unpack_from("<40sQ", body)
    return owner.rstrip(b"\0").decode(), count


def test_the_leases_of_a_dead_worker(site):
    """What had begun counts as an attempt, what had not goes back untouched; others run it at once."""
    site.configure(site.scripted(concurrency=2), connection="retry_after = 1h")
    keeper = site.maintenance()
    keeper.wait_ready()
    worker = site.worker(slots=32, identity="worker_0").wait_ready()
    uuids = [site.do(["first"], ["mute"]) for _ in range(2)]
    for uuid in uuids:
        site.wait_noted("begin", uuid)
    begun = worker.begun()
    assert set(begun) == set(uuids)
    worker.process.kill()
    worker.wait_exit()
    keeper.tell(BEGUN, uuids[0].encode().ljust(65, b"\0") + b"\0\0\0" + struct.pack("<i", begun[uuids[0]]))
    keeper.tell(RETURN_OWNER, dead("worker_0"))
    assert returned(keeper.wait_record(RETURNED)) == ("worker_0", 2)
    assert [site.attempts(uuid) for uuid in uuids] == [1, 0]


def test_a_dead_worker_waits_for_the_store(site):
    site.configure(site.scripted(), connection="timeout = 200ms\nretry_after = 1h")
    keeper = site.maintenance()
    keeper.wait_ready()
    worker = site.worker(identity="worker_0").wait_ready()
    uuid = site.do(["mute"])
    site.wait_noted("begin", uuid)
    lock = Lock(site)
    worker.process.kill()
    worker.wait_exit()
    keeper.tell(RETURN_OWNER, dead("worker_0"))
    keeper.wait_log("the store cannot be used")
    lock.release()
    assert returned(keeper.wait_record(RETURNED)) == ("worker_0", 1)
    assert site.attempts(uuid) == 0


def test_a_connection_that_is_not_configured(site):
    site.configure(site.scripted())
    keeper = site.maintenance()
    keeper.tell(RETURN_OWNER, dead("worker_0", "gone"))
    assert returned(keeper.wait_record(RETURNED)) == ("worker_0", 0)
    assert "connection gone, which is not configured any more" in keeper.log_text()


def test_what_the_master_has_told_is_done_before_the_end(site):
    site.configure(site.scripted())
    keeper = site.maintenance()
    keeper.wait_ready()
    keeper.tell(RETURN_OWNER, dead("worker_0"))
    keeper.hang_up()
    assert keeper.wait_exit() == 0
    assert returned(keeper.wait_record(RETURNED)) == ("worker_0", 0)


def metrics(body):
    names = ("queue", "generation", "is_paused", "is_leader", "window_ended", "window_failed", "ready", "reserved", "delayed",
             "failed", "oldest_ms")
    return dict(zip(names, struct.unpack_from("<4I6Qq", body)))


def test_figures_of_the_queues(site):
    site.configure(site.scripted("one"), site.scripted("two"))
    keeper = site.maintenance()
    site.push(queue="two")
    site.push(queue="two", delay="1h")
    wanted = lambda body: metrics(body)["ready"] == 1 and metrics(body)["delayed"] == 1
    found = metrics(keeper.wait_record(METRICS, wanted))
    assert found["queue"] == 1 and found["reserved"] == 0 and found["oldest_ms"] >= 0
    assert any(metrics(body)["queue"] == 0 for kind, body in keeper.records if kind == METRICS)


@pytest.mark.parametrize("number", [15, 2])
def test_it_ends_when_it_is_told_to(site, number):
    site.configure(site.scripted())
    keeper = site.maintenance()
    keeper.wait_ready()
    keeper.signal(number)
    assert keeper.wait_exit() == 0
