# SPDX-License-Identifier: MIT
"""The commands that ask a running musterd."""
import re

import pytest

from support.processes import process_lives, wait_for


@pytest.fixture
def running(muster):
    muster.configure(muster.queue("emails", workers=2, concurrency=2), muster.queue("images", handler="exec"))
    muster.start()
    muster.wait_running(3)
    return muster


def rows(text):
    return [line.split() for line in text.splitlines()]


def test_workers_have_the_guides_columns(running):
    wait_for(lambda: all(worker["last_heartbeat"] for worker in running.cli("queue:workers")["workers"]))
    workers = running.cli("queue:workers")["workers"]
    assert list(workers[0]) == ["id", "queue", "pid", "status", "memory_usage", "cpu_usage", "jobs_processed",
                                "started_at", "last_heartbeat"]
    assert {worker["id"]: worker["pid"] for worker in workers} == running.running()
    for worker in workers:
        assert worker["status"] == "idle" and worker["jobs_processed"] == 0 and worker["memory_usage"] > 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", worker["started_at"])
        assert process_lives(worker["pid"])
    lines = rows(running.run("queue:workers").stdout)
    assert lines[0] == list(workers[0]) and len(lines) == 4
    images, = running.cli("queue:workers", "--queue=images")["workers"]
    assert images["queue"] == "images"
    assert running.run("queue:workers", "--queue=nowhere").returncode == 3


def test_what_workers_do_now(running):
    uuid = running.push({"do": "wait", "file": str(running.directory / "go")}, queue="emails")
    running.wait_begun(uuid)
    job, = wait_for(lambda: running.cli("queue:workers", "--jobs")["jobs"])
    assert (job["queue"], job["uuid"], job["attempt"]) == ("emails", uuid, 1) and job["running"] >= 0
    busy = wait_for(lambda: [w for w in running.cli("queue:workers")["workers"] if w["status"] == "busy"])
    assert [worker["id"] for worker in busy] == [job["worker"]]
    (running.directory / "go").touch()
    wait_for(lambda: running.cli("queue:workers", "--jobs")["jobs"] == [])
    wait_for(lambda: sum(worker["jobs_processed"] for worker in running.cli("queue:workers")["workers"]) == 1)


def test_status(running):
    running.push(queue="emails", delay=600)
    status = wait_for(lambda: (now := running.cli("master:status")) and now["queues"][0]["delayed"] == 1 and now)
    assert (status["pid"], status["state"], status["generation"]) == (running.pid, "running", 1)
    assert status["settings"] == str(running.config)
    assert status["maintenance"]["state"] == "running"
    emails = status["queues"][0]
    assert {key: emails[key] for key in ("queue", "wanted", "running", "pending", "reserved", "failed", "oldest")} == \
        {"queue": "emails", "wanted": 2, "running": 2, "pending": 0, "reserved": 0, "failed": 0, "oldest": None}
    assert "running" in running.run("master:status").stdout


def test_restart(running):
    before = running.running()
    assert running.cli("queue:restart", "--queue=images") == {"restarting": True}
    wait_for(lambda: len(now := running.running()) == 3 and len(now.keys() & before.keys()) == 2)
    assert running.run("queue:restart").stdout == "workers are being replaced; running jobs finish\n"
    wait_for(lambda: len(now := running.running()) == 3 and not now.keys() & before.keys())
    assert running.run("queue:restart", "--queue=nowhere").returncode == 3


def test_reload(running):
    running.configure(running.queue("emails", workers=1))
    assert running.cli("master:reload") == {"generation": 2}
    wait_for(lambda: len(running.running()) == 1)
    running.write_config(running.config.read_text() + "wrokers = 3\n")
    result = running.run("master:reload")
    assert result.returncode == 2 and re.search(r"muster\.ini:\d+: .*workers", result.stderr)
    assert running.ask("status")["generation"] == 2


def test_reopen_logs(running):
    assert running.cli("master:reopen-logs") == {"reopened": True}


def test_stop_and_wait(running):
    assert running.cli("master:stop", "--wait") == {"stopped": True}
    assert running.wait_exit() == 0
    assert running.survivors() == []
    assert running.run("master:stop").returncode == 4


def test_stop_lets_jobs_finish(running):
    uuid = running.push({"do": "wait", "file": str(running.directory / "go")}, queue="emails")
    running.wait_begun(uuid)
    assert running.cli("master:stop") == {"stopped": False}
    assert running.cli("master:status")["state"] == "stopping"
    assert running.run("master:reload").returncode == 1
    (running.directory / "go").touch()
    assert running.wait_exit() == 0
    assert running.history.uuids("done") == {uuid}


def test_idle_workers_start_a_job_without_waiting_for_their_next_look(running):
    """sleep is 3 s: who waited for that would take longer for ten jobs, one after the other."""
    for _ in range(10):
        running.wait_done(running.push(queue="emails"))


WRONG = "[queue:emails]\nworkers = many\nnonsense = 1\n"


@pytest.mark.parametrize("text", [WRONG, "[muster]\nrestart_delay = soon\n", "[nonsense]\na = b\n"])
def test_a_file_that_has_become_wrong_does_not_keep_musterd_from_being_stopped(running, text):
    running.write_config(f"[muster]\ndatadir = {running.directory}\n\n{text}")
    result = running.run("--json", "master:status")
    assert result.returncode == 0 and f'"pid":{running.pid}' in result.stdout
    assert str(running.config) in result.stderr and f"musterd is asked at {running.socket}" in result.stderr
    assert running.run("queue:stats").returncode == 2
    assert running.run("master:reload").returncode == 2, "the master says what is wrong"
    assert running.run("master:stop", "--wait").returncode == 0
    assert running.wait_exit() == 0


def test_a_socket_that_is_named_needs_no_file(running):
    running.write_config("this is no INI file\n")
    result = running.run("master:stop")
    assert result.returncode == 2 and str(running.config) in result.stderr and "--socket=PATH" in result.stderr
    assert running.run("queue:workers", f"--socket={running.socket}").returncode == 0
    assert running.run("master:stop", "--wait", f"--socket={running.socket}").returncode == 0
    assert running.wait_exit() == 0
