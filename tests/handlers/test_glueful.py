# SPDX-License-Identifier: MIT
"""Job classes of a Glueful application run as they are, with and without the framework."""

import pytest

EMAIL = "App\\Jobs\\ProcessEmailJob"


@pytest.fixture(params=["framework", "alone"])
def app(start, request):
    def starter(*arguments):
        handler = start("tests/handlers/apps/glueful/app.php", request.param, *arguments)
        handler.hello = handler.next()
        return handler

    return starter


def test_a_class_needs_no_registration(app):
    handler = app()
    assert "jobs" not in handler.hello
    log, done = handler.run(EMAIL, {"to": "a@b.c"}, uuid="U1", attempts=2, batch_uuid="B1")
    assert log["message"] == "to a@b.c, uuid U1, attempt 2, batch B1"
    assert done["type"] == "done"
    assert handler.run(EMAIL, {"to": "x"})[0]["message"].endswith("attempt 1, batch none")


def test_a_registered_class_declares_what_it_overrides(app):
    assert app("registered").hello["jobs"] == [{"job": EMAIL, "timeout": 120, "max_attempts": 5}, "*"]


def test_failures(app):
    handler = app()
    log, fail = handler.run(EMAIL, {"to": "x", "fails": True}, max_attempts=5)
    assert fail["type"] == "fail" and "DomainException: no mail server" in fail["exception"]
    assert "retry" not in fail
    handler.run(EMAIL, {"to": "x", "fails": True}, uuid="U1", attempts=5, max_attempts=5)
    hook, done = handler.tell_failed(EMAIL, {"to": "x"}, uuid="U1")
    assert hook["message"] == "Email job failed: no mail server" and done["type"] == "done"
    log, fail = handler.run(EMAIL, {"to": "x", "fails": True, "processed_individually": True}, max_attempts=5)
    assert fail["retry"] is False
    log, fail = handler.run(EMAIL, {"to": "x", "breaks": True}, uuid="U2", attempts=5, max_attempts=5)
    assert "Error" in fail["exception"]
    hook, done = handler.tell_failed(EMAIL, {"to": "x"}, uuid="U2")
    assert "Call to a member function to() on array" in hook["message"]
    hook, done = handler.tell_failed(EMAIL, {"to": "x"}, exception="it was killed", cause="signal")
    assert hook["message"] == "Email job failed: it was killed"


def test_release(app):
    log, release = app().run(EMAIL, {"to": "x", "busy": True}, attempts=2)
    assert release["type"] == "release" and release["delay"] == 40


def test_a_payload_cannot_make_any_class_run(app):
    fail, = app().run("App\\Jobs\\Destroyer")
    assert fail["exception"] == ("no class App\\Jobs\\Destroyer is registered with this handler, and none can be "
                                 "loaded")
