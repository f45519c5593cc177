# SPDX-License-Identifier: MIT
"""muster status, start, stop …: programs by the words that supervisorctl has."""
import json
import os
import signal
import subprocess

import pytest

from support.musterd import MUSTERD
from support.processes import PATIENCE, process_lives, wait_dead, wait_for
from support.programs import SLEEP, program

MUSTER = MUSTERD.parent / "muster"
WEBS = program("web", SLEEP, numprocs=2, process_name="web-%(process_num)d", startsecs=0)


def muster(programs, *arguments):
    done = subprocess.run([MUSTER, "-c", programs.musterd.config, *arguments], capture_output=True, text=True, timeout=PATIENCE * 2,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def rows(programs, *arguments, name="programs"):
    code, said = muster(programs, *arguments, "--json")
    return code, {row["name"]: row for row in json.loads(said)[name]}


def results(programs, *arguments):
    code, found = rows(programs, *arguments)
    return code, {name: row["result"] for name, row in found.items()}


def test_status_tells_when_a_program_runs_next(programs):
    programs.start(program("a", "true", schedule="0 4 29 2 *"))
    _, found = rows(programs, "status")
    assert found["a"]["next_run_at"].endswith("-02-29 04:00:00")
    assert "Not started, next run Feb 29 04:00 AM" in muster(programs, "status")[1]


def test_status(programs):
    programs.start(WEBS + program("b", SLEEP, autostart="false"))
    programs.wait_log("success: web-", 2)
    code, found = rows(programs, "status")
    assert code == 3 and {name: row["state"] for name, row in found.items()} == \
        {"web:web-0": "RUNNING", "web:web-1": "RUNNING", "b": "STOPPED"}
    assert found["web:web-0"]["description"].startswith(f"pid {found['web:web-0']['pid']}, uptime 0:0")
    assert found["b"]["out_of_memory"] is False and found["b"]["next_run_at"] is None
    code, said = muster(programs, "status", "web-*")
    assert code == 0 and "web:web-1" in said and "RUNNING" in said and "b" not in said.split()
    assert muster(programs, "status", "nobody")[0] == 4
    assert muster(programs, "pid")[1].strip() == str(programs.musterd.pid)


def test_start_stop_and_restart(programs):
    programs.start(WEBS + program("short", "false", autostart="false", startsecs=60, startretries=0) + program("slow", SLEEP, startsecs=600, autostart="false"))
    programs.wait_log("success: web-", 2)
    both = {"web:web-0", "web:web-1"}
    assert results(programs, "stop", "web-*") == (0, dict.fromkeys(both, "stopped"))
    assert results(programs, "stop", "web") == (7, dict.fromkeys(both, "not running"))
    assert results(programs, "start", "web") == (0, dict.fromkeys(both, "started"))
    assert results(programs, "start", "web:web-0", "nobody") == (1, {"web:web-0": "already started", "nobody": "no such program"})
    assert results(programs, "restart", "web", "--at-once=1") == (0, dict.fromkeys(both, "restarted"))
    assert results(programs, "start", "short") == (7, {"short": "spawn error"})
    assert results(programs, "start", "slow", "--wait=0") == (0, {})
    assert programs.rows()["slow"]["state"] == "STARTING"
    assert results(programs, "signal", "CONT", "web-*") == (0, dict.fromkeys(both, "signalled"))
    assert muster(programs, "start")[0] == 2


def test_update_shows_and_does_what_has_changed(programs):
    programs.start(WEBS + program("old", SLEEP, startsecs=0))
    programs.wait_log("success: ", 3)
    before = programs.rows()
    programs.configure(WEBS.replace("numprocs = 2", "numprocs = 3") + program("new", SLEEP, startsecs=0))
    for arguments in [("reread",), ("update", "--dry-run"), ("update",)]:
        code, said = muster(programs, *arguments, "--json")
        assert code == 0 and {(row["group"], row["change"], row["program"]) for row in json.loads(said)["changes"]} == \
            {("web", "changed", "web-2"), ("new", "added", None), ("old", "removed", None)}
    wait_dead([before["old"]["pid"]])
    after = programs.rows()
    assert set(after) == {"web-0", "web-1", "web-2", "new"} and after["web-0"]["pid"] == before["web-0"]["pid"]
    assert "nothing has changed" in muster(programs, "update")[1]
    assert rows(programs, "avail")[1]["web:web-2"]["in_use"] is True
    assert muster(programs, "stop", "new")[0] == 0 and muster(programs, "remove", "new")[0] == 0
    assert muster(programs, "add", "new")[0] == 0
    wait_for(lambda: programs.rows()["new"]["state"] == "RUNNING")


def test_logs(programs):
    programs.start(program("cat", "cat", startsecs=0, stdout_logfile=programs.path("out")) + WEBS)
    programs.wait_log("success: cat")
    programs.ask("programs-write", names=["cat"], text="0123456789\n")
    programs.wait_text("out", "9\n")
    assert muster(programs, "tail", "cat") == (0, "0123456789\n")
    assert muster(programs, "tail", "-n", "4", "cat") == (0, "789\n")
    assert muster(programs, "tail", "web")[0] == 2 and muster(programs, "tail", "nobody")[0] == 3
    assert "success: cat" in muster(programs, "maintail")[1]
    assert muster(programs, "clear", "cat")[0] == 0 and muster(programs, "tail", "cat") == (0, "")


@pytest.mark.parametrize("word", ["tail", "fg"])
def test_a_log_is_followed(programs, word):
    programs.start(program("cat", "cat", startsecs=0, stdout_logfile=programs.path("out")))
    programs.wait_log("success: cat")
    options = ["-f"] if word == "tail" else []
    client = subprocess.Popen([MUSTER, "-c", programs.musterd.config, word, *options, "cat"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    if word == "tail":
        programs.ask("programs-write", names=["cat"], text="typed\n")
    else:
        client.stdin.write(b"typed\n")
        client.stdin.flush()
    assert client.stdout.readline() == b"typed\n"
    os.kill(client.pid, signal.SIGINT)
    assert client.wait(PATIENCE) == -signal.SIGINT
    assert process_lives(programs.wait_pid("cat"))


def test_reload_and_shutdown(programs):
    programs.start(WEBS)
    programs.wait_log("success: web-", 2)
    assert muster(programs, "reload")[0] == 0
    programs.wait_log("success: web-", 4)
    assert muster(programs, "shutdown")[0] == 0
    assert programs.musterd.wait_exit() == 0
    assert muster(programs, "status")[0] == 4
