# SPDX-License-Identifier: MIT
"""Stopping: workers finish, or are told, or are killed; and what is refused meanwhile."""
import os
import re
import signal
import time

import pytest

from support.processes import process_lives, wait_dead, wait_for

QUEUE = "[queue:{}]\ncommand = true\nworkers = {}\nconcurrency = 2\n"
PATIENT = {"stop_timeout": "60", "kill_timeout": "60"}


def start(musterd, queue, workers=1, **keys):
    musterd.configure(QUEUE.format(queue, workers), **keys)
    musterd.start()
    wait_for(lambda: musterd.ask("status")["maintenance"]["state"] == "RUNNING")
    return musterd.wait_running(workers)


def signals_to(musterd, queue):
    return [line.split()[1] for line in musterd.fake_lines("signal ") if line.endswith(f" {queue}")]


def wait_draining(musterd, queue):
    wait_for(lambda: musterd.fake_lines(f"drain {queue}"), musterd.log_text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_signal_lets_workers_finish_and_leaves_nothing_behind(musterd, number):
    workers = start(musterd, "emails", 3)
    maintenance = musterd.ask("status")["maintenance"]["pid"]
    musterd.signal(number)
    assert musterd.wait_exit() == 0
    assert {line.split()[2] for line in musterd.fake_lines("drain emails")} == workers.keys()
    assert not musterd.fake_lines("signal")
    assert not any(map(process_lives, [*workers.values(), maintenance]))
    assert not musterd.pidfile.exists() and not musterd.socket.exists()
    assert f"received {number.name}: stopping" in musterd.log_text()
    assert musterd.log_text().rstrip().endswith("musterd stopped")


def test_the_command_stop_does_the_same(musterd):
    start(musterd, "emails")
    assert musterd.ask("stop") == {"ok": True}
    assert musterd.wait_exit() == 0
    assert len(musterd.fake_lines("drain emails")) == 1


def test_a_worker_that_goes_on_for_too_long_is_told_by_signals(musterd):
    start(musterd, "slow", stop_timeout="200ms", kill_timeout=60)
    begun = time.monotonic()
    assert musterd.stop() == 0
    assert time.monotonic() - begun >= 0.2
    assert signals_to(musterd, "slow")[0] in ("TERM", "INT")
    assert "SIGKILL" not in musterd.log_text()


def test_a_worker_that_ignores_them_is_killed(musterd):
    workers = start(musterd, "deaf", 2, stop_timeout="100ms", kill_timeout="100ms")
    assert musterd.stop() == 0
    assert {*signals_to(musterd, "deaf")} <= {"INT", "TERM"}  # on a busy machine it may have been too slow to hear of them
    assert len(re.findall(r"killing 'deaf:\S+' \(\d+\) with SIGKILL", musterd.log_text())) == 2
    assert not any(map(process_lives, workers.values()))


def test_a_second_signal_ends_running_jobs(musterd):
    start(musterd, "slow", **PATIENT)
    musterd.signal(signal.SIGTERM)
    wait_draining(musterd, "slow")
    assert musterd.ask("status")["state"] == "stopping"
    assert musterd.workers()[0]["state"] == "STOPPING"
    assert not signals_to(musterd, "slow")
    assert musterd.stop() == 0
    assert signals_to(musterd, "slow")


def test_a_third_one_kills(musterd):
    start(musterd, "deaf", **PATIENT)
    musterd.signal(signal.SIGTERM)
    wait_draining(musterd, "deaf")
    musterd.signal(signal.SIGTERM)
    wait_for(lambda: len(signals_to(musterd, "deaf")) == 2)
    assert musterd.process.poll() is None
    assert musterd.stop() == 0
    assert re.search(r"killing 'deaf:\S+' \(\d+\) with SIGKILL", musterd.log_text())


def test_orders_are_refused_while_it_stops(musterd):
    start(musterd, "slow", **PATIENT)
    musterd.signal(signal.SIGTERM)
    wait_draining(musterd, "slow")
    for order in ("reload", "restart"):
        assert musterd.ask(order)["error"]["code"] == "conflict"
    assert musterd.ask("ping")["ok"] and len(musterd.workers()) == 1
    musterd.signal(signal.SIGHUP)
    musterd.wait_log("musterd is stopping: a reload is not done")
    musterd.signal(signal.SIGUSR1)
    musterd.wait_log("musterd is stopping: a restart of the workers is not done")
    assert musterd.stop() == 0


def test_a_worker_that_dies_while_it_finishes_is_not_replaced_but_returned(musterd):
    (owner, pid), = start(musterd, "slow-jobs", **PATIENT).items()
    musterd.signal(signal.SIGTERM)
    wait_draining(musterd, "slow-jobs")
    os.kill(pid, signal.SIGKILL)
    assert musterd.wait_exit() == 0
    assert len(musterd.fake_lines("start slow-jobs")) == 1
    assert musterd.fake_lines("begun") == ["begun first-job 1", "begun second-job 2"]
    assert musterd.fake_lines("return") == [f"return {owner} database"]
    assert musterd.fake_lines("drain maintenance")  # last of all


def test_a_worker_in_a_pause_keeps_nobody_waiting(musterd):
    musterd.configure(QUEUE.format("boot-exit3", 2), restart_delay=3600, restart_delay_max=3600)
    musterd.start()
    wait_for(lambda: [worker["state"] for worker in musterd.workers()] == ["BACKOFF", "BACKOFF"])
    assert musterd.stop() == 0


def test_what_is_killed_last_waits_for_no_lease(musterd):
    """The maintenance process does not confirm; the third signal does not wait for it."""
    musterd.environment["FAKE_MAINTENANCE"] = "lost"
    (owner, pid), = start(musterd, "slow", **PATIENT).items()
    musterd.signal(signal.SIGTERM)
    wait_draining(musterd, "slow")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: musterd.ask("status")["state"] == "returning")
    assert musterd.ask("status")["maintenance"]["unreturned"] == 1
    musterd.ask("stop")
    musterd.ask("stop")
    assert musterd.wait_exit() == 0
    assert "come back when they run out" in musterd.log_text()


def test_children_of_who_started_it_are_left_alone(musterd, tmp_path):
    """A shell that started something and then exec'd musterd."""
    musterd.configure(QUEUE.format("emails", 1))
    script = tmp_path / "start.sh"
    script.write_text(f'#!/bin/sh\nsleep 600 >&- 2>&- & echo $! > {tmp_path}/stranger\nexec {musterd.program} "$@"\n')
    script.chmod(0o755)
    musterd.program = script
    musterd.start()
    stranger = int((tmp_path / "stranger").read_text())
    try:
        for pid in musterd.wait_running(1).values():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(musterd.fake_lines("return")) == 1)
        assert process_lives(stranger)
        assert musterd.stop() == 0
        assert process_lives(stranger)
    finally:
        os.kill(stranger, signal.SIGKILL)
    wait_dead([stranger])
