# SPDX-License-Identifier: MIT
"""Faults of handlers: each ends that attempt, with its cause, and nothing else."""
import os
import signal
import time

import pytest

from support.processes import process_lives, wait_for

# An attempt that is over is known to be over at once; no limit of time that is configured here would do it.
PATIENT = {"timeout": 600, "max_attempts": 2}


def start(muster, *queues, options=None, **keys):
    muster.configure(*queues, options={**PATIENT, **(options or {})}, **keys)
    muster.start()
    return muster


def handler_of(muster, uuid):
    return wait_for(lambda: [pid for _, of, _, pid in muster.history.lines("begin") if of == uuid])[-1]


@pytest.mark.parametrize("kind", ["persistent", "exec"])
def test_a_killed_handler_ends_its_attempt_alone(muster, kind):
    start(muster, muster.queue(handler=kind), muster.queue("others"))
    workers = muster.wait_running(2)
    uuid = muster.push({"do": "sleep", "seconds": 600}, job="Sleep600")
    for attempt in (1, 2):
        muster.wait_begun(uuid, attempt)
        os.kill(handler_of(muster, uuid), signal.SIGKILL)
    job = muster.wait_failed(uuid)
    assert (job["cause"], job["attempts"]) == ("signal", 2)
    assert "SIGKILL" in job["exception"]
    assert muster.running() == workers


@pytest.mark.parametrize("status", [0, 3])
def test_a_handler_that_exits_without_an_answer_has_crashed(muster, status):
    start(muster, muster.queue())
    job = muster.wait_failed(muster.push({"do": "leave", "status": status}))
    assert (job["cause"], job["attempts"]) == ("exit", 2)
    assert f"exit status {status}" in job["exception"]


def test_exit_statuses_of_a_program_a_job(muster):
    start(muster, muster.queue(handler="exec"))
    done, never, other, later = (muster.push(job=job) for job in ("Fine", "Exit65", "Exit3", "Exit75"))
    assert (muster.wait_failed(never)["cause"], muster.wait_failed(never)["attempts"]) == ("exit", 1)
    assert (muster.wait_failed(other)["cause"], muster.wait_failed(other)["attempts"]) == ("exit", 2)
    assert (muster.wait_failed(later)["cause"], muster.wait_failed(later)["attempts"]) == ("released", 2)
    muster.wait_empty()
    assert muster.history.attempts(done, "done") == [1]


def test_standard_error_of_a_program_is_the_exception(muster):
    start(muster, muster.queue(handler="exec"), options={"max_attempts": 1})
    assert muster.wait_failed(muster.push(job="SayNoSuchTown"))["exception"].strip() == "SayNoSuchTown"


def test_a_job_whose_time_is_over_is_ended_with_all_that_it_has_started(muster):
    start(muster, muster.queue(), muster.queue("others"), kill_timeout="200ms")
    muster.wait_running(2)
    uuid = muster.push({"do": "stay"}, tries=1, timeout=3)
    wait_for(lambda: muster.history.lines("child"))
    group = [*muster.history.pids("begin"), *muster.history.pids("child")]
    assert all(map(process_lives, group))
    job = muster.wait_failed(uuid)
    assert job["cause"] == "timeout"
    wait_for(lambda: not any(map(process_lives, group)))
    muster.wait_done(muster.push())  # and the next one runs


def test_a_job_that_needs_too_much_memory_is_ended(muster):
    start(muster, muster.queue(), options={"memory": 60})
    greedy, modest = muster.push({"do": "eat", "megabytes": 300, "seconds": 60}), muster.push()
    job = muster.wait_failed(greedy)
    assert (job["cause"], job["attempts"]) == ("memory", 2)
    muster.wait_done(modest)


@pytest.mark.parametrize("text", [
    "this is no JSON\n", "[]\n", '{"type":"wish"}\n', '{"type":"done"}\n', '{"type":"done","uuid":"nobody"}\n',
    '{"type":"hello","version":1}\n', '{"type":"done","uuid":"\xff"}\n', "\0\0\0\n", '{"type":"progress","uuid":7}\n',
], ids=repr)
def test_a_handler_that_does_not_keep_to_the_protocol_is_ended(muster, text):
    start(muster, muster.queue(), muster.queue("others"), options={"max_attempts": 1})
    others = muster.wait_running(1, "others")
    job = muster.wait_failed(muster.push({"do": "say", "bytes": text.encode("latin-1").hex()}))
    assert job["cause"] == "protocol" and job["exception"]
    muster.wait_done(muster.push())
    muster.wait_done(muster.push(queue="others"))
    assert muster.running("others") == others


def test_a_frame_without_end_is_ended(muster):
    start(muster, muster.queue(), options={"max_attempts": 1})
    job = muster.wait_failed(muster.push({"do": "flood"}))
    assert job["cause"] == "protocol" and "16" in job["exception"]
    muster.wait_done(muster.push())


def test_a_handler_that_floods_its_output_keeps_nobody_waiting(muster):
    start(muster, muster.queue())
    muster.wait_done(muster.push({"do": "write", "to": "stderr", "text": "noise " * 20 + "\n", "times": 50000}))
    muster.wait_done(muster.push({"do": "write", "text": "x" * 1000, "times": 3000}))
    muster.wait_empty()


def test_a_job_that_kills_its_worker_each_time_fails_after_its_attempts(muster):
    start(muster, muster.queue(), muster.queue("others"), options={"max_attempts": 3})
    others = muster.wait_running(1, "others")
    poison = muster.push({"do": "kill", "whom": "parent"})
    good = [muster.push() for _ in range(5)]
    job = muster.wait_failed(poison)
    assert job["cause"] == "attempts" and "3" in job["exception"]
    assert muster.history.attempts(poison) == [1, 2, 3]
    for uuid in good:
        muster.wait_done(uuid)
    muster.wait_empty()
    assert muster.running("others") == others


def test_a_program_that_does_not_exist_takes_no_job(muster):
    start(muster, muster.queue("missing", command="/nowhere/handler.py"), muster.queue("others"))
    uuid = muster.push(queue="missing")
    muster.wait_log("/nowhere/handler.py")
    muster.wait_done(muster.push(queue="others"))
    stats = muster.stats("--queue=missing")
    assert stats["pending"] + stats["reserved"] == 1 and stats["failed"] == 0
    assert muster.history.attempts(uuid) == []
    muster.configure(muster.queue("missing"), muster.queue("others"), options=PATIENT)
    assert muster.ask("reload")["ok"]
    muster.wait_done(uuid)
    assert muster.history.attempts(uuid) == [1]


def test_a_handler_that_never_gets_started_takes_no_job_and_pauses_grow(muster):
    start(muster, muster.queue("broken", environment="BOOT_EXIT=7"), muster.queue("others"), restart_delay="20ms")
    uuid = muster.push(queue="broken")
    muster.wait_log("exit status 7")
    others = muster.wait_running(1, "others")
    muster.wait_done(muster.push(queue="others"))
    assert muster.history.attempts(uuid) == [] and uuid not in muster.failed()
    assert muster.running("others") == others
    # As many starts as pauses that double leave room for, and not one every few milliseconds.
    before, begun = muster.log_text().count("exit status 7"), time.monotonic()
    time.sleep(1)
    assert muster.log_text().count("exit status 7") - before < 20 * (time.monotonic() - begun)


def test_a_payload_that_cannot_be_read_fails_alone(muster):
    muster.configure(muster.queue(workers=0), options=PATIENT)
    muster.start()
    spoiled, good = muster.push(), muster.push()
    muster.store.spoil(spoiled)
    muster.configure(muster.queue(workers=1), options=PATIENT)
    muster.ask("reload")
    muster.wait_done(good)
    job = muster.wait_failed(spoiled)
    assert job["exception"]
    muster.wait_empty()
    assert muster.history.attempts(spoiled) == []


def test_an_answer_of_a_program_that_was_never_asked_is_not_believed(muster):
    """A handler answers for a job of another worker."""
    start(muster, muster.queue(workers=2), options={"max_attempts": 1})
    victim = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    muster.wait_begun(victim)
    liar = muster.push({"do": "say", "bytes": f'{{"type":"done","uuid":"{victim}"}}\n'.encode().hex()})
    assert muster.wait_failed(liar)["cause"] == "protocol"
    assert muster.stats()["reserved"] == 1
    (muster.directory / "go").touch()
    muster.wait_done(victim)
    muster.wait_empty()
    assert list(muster.failed()) == [liar]
