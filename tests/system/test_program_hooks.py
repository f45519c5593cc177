# SPDX-License-Identifier: MIT
"""[program:x]: pre_start, stop_command and post_stop."""
import os

import pytest

from support.processes import process_lives, wait_dead, wait_for
from support.programs import SLEEP, program

ONCE = {"startsecs": "0", "autorestart": "false"}


def state(programs):
    return programs.rows()["a"]["state"]


def test_pre_start_comes_before_and_post_stop_behind(programs):
    out = programs.path("out")
    say = lambda word: f"sh -c 'echo {word} $MUSTER_HOOK $MUSTER_EXIT $OWN >> {out}'"
    programs.start(program("a", f"sh -c 'echo run >> {out}; exit 3'", pre_start=say("before"), post_stop=say("behind"),
                           environment='OWN="x"', **ONCE))
    programs.wait_text("out", "^before pre_start x\nrun\nbehind post_stop 3 x\n$")
    wait_for(lambda: state(programs) == "EXITED", "its end")


def test_a_pre_start_that_fails_is_a_start_that_fails(programs):
    programs.start(program("a", SLEEP, pre_start="sh -c 'echo no database; exit 4'", startretries="0"))
    programs.wait_log("gave up: a")
    programs.wait_log("pre_start of a: no database")
    row = programs.rows()["a"]
    assert row["state"] == "FATAL" and "pre_start ended with exit status 4" in row["error"], row
    assert programs.pids("a") == []


@pytest.mark.parametrize("command, error", [
    ("sleep 600", "pre_start took longer than hook_timeout"),
    ("/nonexistent", "pre_start: can't find command '/nonexistent'"),
])
def test_a_pre_start_that_does_not_end_or_begin(programs, command, error):
    programs.start(program("a", SLEEP, pre_start=command, hook_timeout="100ms", startretries="0"))
    programs.wait_log("gave up: a")
    assert error in programs.rows()["a"]["error"]


def test_a_program_can_be_stopped_while_its_pre_start_runs(programs):
    programs.start(program("a", SLEEP, pre_start=f"sh -c 'echo $$ > {programs.path('pid')}; exec sleep 600'", startsecs="0"))
    hook = int(wait_for(lambda: programs.text("pid").strip(), "pre_start"))
    assert state(programs) == "STARTING"
    programs.carry_out("programs-stop", names=["a"])
    assert state(programs) == "STOPPED" and programs.pids("a") == []
    wait_dead([hook])


def test_stop_command_takes_the_place_of_the_signal(programs):
    programs.start(program("a", "sh -c \"trap 'exit 7' USR1; trap '' TERM; echo up; while :; do sleep 0.05; done\"", startsecs="0",
                           stdout_logfile=programs.path("out"), stop_command="sh -c 'echo asked; kill -USR1 $MUSTER_PID'"))
    programs.wait_text("out", "up")
    programs.carry_out("programs-stop", names=["a"])
    programs.wait_log("stopped: a .exit status 7.")
    programs.wait_log("stop_command of a: asked")


def test_a_stop_command_that_fails_is_followed_by_the_signal(programs):
    programs.start(program("a", SLEEP, startsecs="0", stop_command="false"))
    programs.wait_pid("a")
    programs.carry_out("programs-stop", names=["a"])
    programs.wait_log("stopped: a .terminated by SIGTERM.")


def test_who_does_not_stop_is_killed_with_its_stop_command(programs):
    programs.start(program("a", SLEEP, startsecs="0", stopwaitsecs="0.2", post_stop="sh -c 'echo cleaned'",
                           stop_command=f"sh -c 'echo $$ > {programs.path('pid')}; exec sleep 600'"))
    pid = programs.wait_pid("a")
    programs.carry_out("programs-stop", names=["a"])
    programs.wait_log("stopped: a .terminated by SIGKILL.")
    programs.wait_log("post_stop of a: cleaned")
    assert not process_lives(pid)
    wait_dead([int(text) for text in programs.text("pid").split()])  # it may not have come so far


def test_musterd_ends_while_a_hook_runs(programs):
    programs.start(program("a", SLEEP, pre_start=f"sh -c 'echo $$ > {programs.path('pid')}; exec sleep 600'"))
    hook = int(wait_for(lambda: programs.text("pid").strip(), "pre_start"))
    os.kill(programs.musterd.pid, 15)
    assert programs.musterd.wait_exit() == 0
    wait_dead([hook])
