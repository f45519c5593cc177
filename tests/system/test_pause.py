# SPDX-License-Identifier: MIT
"""Pausing queues, and letting them go on."""
import socket
import time

import pytest

from support.processes import wait_for


@pytest.fixture
def running(muster):
    muster.configure(muster.queue("mails", workers=2), muster.queue("images"))
    muster.start()
    muster.wait_running(3)
    return muster


def is_paused(muster, queue):
    """As the master knows it, which has told its workers then."""
    return {row["queue"]: row["paused"] for row in muster.ask("status")["queues"]}[queue]


def pause(muster, *options, command="queue:pause", queue="mails"):
    muster.cli(command, *options)
    wait_for(lambda: is_paused(muster, queue) == (command == "queue:pause"), lambda: muster.log_text())


def stays_pending(muster, uuids):
    """Nothing happens to them for longer than it takes to tell all workers."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert not any(muster.history.attempts(uuid) for uuid in uuids)
        time.sleep(0.05)


def test_a_paused_queue_finishes_what_runs_and_begins_nothing(running):
    going = running.push({"do": "wait", "file": str(running.directory / "go")}, queue="mails")
    running.wait_begun(going)
    pause(running, "--queue=mails")
    waiting = [running.push(queue="mails") for _ in range(3)]
    other = running.push(queue="images")
    running.wait_done(other)
    stays_pending(running, waiting)
    (running.directory / "go").touch()
    running.wait_done(going)
    stays_pending(running, waiting)
    rows = {row["queue"]: row for row in running.stats()["queues"]}
    assert (rows["mails"]["paused"], rows["mails"]["pending"], rows["images"]["paused"]) == (True, 3, False)
    assert running.stats("--queue=mails")["paused"] is True
    pause(running, "--queue=mails", command="queue:resume")
    for uuid in waiting:
        running.wait_done(uuid)


def test_it_holds_for_new_workers_and_over_a_restart(running):
    pause(running, "--queue=mails")
    uuid = running.push(queue="mails")
    before = running.running("mails")
    running.run("queue:restart")
    wait_for(lambda: len(now := running.running("mails")) == 2 and not now.keys() & before.keys(), "new workers")
    stays_pending(running, [uuid])
    running.stop()
    running.start()
    running.wait_running(3)
    stays_pending(running, [uuid])
    running.cli("queue:resume", "--queue=mails")
    running.wait_done(uuid)


def test_all_queues_on_this_host(running):
    pause(running, "--all", "--here")
    wait_for(lambda: is_paused(running, "images"), "the other queue, which is told of in a record of its own")
    row, = running.cli("queue:pauses")["pauses"]
    assert (row["queue"], row["host"]) == (None, socket.gethostname()) and row["by"] and row["since"]
    uuid = running.push(queue="images")
    stays_pending(running, [uuid])
    refused = running.run("queue:resume", "--queue=images")
    assert refused.returncode == 3 and "queue:pauses" in refused.stderr
    running.cli("queue:resume", "--all", f"--host={socket.gethostname()}")
    running.wait_done(uuid)
    assert running.cli("queue:pauses")["pauses"] == []


def test_another_host_is_not_ours(running):
    running.cli("queue:pause", "--queue=mails", f"--host={socket.gethostname()}x")
    uuid = running.push(queue="mails")
    running.wait_done(uuid)
    pause(running, "--queue=mails", "--here")
    running.cli("queue:resume", "--queue=mails", "--here")
    assert [row["host"] for row in running.cli("queue:pauses")["pauses"]] == [f"{socket.gethostname()}x"]


def test_a_worker_without_a_master(muster):
    muster.configure(muster.queue("mails"))
    uuid = muster.push(queue="mails")
    muster.cli("queue:pause", "--queue=mails")
    assert muster.run("queue:work", "--queue=mails", "--stop-when-empty").returncode == 0
    assert not muster.history.attempts(uuid)
    muster.cli("queue:resume", "--queue=mails")
    assert muster.run("queue:work", "--queue=mails", "--stop-when-empty").returncode == 0
    muster.wait_done(uuid)


@pytest.mark.parametrize("options, status", [
    ([], 2), (["--queue=mails", "--all"], 2), (["--all", "--here", "--host=x"], 2), (["--queue=mails", "--host="], 2),
    (["--queue=mails", "--host=a/b"], 2), (["--queue=mails", "--host=" + "x" * 65], 2), (["--queue=-bad"], 2),
    (["--queue=mails", "--connection=nowhere"], 3),
])
def test_bad_input(muster, options, status):
    muster.configure(muster.queue("mails"))
    for command in ("queue:pause", "queue:resume"):
        result = muster.run(command, *options)
        assert result.returncode == status and result.stderr, result
    assert muster.cli("queue:pauses")["pauses"] == []
