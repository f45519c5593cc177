# SPDX-License-Identifier: MIT
"""Single jobs from the command line: shown, cancelled, delayed, unique, chained."""
import json
import re

import pytest

from support.noting import NotingHandler
from support.processes import process_lives, wait_for

HANDLER = '''
say(type="hello", version=1)
for frame in frames():
    if frame["type"] == "cancel":
        note("cancel", frame["uuid"])
        say(type="release", uuid=frame["uuid"])
        continue
    data, uuid = frame["data"], frame["uuid"]
    note("run", frame["job"], uuid, os.getpid())
    if data.get("progress"):
        say(type="progress", uuid=uuid, progress=data["progress"], message="half of it")
    if data.get("deaf"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    if data.get("fails", 0) >= frame["attempts"]:
        say(type="fail", uuid=uuid, exception="attempt %d" % frame["attempts"])
    elif not data.get("stays"):
        say(type="done", uuid=uuid)
'''


class Place:
    def __init__(self, muster):
        self.muster = muster
        self.handler = NotingHandler(muster.directory, HANDLER)
        lines = "".join(f"{key} = {value}\n" for key, value in self.handler.keys.items())
        muster.configure(f"[queue:default]\n{lines}backoff = none\nmax_attempts = 3\n", kill_timeout="300ms")

    def push(self, data=None, *options, job="Test"):
        return self.muster.cli("queue:push", job, json.dumps(data or {}), *options)["uuid"]

    def noted(self, *words):
        return [line for line in self.handler.noted() if line[:len(words)] == list(words)]

    def wait_run(self, uuid):
        """The pid of the handler that has begun it."""
        found = lambda: [line for line in self.noted("run") if line[2] == uuid]
        wait_for(found, lambda: f"the run of {uuid}\n{self.muster.log_text()}")
        return found()[0][3]

    def show(self, uuid):
        return self.muster.cli("queue:show", uuid)

    def refused(self, *arguments):
        result = self.muster.run(*arguments)
        assert result.returncode != 0, result.stdout
        return result.stderr


@pytest.fixture
def place(muster):
    return Place(muster)


def test_a_job_that_waits_is_removed(place):
    uuid, other = place.push(), place.push()
    assert place.muster.cli("queue:cancel", uuid)["cancelled"] == [{"uuid": uuid, "result": "removed"}]
    assert f"there is no live job {uuid}" in place.refused("queue:cancel", uuid)
    place.refused("queue:cancel", uuid, other)
    assert place.muster.stats()["total"] == 0, "the command goes on behind one that is not there"


def test_a_running_job_is_told(place):
    place.muster.start()
    uuid = place.push({"stays": True})
    handler = place.wait_run(uuid)
    assert place.muster.cli("queue:cancel", uuid)["cancelled"] == [{"uuid": uuid, "result": "asked"}]
    place.muster.wait_empty()
    assert place.noted("cancel", uuid) and not place.muster.failed()
    assert process_lives(handler), "a handler that answers lives on"


def test_a_running_job_that_does_not_listen_is_killed(place):
    place.muster.start()
    uuid = place.push({"deaf": True})
    handler = place.wait_run(uuid)
    place.muster.cli("queue:cancel", uuid)
    place.muster.wait_empty()
    wait_for(lambda: not process_lives(handler), "the end of the handler")
    assert not place.muster.failed() and len([line for line in place.noted("run") if line[2] == uuid]) == 1


def test_the_whole_story_of_a_job(place):
    place.muster.start()
    uuid = place.push({"fails": 2, "stays": True, "progress": 50}, "--unique=only", "--priority=7", "--timeout=90s",
                      "--chain={\"job\":\"Next\"}")
    wait_for(lambda: place.show(uuid)["progress"] == 50 and place.show(uuid)["attempts"] == 3,
             lambda: f"its progress: {place.show(uuid)}")
    shown = place.show(uuid)
    wanted = {"uuid": uuid, "connection": "main", "queue": "default", "job": "Test", "state": "running", "priority": 7,
              "timeout": 90, "batch_uuid": None, "unique_key": "only", "progress_text": "half of it",
              "data": {"fails": 2, "stays": True, "progress": 50}, "chain": [{"job": "Next"}]}
    assert {name: shown[name] for name in wanted} == wanted
    assert re.fullmatch(r"worker_[\w-]+", shown["worker"])
    assert [(entry["attempt"], entry["cause"], entry["exception"]) for entry in shown["history"]] == \
        [(1, "exception", "attempt 1"), (2, "exception", "attempt 2")]
    text = place.muster.run("queue:show", uuid).stdout
    assert "half of it" in text and "attempt 2" in text
    place.muster.cli("queue:cancel", uuid)
    place.muster.wait_empty()
    assert "one that is done leaves nothing behind" in place.refused("queue:show", uuid)
    assert not place.noted("run", "Next"), "a chain does not go on behind a cancelled job"


def test_a_failed_job_is_shown_too(place):
    place.muster.start()
    uuid = place.push({"fails": 9})
    place.muster.wait_failed(uuid)
    shown = place.show(uuid)
    assert (shown["state"], shown["cause"], shown["exception"], shown["attempts"]) == ("failed", "exception", "attempt 3", 3)
    assert [entry["attempt"] for entry in shown["history"]] == [1, 2, 3]


def test_delayed_jobs_are_listed_as_they_come_due(place):
    assert place.muster.cli("queue:delayed")["delayed"] == []
    late, soon = place.push(None, "--delay=2h"), place.push(None, "--delay=1h")
    place.push()
    rows = place.muster.cli("queue:delayed")["delayed"]
    assert [row["uuid"] for row in rows] == [soon, late]
    assert 3500 < rows[0]["due_in"] <= 3600
    assert [row["uuid"] for row in place.muster.cli("queue:delayed", "--limit=1", "--queue=default")["delayed"]] == [soon]
    assert place.show(late)["state"] == "delayed"


def test_unique_jobs(place):
    first = place.push(None, "--unique=a")
    assert "unique key a" in place.refused("queue:push", "Test", "--unique=a")
    started = place.push({"stays": True}, "--unique=b", "--unique-until=started")
    place.push(None, "--unique=c", "--unique-for=1h")
    assert "unique key c" in place.refused("queue:push", "Test", "--unique=c")
    place.muster.start()
    place.wait_run(started)
    place.push(None, "--unique=a")
    place.push(None, "--unique=b")
    assert place.wait_run(first)
    for wrong in (["--unique-for=1h"], ["--unique=x", "--unique-for=1h", "--unique-until=done"],
                  ["--unique=x", "--unique-until=later"], ["--unique="]):
        place.refused("queue:push", "Test", *wrong)


def test_chains(place):
    """One after the other, each when the one before it is done."""
    place.muster.start()
    place.push(None, '--chain={"job":"Second","data":{"fails":1}}', '--chain={"job":"Third"}', job="First")
    place.muster.wait_empty()
    assert [line[1] for line in place.noted("run")] == ["First", "Second", "Second", "Third"]
    assert "--chain" in place.refused("queue:push", "Test", "--chain={")
    assert "chain, job 1" in place.refused("queue:push", "Test", '--chain={"data":1}')


def test_bad_input_is_refused_where_it_is_pushed(place):
    deep = "[" * 200 + "]" * 200
    for data, text in [("{", "data"), ("{} {}", "data"), (deep, "deep"), ('"\\u0000"', "data"), ('{"a":1,}', "data"), ("nul", "data")]:
        message = place.refused("queue:push", "Test", data)
        assert text in message, (data, message)
    bad = place.muster.run("queue:push", "Test", "-", input=b'"\xff"', text=False)
    assert bad.returncode != 0 and b"UTF-8" in bad.stderr
    large = place.muster.directory / "large"
    with large.open("w") as file:
        file.write('"')
        file.write("x" * ((16 << 20) + 1))
        file.write('"')
    assert "is larger than 15728640 bytes" in place.refused("queue:push", "Test", f"--data-file={large}")
    assert place.muster.stats()["total"] == 0
