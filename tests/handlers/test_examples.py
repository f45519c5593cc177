# SPDX-License-Identifier: MIT
"""The examples of docs/protocol.md do what it says there."""

import json
import os
import subprocess

import pytest

from support.processes import PATIENCE, ROOT

EXAMPLES = ROOT / "docs" / "examples"


@pytest.mark.parametrize("ending", ["sh", "py", "php", "js"])
def test_a_persistent_handler(start, ending):
    handler = start("docs/examples/persistent." + ending)
    hello = handler.next()
    assert (hello["type"], hello["version"], hello["name"]) == ("hello", 1, "persistent." + ending)
    done, = handler.run("Say", {"text": "hello there"}, uuid="A1")
    assert done == {"type": "done", "uuid": "A1"}
    fail, = handler.run("Say", {"other": 1})
    assert fail["type"] == "fail" and "text" in fail["exception"]
    handler.send({"type": "ping"})
    assert handler.next() == {"type": "pong"}
    handler.send({"type": "drain"})
    handler.close_input()
    assert handler.next() is None
    assert handler.wait() == 0, handler.errors
    assert handler.output == "job A1 says hello there\n"


def run_exec(data, **variables):
    line = json.dumps({"type": "job", "uuid": "A1", "job": "Size", "data": data}, separators=(",", ":"))
    env = dict(os.environ, MUSTER_JOB_UUID="A1", MUSTER_ATTEMPT="2", **variables)
    return subprocess.run([EXAMPLES / "exec.sh"], input=line + "\n", env=env, capture_output=True,
                          text=True, timeout=PATIENCE)


def test_an_exec_handler(tmp_path):
    path = tmp_path / "file"
    ran = run_exec({"file": str(path)})
    assert (ran.returncode, ran.stderr) == (75, "%s is not there yet (attempt 2)\n" % path)
    path.write_text("12345")
    ran = run_exec({"file": str(path)})
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, "5", "")
    ran = run_exec({"files": []})
    assert (ran.returncode, ran.stderr) == (65, "job A1 has no file\n")


@pytest.mark.parametrize("manual, example", [
    *(("protocol.md", f"persistent.{ending}") for ending in ("sh", "py", "php", "js")),
    *(("jobs.md", f"jobs.{ending}") for ending in ("php", "py", "js", "rb")),
])
def test_the_manual_shows_what_is_run(manual, example):
    assert (EXAMPLES / example).read_text() in (ROOT / "docs" / manual).read_text()


@pytest.mark.parametrize("ending", ["php", "py", "js", "rb"])
def test_jobs_with_a_library(start, ending):
    handler = start("docs/examples/jobs." + ending)
    jobs = handler.next()["jobs"]
    assert {"job": "Greet", "timeout": 10} in jobs
    assert {"job": "ProcessImages", "timeout": 120, "max_attempts": 5} in jobs
    uuid = handler.give("ProcessImages", {"images": ["a.png", "b.png"]}, max_attempts=5)
    assert handler.answer(uuid) == [
        {"type": "push", "uuid": uuid, "push": {"job": "ProcessImage", "data": {"image": "a.png"}, "delay": 1}},
        {"type": "progress", "uuid": uuid, "progress": 50, "message": "a.png"},
        {"type": "push", "uuid": uuid, "push": {"job": "ProcessImage", "data": {"image": "b.png"}, "delay": 1}},
        {"type": "progress", "uuid": uuid, "progress": 100, "message": "b.png"},
        {"type": "done", "uuid": uuid},
    ]
    fail, = handler.run("ProcessImages", {"image": "a.png"}, max_attempts=5)
    assert fail["type"] == "fail" and fail["retry"] is False
    told, done = handler.tell_failed("ProcessImages", {"image": "a.png"}, attempts=1)
    assert told["level"] == "error" and told["message"].startswith("given up after 1 attempts: ")
    assert handler.run("Greet", {"name": "you"})[-1]["type"] == "done"
    handler.send({"type": "drain"})
    handler.close_input()
    assert handler.wait() == 0, handler.errors
    assert "Hello you\n" in handler.output
