# SPDX-License-Identifier: MIT
"""Deaths of workers and of the master: no job is lost, none waits for its lease, nobody lives on."""
import os
import signal

import pytest

from support.processes import process_lives, wait_for

LONG = {"do": "sleep", "seconds": 600}
PATIENT = {"timeout": 3600, "max_attempts": 3}
NEVER = {"retry_after": 3600}  # no lease runs out in these tests


def waits(muster, name="go"):
    """What a job is given that waits for let_go()."""
    return {"do": "wait", "file": str(muster.directory / name)}


def let_go(muster, name="go"):
    (muster.directory / name).touch()


def start(muster, *queues, options=None, connection=NEVER, **keys):
    muster.configure(*queues, options={**PATIENT, **(options or {})}, connection=connection, **keys)
    muster.start()
    wait_for(lambda: muster.ask("status")["maintenance"]["state"] == "RUNNING")
    return muster


# --- workers ---


@pytest.mark.parametrize("kind", ["persistent", "exec"])
def test_the_jobs_of_a_killed_worker_run_again_at_once(muster, kind):
    start(muster, muster.queue(handler=kind, workers=1, concurrency=2))
    (_, pid), = muster.wait_running(1).items()
    jobs = [muster.push(waits(muster), job="Sleep600" if kind == "exec" else "Test") for _ in range(2)]
    for uuid in jobs:
        muster.wait_begun(uuid)
    handlers = muster.history.pids()
    os.kill(pid, signal.SIGKILL)
    for uuid in jobs:
        muster.wait_begun(uuid, 2)
    assert not any(map(process_lives, handlers))
    assert [muster.history.attempts(uuid) for uuid in jobs] == [[1, 2], [1, 2]]
    muster.wait_log("returned: 2 leases")


def test_jobs_that_had_not_begun_keep_their_attempts_and_their_places(muster):
    """A worker with a window of many jobs, of which one runs."""
    start(muster, muster.queue(environment="WINDOW=16"), options={"max_attempts": 1})
    (_, pid), = muster.wait_running(1).items()
    quick = [{"job": "Test", "data": {}}] * 300
    muster.bulk(quick)
    muster.wait_empty()  # so that its jobs are known to be short, and are taken many at once
    first, *others = muster.bulk([{"job": "Test", "data": waits(muster)}, *quick[:20]])
    muster.wait_begun(first)
    wait_for(lambda: muster.stats()["reserved"] > 1)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: all(muster.history.attempts(uuid, "done") for uuid in others), muster.log_text)
    assert [muster.history.attempts(uuid) for uuid in others] == [[1]] * len(others)
    assert muster.wait_failed(first)["cause"] == "attempts"
    done = [uuid for _, uuid, _, _ in muster.history.lines("done")]
    assert done[-len(others):] == others


def test_a_worker_that_is_told_to_end_loses_nothing(muster):
    start(muster, muster.queue(workers=2))
    jobs = [muster.push(waits(muster)) for _ in range(2)]
    for uuid in jobs:
        muster.wait_begun(uuid)
    muster.ask("restart")
    wait_for(lambda: len(muster.workers()) == 4)
    let_go(muster)
    muster.wait_empty()
    assert [muster.history.attempts(uuid) for uuid in jobs] == [[1], [1]]


def test_a_worker_is_replaced_after_its_number_of_jobs_and_nothing_is_lost(muster):
    start(muster, muster.queue(workers=2), options={"max_jobs": 10})
    jobs = muster.bulk([{"job": "Test", "data": {}}] * 100)
    muster.wait_empty()
    assert sorted(uuid for _, uuid, _, _ in muster.history.lines("begin")) == sorted(jobs)
    assert len(set(muster.history.pids())) >= 10
    assert "backoff:" not in muster.log_text()


def test_a_late_answer_of_a_worker_that_was_held_up_does_not_count(muster):
    """It is stopped past its lease; another one has done the job when it goes on."""
    start(muster, muster.queue(environment="EFFECTS=effects", workers=2), connection={"retry_after": 3},
          health_check_interval=3600)
    uuid = muster.push(waits(muster, "first"))
    muster.wait_begun(uuid)
    worker = next(worker for worker in muster.workers() if worker["jobs"])
    os.kill(worker["pid"], signal.SIGSTOP)
    muster.wait_begun(uuid, 2)
    let_go(muster, "first")  # both attempts come to their end
    wait_for(lambda: sorted(muster.history.attempts(uuid, "done")) == [1, 2])
    wait_for(lambda: muster.stats("--queue=effects")["pending"] == 1)
    os.kill(worker["pid"], signal.SIGCONT)
    heard = next(again["last_heartbeat"] for again in muster.workers() if again["id"] == worker["id"])
    wait_for(lambda: any(again["id"] == worker["id"] and again["last_heartbeat"] > heard and not again["jobs"]
                         for again in muster.workers()))
    stats = muster.stats("--queue=effects")
    assert (stats["pending"], stats["total"]) == (1, 1)  # only one of the answers took effect
    assert muster.stats("--queue=default")["total"] == 0 and not muster.failed()


# --- the master ---


def test_when_the_master_is_killed_running_jobs_finish_and_are_acknowledged(muster):
    start(muster, muster.queue(workers=2), stop_timeout=600)
    running = [muster.push(waits(muster)) for _ in range(2)]
    for uuid in running:
        muster.wait_begun(uuid)
    waiting = muster.push()
    muster.process.kill()
    muster.process.wait()
    workers = muster.survivors()
    assert len(workers) >= 4  # workers and handlers
    let_go(muster)
    wait_for(lambda: not muster.survivors(), lambda: f"{muster.survivors()}\n{muster.log_text()}")
    assert [muster.history.attempts(uuid, "done") for uuid in running] == [[1], [1]]
    stats = muster.stats()
    assert (stats["total"], stats["pending"], stats["failed"]) == (1, 1, 0)
    muster.start()
    muster.wait_done(waiting)
    muster.wait_empty()
    assert [muster.history.attempts(uuid) for uuid in running] == [[1], [1]]


def test_jobs_that_do_not_finish_in_time_after_the_masters_death_are_given_back(muster):
    start(muster, muster.queue(), stop_timeout="300ms", kill_timeout="200ms")
    uuid = muster.push({"do": "stay"})
    wait_for(lambda: len(muster.history.lines("child", "escaped")) == 2)
    muster.process.kill()
    muster.process.wait()
    wait_for(lambda: not muster.survivors(), muster.log_text)
    assert muster.stats()["pending"] == 1
    muster.start()
    wait_for(lambda: len(muster.history.attempts(uuid)) == 2, muster.log_text)


def test_while_workers_of_a_dead_master_finish_a_new_one_can_start(muster):
    start(muster, muster.queue(), stop_timeout=600)
    uuid = muster.push(waits(muster))
    muster.wait_begun(uuid)
    muster.process.kill()
    muster.process.wait()
    muster.start()
    muster.wait_running(1)
    muster.wait_done(muster.push())
    let_go(muster)
    muster.wait_done(uuid)
    muster.wait_empty()
    assert muster.history.attempts(uuid) == [1]


def test_after_a_power_cut_jobs_come_back_when_their_leases_end(muster):
    start(muster, muster.queue(workers=2), connection={"retry_after": 4})
    jobs = [muster.push(waits(muster)) for _ in range(2)]
    for uuid in jobs:
        muster.wait_begun(uuid)
    muster.kill_all()
    assert muster.stats()["reserved"] == 2
    let_go(muster)
    muster.start()
    muster.wait_empty()
    assert [muster.history.attempts(uuid) for uuid in jobs] == [[1, 2], [1, 2]]
    assert not muster.failed()


def test_a_master_that_is_stopped_keeps_no_worker_from_its_jobs(muster):
    start(muster, muster.queue(workers=2))
    muster.wait_running(2)
    muster.signal(signal.SIGSTOP)
    jobs = muster.bulk([{"job": "Test", "data": {}}] * 200)
    wait_for(lambda: muster.history.uuids("done") >= set(jobs))
    muster.signal(signal.SIGCONT)
    muster.wait_empty()
    assert "stalled" not in muster.log_text()


def test_stopping_ends_all_in_order(muster):
    start(muster, muster.queue(workers=3, concurrency=2), muster.queue("programs", handler="exec", workers=2))
    muster.bulk([{"job": "Test", "data": {"do": "sleep", "seconds": 0.05}}] * 50 + [{"job": "Sleep0.05", "queue": "programs"}] * 50)
    wait_for(lambda: len(muster.history.lines("done")) > 5)
    assert muster.stop() == 0
    assert muster.survivors() == []
    assert len(muster.history.lines("begin")) == len(muster.history.lines("done"))
    stats = muster.stats()
    assert (stats["reserved"], stats["pending"]) == (0, 100 - len(muster.history.lines("done")))


def test_a_second_stop_gives_running_jobs_back(muster):
    start(muster, muster.queue(workers=2), stop_timeout=600, kill_timeout="200ms")
    jobs = [muster.push(LONG) for _ in range(2)]
    for uuid in jobs:
        muster.wait_begun(uuid)
    muster.signal(signal.SIGTERM)
    wait_for(lambda: muster.ask("status")["state"] == "stopping")
    assert muster.stop() == 0
    assert muster.survivors() == []
    stats = muster.stats()
    assert (stats["pending"], stats["reserved"], stats["failed"]) == (2, 0, 0)
