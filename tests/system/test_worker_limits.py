# SPDX-License-Identifier: MIT
"""Limits of jobs, handlers and workers."""
import signal

import pytest

from support.processes import wait_dead, wait_for

IGNORE = [int(signal.SIGTERM), int(signal.SIGINT), int(signal.SIGHUP)]


def assert_timed_out(site, uuid, timeout="0.3 s"):
    failed = site.wait_failed(uuid)
    assert failed["cause"] == "timeout" and f"longer than its timeout of {timeout}" in failed["exception"], failed


def test_timeout_of_a_persistent_handler_with_grandchildren(site):
    """They all ignore TERM: the whole group is gone when the job has failed. Others go on."""
    site.configure(site.scripted(max_attempts=1))
    site.worker().wait_ready()
    uuid = site.do(["ignore", signal.SIGTERM], ["grandchild", *IGNORE], ["mute"], timeout="2s")
    good = site.do("done")
    assert_timed_out(site, uuid, "2 s")
    pids = [int(site.noted(word)[0][1]) for word in ("start", "grandchild")]
    wait_dead(pids)
    site.wait_noted("end", good)
    site.wait_empty()


def test_timeout_of_an_exec_handler_with_grandchildren(site):
    script = site.script("trap '' TERM\n(trap '' TERM INT HUP; echo grandchild $$ >>$HISTORY; sleep 1000) &\n"
                         "echo start $$ >>$HISTORY; while :; do sleep 100; done")
    site.configure(site.queue("work", script, timeout="2s", max_attempts=1))
    worker = site.worker()
    uuid = site.push()
    below = wait_for(lambda: len(now := worker.handlers()) >= 3 and now)
    assert_timed_out(site, uuid, "2 s")
    wait_dead(below)


def test_a_job_s_own_timeout(site):
    site.configure(site.scripted(timeout="1h", max_attempts=1))
    site.worker()
    assert_timed_out(site, site.do(["mute"], timeout="300ms"))


def test_a_handler_may_clean_up_at_term(site):
    site.configure(site.queue("work", site.script("trap 'echo cleaned >>$HISTORY; exit 0' TERM\n"
                                                  "echo start >>$HISTORY; while :; do sleep 0.05; done"),
                              timeout="2s", max_attempts=1), kill_timeout="60s")
    site.worker()
    assert_timed_out(site, site.push(), "2 s")
    site.wait_noted("cleaned")


def test_no_timeout(site):
    site.configure(site.scripted(timeout=0))
    site.worker()
    site.do(["sleep", 1], "done")
    site.wait_empty()
    assert not site.failed()


@pytest.mark.parametrize("kind", ["persistent", "exec"])
def test_memory_of_a_handler(site, kind):
    if kind == "persistent":
        site.configure(site.scripted(memory=200, max_attempts=1))
        site.worker()
        uuid = site.do(["allocate", 250], ["mute"])
    else:  # a child of the handler takes it
        script = site.script("/usr/bin/python3 -S -E -c 'import time; x = bytearray(b\"x\") * (250 << 20); time.sleep(1000)'")
        site.configure(site.queue("work", script, memory=200, max_attempts=1))
        site.worker()
        uuid = site.push()
    failed = site.wait_failed(uuid)
    assert failed["cause"] == "memory" and "limit of 200 MB" in failed["exception"]
    if kind == "persistent":
        good = site.do("done")
        site.wait_noted("end", good)


def test_an_idle_handler_that_has_grown_is_replaced_before_it_fails_a_job(site):
    site.configure(site.scripted(memory=200, max_attempts=1))
    site.worker()
    site.do(["allocate", 184], "done")  # more than nine tenths
    site.wait_noted("drain")
    site.wait_noted("start", count=2)
    assert not site.failed()


def test_memory_of_the_worker_itself(site):
    site.configure(site.scripted(memory=1))
    worker = site.worker()
    assert worker.wait_exit() == 0
    assert "worker is replaced" in worker.log_text()


def test_max_jobs(site):
    """Workers that are replaced after seven jobs; every job runs once."""
    site.configure(site.scripted(max_jobs=7))
    uuids = site.bulk([{"job": "Test", "queue": "work"}] * 20)
    for number in range(1, 3):
        assert site.worker(identity=f"worker_max{number}").wait_exit() == 0
        assert len(site.noted("end")) == 7 * number and site.total() == 20 - 7 * number
    site.worker()
    site.wait_empty()
    assert sorted(line[1] for line in site.noted("begin")) == sorted(uuids)


def test_a_job_that_kills_its_worker_each_time(site):
    """It comes to an end all the same: attempts are counted before they begin."""
    site.configure(site.scripted(max_attempts=3), connection="retry_after = 1s")
    uuid = site.do(["mute"])
    upkeep = site.maintenance()
    for attempt in range(1, 4):
        worker = site.worker(identity=f"worker_victim{attempt}")
        site.wait_noted("begin", uuid, str(attempt))
        assert worker.begun() == {uuid: attempt}
        worker.process.kill()
        worker.wait_exit()
    last = site.worker()
    failed = site.wait_failed(uuid)
    assert failed["cause"] == "attempts" and failed["attempts"] >= 3
    assert "begun 3 times" in failed["exception"]
    assert len(site.noted("begin", uuid)) == 3
    good = site.do("done")
    site.wait_noted("end", good)
    assert last.process.poll() is None and upkeep.process.poll() is None


def test_unlimited_attempts(site):
    site.configure(site.scripted(max_attempts=0))
    site.worker()
    uuid = site.do(["fail", {"exception": "again"}])
    site.wait_noted("begin", uuid, "10")
    assert not site.failed()


def pauses(site, uuid, count):
    """The seconds between the beginnings of its attempts."""
    site.wait_noted("begin", uuid, count=count)
    times = [float(line[4]) for line in site.noted("begin", uuid)]
    return [second - first for first, second in zip(times, times[1:])]


@pytest.mark.parametrize("kind, least", [("none", [0, 0, 0]), ("fixed", [.2, .2, .2]), ("linear", [.2, .4, .6]),
                                         ("exponential", [.4, .8, 1])])
def test_backoff(site, kind, least):
    """The pauses are no shorter than what is configured, and no poll is needed to end them."""
    site.configure(site.scripted(backoff=kind, backoff_delay="200ms", backoff_max="1s" if kind == "exponential" else "1h",
                                 backoff_jitter=0, max_attempts=4, sleep="1h"))
    site.worker()
    uuid = site.do(["fail", {"exception": "again"}])
    for pause, wanted in zip(pauses(site, uuid, 4), least):
        assert pause >= wanted - 0.002
    site.wait_failed(uuid)


def test_rest(site):
    """A pause after each job, in which nothing is taken ahead."""
    site.configure(site.scripted(rest="200ms"))
    site.worker()
    uuids = site.bulk([{"job": "Test", "queue": "work"}] * 4)
    site.wait_empty()
    begun = [float(site.noted("begin", uuid)[0][4]) for uuid in uuids]
    assert all(second - first >= 0.2 for first, second in zip(begun, begun[1:]))


def test_a_delayed_job_wakes_an_idle_worker(site):
    site.configure(site.scripted(sleep="1h"))
    site.worker().wait_ready()
    uuid = site.do("done", delay="500ms")
    site.wait_noted("end", uuid)


def test_a_push_wakes_an_idle_worker(site):
    site.configure(site.scripted(sleep="1h"))
    site.worker().wait_ready()
    for _ in range(3):
        site.wait_noted("end", site.do("done"))
    site.wait_empty()
