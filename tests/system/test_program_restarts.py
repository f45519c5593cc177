# SPDX-License-Identifier: MIT
"""When a program is started again, and what comes of one that is given up: what Supervisor never did."""
import signal

import pytest

from support.musterd import send
from support.processes import wait_for
from support.programs import SLEEP, program


def test_pauses_double_up_to_their_cap_and_it_is_never_fatal(programs):
    programs.start(program("a", "false", startsecs=60, startretries=0, fatal="off", restart_delay="50ms", restart_delay_max="200ms",
                           restart_jitter=0))
    programs.wait_pid("a", 6)
    assert programs.rows()["a"]["state"] in ("BACKOFF", "STARTING")
    assert "gave up" not in programs.musterd.log_text()
    assert programs.rows()["a"]["failures"] >= 5


def test_a_pause_is_taken_after_it_has_been_running_too(programs):
    programs.start(program("a", SLEEP, startsecs=0, autorestart="true", restart_delay="1h", restart_jitter=0))
    send(programs.wait_pid("a"), signal.SIGKILL)
    programs.wait_log("exited: a")
    row = wait_for(lambda: (now := programs.rows()["a"])["state"] == "BACKOFF" and now, "the pause")
    assert row["failures"] == 0
    assert programs.carry_out("programs-start", names=["a"])["results"][0]["result"] in ("ALREADY_STARTED",)
    assert len(programs.pids("a")) == 1


def test_a_stop_ends_the_endless_tries(programs):
    programs.start(program("a", "false", fatal="off", restart_delay="1h"))
    wait_for(lambda: programs.rows()["a"]["state"] == "BACKOFF", "the first failure")
    programs.carry_out("programs-stop", names=["a"])
    assert programs.rows()["a"]["state"] == "STOPPED"


@pytest.mark.parametrize("keys, muster, status", [
    ({"exit_on_fatal": "true"}, "", 1),
    ({}, "[muster]\nexit_on_fatal = true\n", 1),
], ids=["of that program", "of any"])
def test_musterd_ends_when_a_program_is_fatal(programs, keys, muster, status):
    programs.start(muster + program("a", "false", startretries=0, **keys) + program("b", SLEEP))
    assert programs.musterd.wait_exit() == status
    log = programs.musterd.log_text()
    assert "a program is FATAL, and exit_on_fatal is set: musterd ends" in log
    assert "musterd stopped" in log and "stopped: b" in log


def test_other_programs_may_be_fatal(programs):
    programs.start(program("a", "false", startretries=0) + program("b", SLEEP, exit_on_fatal="true"))
    programs.wait_log("gave up: a")
    assert programs.ask("ping")["ok"]


@pytest.mark.parametrize("keys, complaint", [
    ({"restart_delay": "x"}, "restart_delay"),
    ({"restart_jitter": "101"}, "restart_jitter"),
    ({"fatal": "never"}, "fatal"),
    ({"exit_on_fatal": "maybe"}, "exit_on_fatal"),
])
def test_wrong_values_are_refused_with_file_and_line(programs, keys, complaint):
    programs.configure(program("a", SLEEP, **keys))
    key, value = next(iter(keys.items()))
    programs.check_refused(f"{key} = {value}", complaint)
