# SPDX-License-Identifier: MIT
"""The handler libraries, each with its real interpreter: what is alike in all languages."""

import json
import subprocess

import pytest

from support.handler import interpreter_of, library_environment
from support.processes import PATIENCE, ROOT

LANGUAGES = ["php", "py", "js", "rb"]


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def app(start, language):
    """Starts the app of a language, and takes its hello away."""

    def starter(*arguments):
        handler = start("tests/handlers/apps/app." + language, *arguments)
        handler.hello = handler.next()
        return handler

    return starter


def drain(handler):
    handler.send({"type": "drain"})
    handler.close_input()
    assert handler.next() is None
    assert handler.wait() == 0, handler.errors


def test_hello_declares_the_classes_with_their_limits(app, language):
    hello = app().hello
    assert hello["type"] == "hello" and hello["version"] == 1 and hello["name"] == "app." + language
    assert hello.get("concurrency", 1) == 1 and hello["window"] == 8
    assert "Echo" in hello["jobs"]
    assert {"job": "Limited", "timeout": 120, "max_attempts": 5, "backoff": "linear", "backoff_delay": 2,
            "backoff_max": 60} in hello["jobs"]


def test_a_job_speaks_and_is_done(app):
    handler = app()
    uuid = handler.give("Echo", {"text": "é€😀 \"\\"})
    assert handler.answer(uuid) == [
        {"type": "progress", "uuid": uuid, "progress": 50, "message": "half"},
        {"type": "log", "uuid": uuid, "level": "warn", "message": "got é€😀 \"\\"},
        {"type": "push", "uuid": uuid, "push": {"job": "Next", "data": {"text": "é€😀 \"\\"}, "queue": "other",
                                                "delay": 1.5, "priority": 5}},
        {"type": "done", "uuid": uuid},
    ]
    drain(handler)
    assert handler.output == "printed\n"


def test_it_knows_what_it_is(app, language):
    frames = app().run("Describe", {"a": [1, None]}, uuid="U1", attempts=2, batch_uuid="B1", priority=4, timeout=1.5)
    told, same = (json.loads(frame["message"]) for frame in frames[:2])
    assert told == same
    batch, most = ("batchUuid", "maxAttempts") if language == "php" else ("batch_uuid", "max_attempts")
    assert (told["job"], told["uuid"], told["queue"]) == ("Describe", "U1", "mail")
    assert (told["data"], told["attempts"], told[most]) == ({"a": [1, None]}, 2, 3)
    assert (told[batch], told["priority"], int(told["timeout"])) == ("B1", 4, 1)


def test_an_exception_is_told_with_its_trace(app, language):
    fail = app().run("Fails", {"text": "boom é"})
    assert [frame["type"] for frame in fail] == ["fail"]
    assert "retry" not in fail[0] or fail[0]["retry"]
    assert "boom é" in fail[0]["exception"].splitlines()[0] and "fall" in fail[0]["exception"]
    assert "app." + language in fail[0]["exception"]
    assert {"php": "InvalidArgumentException", "py": "ValueError", "js": "TypeError",
            "rb": "ArgumentError"}[language] in fail[0]["exception"]


def test_the_hook_is_called_when_muster_says_so(app):
    """With the exception itself, where that was thrown in the same process."""
    handler = app()
    assert handler.hello["failed"] is True
    fail, = handler.run("Fails", {"text": "boom"}, uuid="U1", attempts=3)
    assert fail["type"] == "fail"
    log, done = handler.tell_failed("Fails", {"text": "boom"}, exception=fail["exception"], uuid="U1")
    assert log["message"] == "hook: boom" and done == {"type": "done", "uuid": "U1"}
    log, done = handler.tell_failed("Fails", exception="it took too long", cause="timeout")
    assert log["message"] == "hook: it took too long" and done["type"] == "done"
    assert [frame["type"] for frame in handler.tell_failed("Echo", {"text": "x"})] == ["done"], "a class without a hook"


def test_what_must_not_be_tried_again(app):
    handler = app()
    fail, = handler.run("FailsForGood", uuid="U1")
    assert fail["retry"] is False and "never again" in fail["exception"]
    assert handler.tell_failed("FailsForGood", uuid="U1")[0]["message"] == "hook: never again"
    fail, = handler.run("Stubborn", {"text": "no"})
    assert fail["retry"] is False


def test_a_class_chooses_its_delay_and_may_fail_in_its_hook(app):
    handler = app()
    fail, = handler.run("Patient", {"text": "boom"})
    assert fail["delay"] == 7
    fail, = handler.tell_failed("Patient", {"text": "boom"})
    assert fail["type"] == "fail" and "in the hook" in fail["exception"]
    assert handler.run("Echo", {"text": "x"})[-1]["type"] == "done", "it goes on"


def test_release(app):
    handler = app()
    release, = handler.run("Released", {"delay": 2.5})
    assert release["type"] == "release" and release["delay"] == 2.5
    release, = handler.run("Released")
    assert release["type"] == "release" and "delay" not in release


def test_jobs_are_added_to_the_batch(app):
    handler = app()
    push, done = handler.run("Batched", batch_uuid="B7")
    assert push["push"] == {"job": "More", "data": {"n": 1}, "batch_uuid": "B7"}
    assert [frame["type"] for frame in handler.run("Batched")] == ["done"]


@pytest.mark.parametrize("options", [[], ["concurrent"]], ids=str)
def test_a_job_asks_how_far_a_batch_is(app, options):
    handler = app(*options)
    uuid = handler.give("AsksForBatch", batch_uuid="B7")
    question = handler.next()
    assert question["type"] == "batch" and question["uuid"] == uuid and question.get("batch_uuid", "B7") == "B7"
    other = None if options else handler.give("Echo", {"text": "meanwhile"})  # it waits until the first one has ended
    handler.send({"type": "ping"}, {"type": "batch", "uuid": uuid, "batch_uuid": "B7", "name": "", "state": "running", "total": 4,
                                    "completed": 1, "failed": 0, "pending": 3, "cancelled": 0, "progress_percentage": 25.5,
                                    "success_rate": 100})
    assert handler.next() == {"type": "pong"}
    assert [frame.get("message", frame["type"]) for frame in handler.answer(uuid)] == ["1 of 4, 25.5 %", "done"]
    if other:
        assert handler.answer(other)[-1]["type"] == "done"
    uuid = handler.give("AsksForBatch", {"of": "B8"})
    assert handler.next() == {"type": "batch", "uuid": uuid, "batch_uuid": "B8"}
    handler.send({"type": "drain"}, {"type": "batch", "uuid": uuid, "error": "there is no batch B8"})
    failed, = handler.answer(uuid)
    assert failed["type"] == "fail" and "there is no batch B8" in failed["exception"]
    assert handler.next() is None and handler.wait() == 0, handler.errors


def test_a_running_job_learns_that_it_is_cancelled(app):
    handler = app()
    uuid = handler.give("WaitsForCancel")
    assert handler.next()["message"] == "waits"
    handler.send({"type": "cancel", "uuid": uuid})
    assert handler.answer(uuid) == [{"type": "release", "uuid": uuid}]
    assert handler.run("IsCancelled")[0]["message"] == "wanted"


def test_a_job_that_waits_learns_it_when_it_begins(app):
    handler = app()
    first = handler.give("WaitsForCancel")
    second, third = handler.give("IsCancelled"), handler.give("IsCancelled")
    assert handler.next()["message"] == "waits"
    handler.send({"type": "cancel", "uuid": second}, {"type": "cancel", "uuid": first})
    assert handler.answer(first)[-1]["type"] == "release"
    assert handler.answer(second)[0]["message"] == "cancelled"
    assert handler.answer(third)[0]["message"] == "wanted"


@pytest.mark.parametrize("what", ["nul", "option", "encoding"])
def test_a_push_that_muster_would_refuse_fails_the_job_alone(app, what):
    handler = app()
    fail, = handler.run("BadPush", {"what": what})
    assert fail["type"] == "fail"
    if what == "option":
        assert "dellay" in fail["exception"]
    assert handler.run("Limited")[-1]["type"] == "done"


def test_unprintable_texts_are_cleaned(app):
    log, fail = app().run("Strange")
    assert log["message"] == "a\ufffdb"
    assert "a\ufffdb\ufffd" in fail["exception"] or "a\ufffdb?" in fail["exception"]


def test_a_job_that_ends_its_process_is_told(app, language):
    handler = app()
    *leaving, fail = handler.run("Exits")
    assert leaving == ([{"type": "leaving"}] if language in ("php", "js") else [])
    assert fail["type"] == "fail" and "exit" in fail["exception"].lower()
    if language in ("php", "js"):  # their process is over, elsewhere exit is an exception
        assert handler.next() is None
        handler.wait()
    else:
        assert handler.run("Limited")[-1]["type"] == "done"


def test_unknown_classes_fail_unless_something_runs_all(app, language):
    fail, = app().run("Nobody")
    assert fail["type"] == "fail" and fail["exception"].startswith("no class Nobody is registered with this handler")
    log, done = app("wildcard").run("Nobody")
    assert log["message"] == "any Nobody" and done["type"] == "done"


def test_pings_are_answered(app):
    handler = app()
    handler.send({"type": "ping"})
    assert handler.next() == {"type": "pong"}


def test_jobs_ahead_run_in_order_and_a_drain_finishes_them(app):
    handler = app()
    uuids = [handler.give("Limited") for _ in range(200)]
    handler.send({"type": "drain"})
    for uuid in uuids:
        assert handler.answer(uuid) == [{"type": "done", "uuid": uuid}]
    assert handler.next() is None
    assert handler.wait() == 0, handler.errors


def test_the_end_of_the_worker_ends_it_after_its_job(app):
    handler = app()
    uuid = handler.give("Limited")
    handler.close_input()
    assert handler.answer(uuid)[-1]["type"] == "done"
    assert handler.next() is None and handler.wait() == 0


def test_a_frame_may_come_in_pieces_and_be_large(app):
    handler = app()
    uuid, text = "U1", "é" * 500000
    handler.send({"type": "job", "uuid": uuid, "job": "Echo", "queue": "q", "attempts": 1, "max_attempts": 1,
                  "timeout": 0, "priority": 0, "pushed_at": 1, "data": {"text": text}})
    frames = handler.answer(uuid)
    assert frames[1]["message"] == "got " + text and frames[-1]["type"] == "done"


def test_jobs_at_once(app, language, tmp_path):
    if language == "php":
        pytest.skip("PHP runs one job at a time")
    handler = app("concurrent")
    assert handler.hello["concurrency"] == 2
    uuids = {handler.give("Meets", {"directory": str(tmp_path)}, uuid=uuid) for uuid in ("A", "B")}
    assert {handler.next()["uuid"], handler.next()["uuid"]} == uuids
    uuid = handler.give("WaitsForCancel")
    assert handler.next()["message"] == "waits"
    handler.send({"type": "ping"})
    assert handler.next() == {"type": "pong"}
    handler.send({"type": "cancel", "uuid": uuid})
    assert handler.next() == {"type": "release", "uuid": uuid}
    drain(handler)


def test_by_hand_it_says_what_it_is(language):
    app = ROOT / "tests" / "handlers" / "apps" / f"app.{language}"
    command = ["bash", "-c", 'exec 3>&- 4>&-; exec "$@"', "x", *interpreter_of(app), app]
    ran = subprocess.run(command, env=library_environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode != 0
    assert "this is a handler, which Muster starts" in ran.stdout + ran.stderr
