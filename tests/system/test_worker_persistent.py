# SPDX-License-Identifier: MIT
"""Handlers of kind persistent: what they say, and what becomes of their jobs when they say something else."""
import json
import os
import signal
import time

import pytest

from support.processes import process_lives, wait_dead, wait_for
from support.worker import BUSY, IDLE, NO_HANDLER, PYTHON, SCRIPTED

TOO_LONG = (16 << 20) + 1


def start(site, hello="", slots=16, connection="", **keys):
    site.configure(site.scripted(hello=hello, **keys), connection=connection)
    return site.worker(slots=slots).wait_ready()


def test_one_handler_runs_all_jobs_in_order(site):
    start(site)
    uuids = site.bulk([{"job": "Test", "queue": "work"}] * 50)
    site.wait_empty()
    begun = site.noted("begin")
    assert [line[1] for line in begun] == uuids
    assert {line[3] for line in begun} == {site.noted("start")[0][1]}, "one process"


def test_it_is_ready_before_a_job_comes(site):
    worker = start(site, slots=32, concurrency=2)
    assert len(site.wait_noted("start", count=2)) == 2
    assert worker.wait_status(IDLE)["concurrency"] == 2


def test_outcomes(site):
    start(site, max_attempts=2)
    released = site.do(["first"], ["release"])
    failed = site.do(["fail", {"exception": "it did not work\nat all"}])
    never = site.do(["fail", {"exception": "bad", "retry": False}])
    delayed = site.do(["first"], ["fail", {"exception": "wait", "delay": 0.2}])
    assert site.wait_failed(failed)["exception"] == "it did not work\nat all"
    assert site.wait_failed(failed)["attempts"] == 2
    assert site.wait_failed(never)["attempts"] == 1
    for uuid in (released, delayed):
        site.wait_noted("end", uuid, "2")
    first, second = site.noted("begin", delayed)
    assert float(second[4]) - float(first[4]) >= 0.2
    site.wait_empty()
    assert set(site.failed()) == {failed, never}


def test_concurrency_in_one_handler(site):
    """It says that it runs three at once; it gets three, and the fourth when there is room."""
    hello = '{"type":"hello","version":1,"concurrency":3}'
    worker = start(site, hello=hello)
    go = site.directory / "go"
    uuids = [site.do(["wait", str(go)], "done") for _ in range(4)]
    site.wait_noted("begin", uuids[0])
    wait_for(lambda: len(worker.begun()) == 3, lambda: f"three on the board: {worker.begun()}")
    assert set(worker.begun()) == set(uuids[:3]), "the master knows what has begun"
    go.touch()
    site.wait_empty()
    # The store knows of the end before the board does.
    wait_for(lambda: not worker.begun(), lambda: f"nothing on the board: {worker.begun()}")


def test_a_window_holds_jobs_that_have_not_begun(site):
    """Short jobs are handed to it ahead. When it dies in the middle, one attempt is spent and no other."""
    hello = '{"type":"hello","version":1,"window":20}'
    worker = start(site, hello=hello, max_attempts=1)
    go = site.directory / "go"
    site.bulk([{"job": "Test", "queue": "work"}] * 30)  # they teach the worker how short these jobs are
    site.wait_empty()
    killer = {"do": [["wait", str(go)], ["kill", signal.SIGKILL]]}
    uuids = site.bulk([{"job": "Test", "queue": "work", "data": killer}] + [{"job": "Test", "queue": "work"}] * 10)
    site.wait_noted("begin", uuids[0])
    assert worker.begun() == {uuids[0]: 1}
    go.touch()
    assert site.wait_failed(uuids[0])["cause"] == "signal"
    site.wait_empty()
    assert set(site.failed()) == {uuids[0]}
    for uuid in uuids[1:]:
        assert [line[2] for line in site.noted("begin", uuid)] == ["1"], "the first attempt, once"


def test_short_jobs_that_wait_for_a_long_one_go_back(site):
    worker = start(site)
    site.bulk([{"job": "Test", "queue": "work"}] * 40)
    site.wait_empty()
    go = site.directory / "go"
    long_one = {"do": [["wait", str(go)], ["done"]]}
    uuids = site.bulk([{"job": "Test", "queue": "work", "data": long_one}] + [{"job": "Test", "queue": "work"}] * 10)
    site.wait_noted("begin", uuids[0])
    stats = lambda: site.muster("queue:stats", "--queue=work")
    wait_for(lambda: stats()["reserved"] == 1, lambda: f"one reserved job: {stats()}")
    other = site.worker()  # has them
    for uuid in uuids[1:]:
        site.wait_noted("end", uuid, "1")
    go.touch()
    site.wait_empty()
    assert not site.failed() and worker.process.poll() is None and other.process.poll() is None


VIOLATIONS = {
    "no JSON": [["raw", "what?\n"], "no frame"],
    "no object": [["raw", "[]\n"], "no frame"],
    "unknown type": [["raw", '{"type":"hug"}\n'], "hug"],
    "NUL": [["raw", '{"type":"done","uuid":"\\u0000"}\n'], "no frame"],
    "bad UTF-8": [["bytes", list(b'{"type":"log","message":"\xff"}\n')], "UTF-8"],
    "another job": [["raw", '{"type":"done","uuid":"nobody"}\n'], "job nobody, which it does not have"],
    "twice": [["raw", '{"type":"done","uuid":"UUID"}\n{"type":"done","uuid":"UUID"}\n'], None],
    "hello again": [["raw", '{"type":"hello","version":1}\n'], "hello twice"],
    "too long": [["long", TOO_LONG], "16777216 bytes"],
    "many at once": [["raw", "{\n" * 1000], "no frame"],
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_what_cannot_be_believed(site, name):
    worker = start(site, max_attempts=1)
    step, text = VIOLATIONS[name]
    bad = site.do(step, ["mute"])
    good = site.do("done")
    if text:
        failed = site.wait_failed(bad)
        assert failed["cause"] == "protocol" and text in failed["exception"], failed
    else:
        worker.wait_log("handler is replaced" if name != "twice" else "does not have")
    site.wait_noted("end", good)
    site.wait_empty()
    first, second = (line[1] for line in site.wait_noted("start", count=2)[:2])
    wait_dead([int(first)])
    assert site.noted("begin", good)[0][3] == second, "by another process"
    assert set(site.failed()) == ({bad} if text else set())


def test_an_answer_out_of_order(site):
    """Of two jobs that it holds the second has not begun."""
    start(site, hello='{"type":"hello","version":1,"window":5}', max_attempts=1)
    for number in range(20):  # on a busy machine jobs may look so long that one is handed over at a time
        site.bulk([{"job": "Test", "queue": "work"}] * 30)
        site.wait_empty()
        second = f"second-{number}"
        uuids = site.bulk([{"job": "Test", "queue": "work",
                            "data": {"do": [["sleep", 0.1], ["raw", '{"type":"done","uuid":"%s"}\n' % second], ["mute"]]}},
                           {"job": "Test", "queue": "work", "uuid": second}])
        failed = site.wait_failed(uuids[0])
        assert failed["cause"] == "protocol"
        if "does not have" not in failed["exception"]:
            break
    assert "before it has answered" in failed["exception"]
    site.wait_noted("end", second, "1")
    site.wait_empty()


@pytest.mark.parametrize("steps, cause, text", [
    ([["exit", 0]], "exit", "exit status 0"),
    ([["error", "Traceback"], ["exit", 3]], "exit", "Traceback"),
    ([["kill", signal.SIGKILL]], "signal", "SIGKILL"),
    ([["raw", '{"type":"done","uuid'], ["exit", 0]], "exit", "middle of a line"),
    ([["hang_up"], ["mute"]], "signal", "without an answer"),
])
def test_it_ends_without_an_answer(site, steps, cause, text):
    start(site, max_attempts=1)
    failed = site.wait_failed(site.do(*steps))
    assert failed["cause"] == cause and text in failed["exception"] and "without an answer" in failed["exception"]
    good = site.do("done")
    site.wait_noted("end", good)
    site.wait_empty()


def test_an_answer_in_the_last_moment_counts(site):
    start(site, max_attempts=1)
    site.do("done", ["kill", signal.SIGKILL])
    site.wait_empty()
    assert not site.failed()


def test_a_killed_handler_is_replaced_at_once(site):
    start(site)
    pid = int(site.wait_noted("start")[0][1])
    os.kill(pid, signal.SIGKILL)
    site.wait_noted("start", count=2)
    site.do("done")
    site.wait_empty()


@pytest.mark.parametrize("hello, text", [
    ('{"type":"hello","version":2}', "version 2"),
    ("good morning", "no frame"),
    ('{"type":"done","uuid":"x"}', "before it said hello"),
    ('{"type":"hello","version":1,"concurrency":1000}', "concurrency"),
])
def test_a_bad_hello(site, hello, text):
    site.configure(site.scripted(hello=hello))
    uuid = site.push()
    worker = site.worker()
    worker.wait_ready().wait_status(NO_HANDLER)
    assert text in worker.log_text()
    assert site.attempts(uuid) == 0 and len(site.noted("start")) < 20


def test_a_handler_that_ends_at_once(site):
    site.configure(site.queue("work", site.script("echo nothing works >&2; echo start $$ >>$HISTORY; exit 7"),
                              handler="persistent"))
    uuid = site.push()
    worker = site.worker()
    worker.wait_ready().wait_status(NO_HANDLER)
    assert "ended before it said hello: exit status 7" in worker.log_text() and "nothing works" in worker.log_text()
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > 1.5)
    assert len(site.noted("start")) < 15, "pauses grow"
    assert site.attempts(uuid) == 0
    site.script(f"exec {PYTHON} {SCRIPTED}")
    site.wait_empty()
    assert worker.wait_status(IDLE)


def test_a_handler_that_says_nothing(site):
    site.configure(site.scripted(hello="none", boot_timeout="300ms"))
    worker = site.worker()
    worker.wait_log("has not said hello within 0.3 s")
    first = int(site.wait_noted("start")[0][1])
    wait_dead([first])
    site.wait_noted("start", count=2)


def test_an_idle_handler_is_asked_for_a_sign_of_life(site):
    site.configure(site.scripted(), health_check_interval="2s")
    site.worker()
    site.wait_noted("ping", count=2)
    assert len(site.noted("start")) == 1


def test_an_idle_handler_that_gives_none_is_replaced(site):
    site.configure(site.scripted(), health_check_interval="1s")
    worker = site.worker()
    first = int(site.wait_noted("start")[0][1])
    site.do("done", ["ignore", signal.SIGTERM], ["mute"])
    worker.wait_log("has not answered a ping")
    wait_dead([first])
    site.wait_noted("start", count=2)
    site.do("done")
    site.wait_empty()


def test_a_busy_handler_is_not_asked(site):
    site.configure(site.scripted(), health_check_interval="1s")
    worker = site.worker()
    site.do(["sleep", 3], "done")
    worker.wait_status(BUSY)
    site.wait_empty()
    assert len(site.noted("start")) == 1


def test_frames_about_the_job(site):
    worker = start(site)
    uuid = site.do(["say", {"type": "progress", "progress": 12.5, "message": "reading"}],
                   ["say", {"type": "log", "level": "warn", "message": "a record"}], ["print", "printed"], "done")
    site.wait_empty()
    worker.wait_log(f"WARN worker work: [{uuid}] a record")
    worker.wait_log(f"INFO worker work: [{uuid}] stdout: printed")


def test_jobs_that_it_pushes_are_stored_with_its_success(site):
    start(site, max_attempts=2)
    pushed = {"type": "push", "push": {"job": "Test", "uuid": "pushed-job"}}
    lost = {"type": "push", "push": {"job": "Test", "uuid": "lost-job"}}
    site.do(["say", pushed], "done")
    site.do(["say", lost], ["fail", {"exception": "no", "retry": False}])
    site.wait_noted("end", "pushed-job")
    site.wait_empty()
    assert not site.noted("begin", "lost-job")


@pytest.mark.parametrize("push, text", [({"jib": "Test"}, "jib"), ({"job": "Test", "queue": "a b"}, "queue"),
                                        ({"job": "Test", "priority": 5000}, "priority")])
def test_a_push_that_is_no_job(site, push, text):
    start(site, max_attempts=1)
    failed = site.wait_failed(site.do(["say", {"type": "push", "push": push}], "done"))
    assert "pushed a job that cannot be stored" in failed["exception"] and text in failed["exception"]
    assert len(site.noted("start")) == 1, "the frame was well formed: the handler stays"


def test_a_chain(site):
    start(site)
    site.muster("queue:bulk", "-", input=json.dumps(
        {"job": "Test", "queue": "work", "uuid": "one", "chain": [
            {"job": "Test", "uuid": "two", "data": {"do": [["first"], ["fail", {"exception": "again"}]]}},
            {"job": "Test", "uuid": "three"}]}) + "\n")
    site.wait_noted("end", "three")
    site.wait_empty()
    ends = [(line[1], line[2]) for line in site.noted("end")]
    assert ends == [("one", "1"), ("two", "1"), ("two", "2"), ("three", "1")]


def test_declared_classes(site):
    """Limits of a class, and a class that nobody runs."""
    hello = json.dumps({"type": "hello", "version": 1, "jobs": [{"job": "Known", "max_attempts": 2}, "Other"]})
    start(site, hello=hello, max_attempts=5)
    unknown = site.push(job="Unknown")
    failed = site.wait_failed(unknown)
    assert failed["cause"] == "unhandled" and "no handler of queue work runs jobs of class Unknown" in failed["exception"]
    known = site.do(["fail", {"exception": "no"}], job="Known")
    assert site.wait_failed(known)["attempts"] == 2
    own = site.do(["fail", {"exception": "no"}], job="Known", tries=3)
    assert site.wait_failed(own)["attempts"] == 3


def test_it_sees_the_end_of_its_worker(site):
    worker = start(site)
    pid = int(site.wait_noted("start")[0][1])
    assert process_lives(pid)
    worker.signal(signal.SIGKILL)
    wait_dead([pid])
