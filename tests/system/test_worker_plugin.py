# SPDX-License-Identifier: MIT
"""Handlers of kind plugin: jobs in C."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from support.processes import BUILD, PATIENCE, ROOT, wait_for
from support.worker import NO_HANDLER

EXAMPLE = BUILD / "worker" / "plugin" / "thumbnails.so"
TESTED = BUILD / "tests" / "system" / "job_plugin.so"


def start(site, command, **keys):
    site.configure(site.queue("work", command, handler="plugin", **keys))
    return site.worker(slots=32)


def test_the_example(site):
    worker = start(site, f"{EXAMPLE} 64 128")
    image = site.directory / "a \"picture\".png"
    site.push({"path": str(image)}, job="Images\\Split")
    site.wait_empty()
    for width in (64, 128):
        assert f"in {width} columns" in pathlib.Path(f"{image}.{width}").read_text()
    worker.wait_log(f"wrote {site.directory}/a \"picture\".png.64")


def test_the_example_fails(site):
    worker = start(site, f"{EXAMPLE} 64")
    uuid = site.push({"path": "/nonexistent/x", "width": 64}, job="Images\\Shrink")
    failed = site.wait_failed(uuid)
    assert failed["attempts"] == 5, "what its class declares"
    assert failed["exception"] == "cannot write /nonexistent/x.64: No such file or directory"
    worker.wait_log("no thumbnail of /nonexistent/x: cannot write")
    never = site.wait_failed(site.push({"path": "x"}, job="Images\\Shrink"))
    assert never["attempts"] == 1 and never["exception"] == "a width of 0"
    unknown = site.wait_failed(site.push(job="Images\\Grow"))
    assert unknown["cause"] == "unhandled"


def test_the_example_builds_by_itself(tmp_path):
    """Against an installed header, as somebody else would."""
    installed = tmp_path / "installed" / "include" / "muster"
    installed.mkdir(parents=True)
    shutil.copy(ROOT / "worker" / "include" / "muster" / "job.h", installed)
    (tmp_path / "muster-job.pc").write_text(f"Name: muster-job\nDescription: x\nVersion: 0\n"
                                            f"Cflags: -I{installed.parent}\n")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(tmp_path)}
    for command in (["meson", "setup", "--werror", tmp_path / "build", ROOT / "worker" / "example"],
                    ["meson", "compile", "-C", tmp_path / "build"]):
        subprocess.run(list(map(str, command)), env=environment, check=True, capture_output=True, timeout=4 * PATIENCE)
    assert (tmp_path / "build" / "thumbnails.so").exists()


def outcome(site, verb, **options):
    return site.push({"do": verb}, job="Do", **options)


def test_what_a_job_can_see(site):
    start(site, f"{TESTED} word")
    uuid = site.push({"do": "show", "text": "ä\n", "integer": 9007199254740993, "number": -0.5, "flag": True, "list": [1, {}]},
                     job="Do", priority=3, timeout="90s", tries=4)
    site.wait_empty()
    seen = dict(line.split("=", 1) for line in site.history.read_text().splitlines())
    assert seen["uuid"] == uuid and seen["class"] == "Do" and seen["queue"] == "work" and seen["batch"] == "-"
    assert seen["attempts"] == "1" and seen["max_attempts"] == "4" and seen["timeout_ms"] == "90000"
    assert seen["priority"] == "3" and int(seen["pushed_at_ms"]) > 1e12
    assert seen["text"] == "ä|" and seen["integer"] == "9007199254740993" and seen["number"] == "-0.5"
    assert seen["flag"] == "1" and seen["list"] == '[1,{}]'.replace(",", ", ") and seen["missing"] == "fallback 7 0.5 1"
    assert seen["argument"] == "word" and '"job":"Do"' in seen["json"] and seen["again"] == "Do"


def test_a_job_asks_how_far_its_batch_is(site):
    start(site, TESTED, max_attempts=1)
    jobs = [({"do": "done"}, {"batch_uuid": "b"}), ({"do": "ask"}, {"batch_uuid": "b"}), ({"do": "ask", "of": "b"}, {}),
            ({"do": "ask", "of": "none"}, {})]
    *_, refused = site.bulk([{"job": "Do", "queue": "work", "data": data, **options} for data, options in jobs])
    assert "there is no batch none" in site.wait_failed(refused)["exception"]
    answers = re.findall(r"batch(\d)=(\d) of 2, ([\d.]+) % ([01])", site.history.read_text())
    assert [answer[0] for answer in answers] == ["0", "1", "0", "1"]
    # what has just been done is counted as soon as the store knows it
    assert all((progress, finished) == {"2": ("0.0", "0"), "1": ("50.0", "0"), "0": ("100.0", "1")}[pending]
               for _, pending, progress, finished in answers)
    assert answers[0][1] != "0" and answers[1][1] != "0"


@pytest.mark.parametrize("verb, attempts, text", [
    ("fail", 2, "it failed at attempt 2"), ("give_up", 1, "never again"), ("number", 2, "its function returned 42"),
    ("no_retry", 1, "no_retry"), ("push_wrong", 2, "pushed a job that cannot be stored"),
])
def test_failures(site, verb, attempts, text):
    start(site, TESTED, max_attempts=2)
    failed = site.wait_failed(outcome(site, verb))
    assert failed["attempts"] == attempts and text in failed["exception"]
    wait_for(lambda: "failed=" in site.history.read_text(), "the hook")
    assert site.history.read_text().count("failed=") == 1


def test_a_release_a_push_and_progress(site):
    start(site, TESTED, backoff="fixed", backoff_delay="1h", backoff_max="1h")
    outcome(site, "release")  # its own delay, not an hour
    outcome(site, "retry_soon")
    outcome(site, "push")
    site.wait_empty()
    text = site.history.read_text()
    assert text.count("released=") == 1 and text.count("pushed=") == 2 and text.count("retried=") == 1


@pytest.mark.parametrize("verb, text", [("crash", "SIGSEGV"), ("exit", "exit status 3"), ("hang", "timeout")])
def test_what_crashes_does_so_alone(site, verb, text):
    start(site, TESTED, max_attempts=1)
    bad = outcome(site, verb, timeout="1s" if verb == "hang" else "60s")
    goods = site.bulk([{"job": "Do", "queue": "work", "data": {"do": "done"}}] * 20)
    assert text in site.wait_failed(bad)["exception"]
    site.wait_empty()
    assert set(site.failed()) == {bad} and len(goods) == 20


def test_a_short_answer_does_not_wait_for_a_long_job(site):
    """Answers go out together, but not so late that the next job's time would count for this one."""
    start(site, TESTED, max_attempts=1, timeout="3s")
    for _ in range(3):
        site.bulk([{"job": "Do", "queue": "work", "data": {"do": "done"}}] * 30 +
                  [{"job": "Do", "queue": "work", "data": {"do": "second"}}] * 2)
    site.wait_empty()
    assert not site.failed()


def test_many_jobs_each_once(site):
    start(site, TESTED, max_jobs=0)
    uuids = site.bulk([{"job": "Do", "queue": "work", "data": {"do": "note"}}] * 2000)
    site.wait_empty()
    assert [line.split("=")[1] for line in site.history.read_text().splitlines()] == uuids


@pytest.mark.parametrize("command, text", [
    ("/nonexistent.so", "cannot load the plugin"),
    ("/bin/true", "cannot load the plugin"),
    ("libm.so.6", "has no muster_job_plugin"),
    (f"{EXAMPLE} wrong", "the start of plugin thumbnails returned 1"),
])
def test_a_plugin_that_cannot_be_used(site, command, text):
    worker = start(site, command)
    uuid = site.push(job="Do")
    worker.wait_status(NO_HANDLER)
    assert text in worker.log_text() and site.attempts(uuid) == 0


def test_the_worker_is_asked_to_end(site):
    worker = start(site, TESTED).wait_ready()
    worker.signal(signal.SIGTERM)
    assert worker.wait_exit() == 0
    assert "stopped=" in site.history.read_text()
