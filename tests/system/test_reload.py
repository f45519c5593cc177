# SPDX-License-Identifier: MIT
"""Reading the configuration again, replacing workers, and opening the logs again."""
import os
import re
import signal
import time

import pytest

from support.processes import process_lives, wait_for

EMAILS = "[queue:emails]\ncommand = true\nworkers = 2\n"
IMAGES = "[queue:images]\ncommand = true\nworkers = 1\n"


@pytest.fixture
def running(musterd):
    """Two queues; returns the daemon and its workers."""
    musterd.configure(EMAILS + IMAGES)
    musterd.start()
    musterd.wait_running(3)
    return musterd


def reload(musterd, *queues, **keys):
    musterd.configure("".join(queues), **keys)
    return musterd.ask("reload")


def generations(musterd, queue):
    """Of the settings that the workers of a queue have been started with, sorted: each writes its line itself."""
    return sorted(int(line.split()[4]) for line in musterd.fake_lines(f"start {queue} "))


def running_generations(musterd, queue):
    """Of the settings that those workers of a queue have that run."""
    starts = {int(line.split()[3]): int(line.split()[4]) for line in musterd.fake_lines(f"start {queue} ")}
    return [starts[pid] for pid in musterd.running(queue).values()]


def wait_replaced(musterd, old, count, queue=None):
    return wait_for(lambda: not old.keys() & (now := musterd.running(queue)).keys() and len(now) == count and now,
                    musterd.log_text)


def test_what_has_not_changed_is_not_touched(running):
    before = running.running()
    running.signal(signal.SIGHUP)
    running.wait_log("reload: nothing has changed")
    assert running.ask("reload") == {"ok": True, "generation": 1}
    assert running.running() == before


def test_only_the_workers_of_a_changed_queue_are_replaced(running):
    emails, images = running.running("emails"), running.running("images")
    assert reload(running, EMAILS + "timeout = 5\n", IMAGES) == {"ok": True, "generation": 2}
    wait_replaced(running, emails, 2, "emails")
    assert running.running("images") == images
    assert generations(running, "emails") == [1, 1, 2, 2] and generations(running, "images") == [1]
    assert "reload: queue emails: replaced" in running.log_text()
    wait_for(lambda: generations(running, "maintenance") == [1, 2])


def test_more_and_fewer_workers_leave_the_others_running(running):
    two = running.wait_running(2, "emails")
    reload(running, EMAILS.replace("2", "4"), IMAGES)
    four = running.wait_running(4, "emails")
    assert two.items() <= four.items()
    reload(running, EMAILS.replace("2", "1"), IMAGES)
    one = running.wait_running(1, "emails")
    assert one.items() <= four.items()
    reload(running, EMAILS.replace("2", "0"), IMAGES)
    wait_for(lambda: running.ask("workers", queue="emails") == {"ok": True, "workers": []})


def test_fewer_workers_end_no_running_job(musterd):
    """A worker that is one too many may take longer than the stop timeout; a stop of musterd ends its patience."""
    queue = "[queue:slow]\ncommand = true\nworkers = 2\n"
    musterd.configure(queue + EMAILS, stop_timeout="300ms")
    musterd.start()
    musterd.wait_running(4)

    def signalled():
        return musterd.fake_lines("signal TERM slow") + musterd.fake_lines("signal INT slow")
    reload(musterd, queue.replace("2", "1"), EMAILS, stop_timeout="300ms")
    assert sorted(worker["state"] for worker in musterd.workers("slow")) == ["RUNNING", "STOPPING"]
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > 1)  # three times the stop timeout
    assert sorted(worker["state"] for worker in musterd.workers("slow")) == ["RUNNING", "STOPPING"]
    assert signalled() == []
    assert musterd.stop() == 0
    assert len(signalled()) == 2


def test_queues_come_and_go(running):
    emails, images = running.running("emails"), running.running("images")
    reload(running, EMAILS, IMAGES.replace("images", "sounds"))
    running.wait_running(1, "sounds")
    wait_for(lambda: [queue["queue"] for queue in running.ask("status")["queues"]] == ["emails", "sounds"])
    assert not any(map(process_lives, images.values()))
    assert running.ask("workers", queue="images")["error"]["code"] == "not_found"
    assert running.running("emails") == emails


def test_a_queue_that_comes_back_while_its_workers_still_finish(musterd):
    queue = "[queue:slow]\ncommand = true\nworkers = 2\n"
    musterd.configure(queue + IMAGES, stop_timeout=600)
    musterd.start()
    old = musterd.wait_running(2, "slow")
    reload(musterd, IMAGES, stop_timeout=600)
    assert [worker["state"] for worker in musterd.workers("slow")] == ["STOPPING", "STOPPING"]
    reload(musterd, queue, IMAGES, stop_timeout=600)
    new = wait_replaced(musterd, old, 2, "slow")
    assert len(musterd.workers("slow")) == 4
    for pid in old.values():
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: len(musterd.workers("slow")) == 2)
    assert musterd.running("slow") == new


def test_several_in_a_row_end_in_the_last_one(running):
    for workers in (5, 1, 7, 0, 3):
        reload(running, EMAILS.replace("2", str(workers)), IMAGES + f"timeout = {workers + 10}\n")
    running.wait_running(3, "emails")
    wait_for(lambda: len(running.workers()) == 4 and len(running.running("images")) == 1)
    assert running_generations(running, "images") == [6]


@pytest.mark.parametrize("text, message", [
    ("[queue:emails\n", r"muster\.ini:\d+"),
    ("[queue:emails]\nworkers = many\n", r"muster\.ini:\d+: .*workers.*many"),
    ("[queue:emails]\nworkers = 2000\n", r"muster\.ini:\d+: .*workers.*1000"),
    ("[queue:emails]\nworkerz = 2\n", r"muster\.ini:\d+: .*workerz.*workers"),
    ("[queue:emails]\nconnection = nowhere\n", r"nowhere"),
], ids=["malformed", "no number", "out of range", "unknown key", "unknown connection"])
def test_a_configuration_that_is_wrong_changes_nothing(running, text, message):
    before = running.running()
    answer = reload(running, text)
    assert answer["error"]["code"] in ("invalid", "not_found")
    assert "the configuration stays as it was" in answer["error"]["message"]
    refused = "the configuration stays as it was: .*" + message
    told = len(re.findall(refused, running.log_text()))
    running.signal(signal.SIGHUP)
    running.wait_log(refused, count=told + 1)
    assert running.running() == before
    assert running.ask("status")["generation"] == 1
    assert reload(running, EMAILS, IMAGES) == {"ok": True, "generation": 1}


def test_a_configuration_that_is_gone_changes_nothing(running):
    before = running.running()
    running.config.unlink()
    assert running.ask("reload")["error"]["code"] == "not_found"
    assert running.running() == before


def test_what_only_a_restart_changes_is_said(running):
    assert reload(running, EMAILS, IMAGES, pidfile=running.directory / "other.pid")["ok"]
    running.wait_log(r"reload: \[muster\] pidfile has changed, which takes a restart of musterd")
    assert running.pidfile.exists()


# --- replacing ---


def test_usr1_replaces_all_workers(running):
    before = running.running()
    running.signal(signal.SIGUSR1)
    wait_replaced(running, before, 3)
    wait_for(lambda: len(running.fake_lines("drain")) == 3)  # the old ones may yet have to read it
    assert generations(running, "emails") == [1, 1, 1, 1]


def test_restart_of_one_queue_leaves_the_others(running):
    emails, images = running.running("emails"), running.running("images")
    assert running.ask("restart", queue="emails") == {"ok": True}
    wait_replaced(running, emails, 2, "emails")
    assert running.running("images") == images
    assert running.ask("restart", queue="nowhere")["error"]["code"] == "not_found"


def test_new_workers_start_before_the_old_ones_have_finished(musterd):
    musterd.configure("[queue:slow]\ncommand = true\n", stop_timeout=60)
    musterd.start()
    (old, pid), = musterd.wait_running(1).items()
    musterd.ask("restart")
    wait_for(lambda: len(musterd.workers()) == 2 and len(musterd.running()) == 1)
    assert old not in musterd.running() and process_lives(pid)


# --- logs ---


def test_usr2_opens_the_logs_again(musterd, tmp_path):
    log, moved = tmp_path / "muster.log", tmp_path / "muster.log.1"
    musterd.configure(EMAILS, logfile=log)
    musterd.start()
    musterd.wait_running(2)
    wait_for(lambda: musterd.ask("status")["maintenance"]["state"] == "RUNNING")
    assert "entered RUNNING state" in log.read_text()
    log.rename(moved)
    musterd.signal(signal.SIGUSR2)
    wait_for(lambda: len(musterd.fake_lines("reopen emails")) == 2 and musterd.fake_lines("reopen maintenance"))
    wait_for(log.exists)
    before = moved.read_text()
    musterd.ask("restart")
    wait_for(lambda: log.read_text().count("entered RUNNING state") == 2)
    assert moved.read_text() == before


def test_what_children_write_to_standard_error_is_in_the_log(musterd, tmp_path):
    log = tmp_path / "muster.log"
    musterd.environment["MUSTER_WORKER"] = str(tmp_path / "speaks")
    (tmp_path / "speaks").write_text("#!/bin/sh\necho something is wrong >&2\nexit 1\n")
    (tmp_path / "speaks").chmod(0o755)
    musterd.configure(EMAILS, logfile=log)
    musterd.start()
    wait_for(lambda: log.exists() and "something is wrong" in log.read_text())
