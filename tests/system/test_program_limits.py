# SPDX-License-Identifier: MIT
"""[program:x]: limits, rights, environment and standard input of a process, as the kernel and the process see them."""
import os
import pwd
import sys

import pytest

from support.processes import wait_for
from support.programs import SLEEP, program

ONCE = {"startsecs": "0", "autorestart": "false"}
is_root = os.getuid() == 0


def run_once(programs, command, **keys):
    """The standard output of a program that runs once."""
    programs.start(program("a", command, stdout_logfile=programs.path("out"), **ONCE, **keys))
    programs.wait_log("exited: a .exit status 0; expected.")
    return programs.text("out")


@pytest.mark.no_valgrind("valgrind keeps the limit of descriptors to itself")
def test_limits_and_classes(programs):
    text = run_once(programs, "sh -c 'ulimit -S -n; ulimit -H -n; ulimit -c; ulimit -t; nice; ionice -p $$; cat /proc/self/oom_score_adj; "
                    "grep NoNewPrivs /proc/self/status'", rlimit_nofile="100:200", rlimit_core="0", rlimit_cpu="77", nice="5",
                    ionice="idle", oom_score_adj="321", no_new_privs="true")
    assert text.split("\n") == ["100", "200", "0", "77", "5", "idle", "321", "NoNewPrivs:\t1", ""]


@pytest.mark.no_valgrind("valgrind keeps the limit of descriptors to itself")
def test_a_limit_that_cannot_be_had_is_an_error_of_the_start(programs):
    with open("/proc/sys/fs/nr_open") as file:
        too_many = int(file.read()) + 1
    programs.start(program("a", SLEEP, rlimit_nofile=too_many, startretries="0", stderr_logfile=programs.path("err")))
    programs.wait_log("gave up: a")
    assert programs.text("err") == "musterd: couldn't set rlimit_nofile: EPERM\nsupervisor: child process was not spawned\n"


def test_what_uses_more_than_its_memory_limit_is_killed_and_that_is_said(programs):
    hungry = f"{sys.executable} -c \"x = bytearray(120 << 20); import time; time.sleep(600)\""
    programs.start(program("a", f"sh -c '{hungry} & wait'", memory_limit="64MB", autorestart="false", startsecs="0"))
    programs.wait_log(r"killing 'a' \(\d+\): it uses \d+.\d MB, its memory_limit is 64.0 MB")
    programs.wait_log("out of memory: a: Out of memory: it used")
    row = wait_for(lambda: (row := programs.rows()["a"])["out_of_memory"] and row, "the blame")
    assert row["state"] == "EXITED" and row["error"].startswith("Out of memory: it used ")
    assert row["description"].endswith(", out of memory")


def test_who_stays_below_its_memory_limit_lives(programs):
    programs.start(program("a", SLEEP, memory_limit="64MB") + program("b", "sh -c 'kill -9 $$'", startsecs="0", autorestart="false"))
    programs.wait_log("exited: b .terminated by SIGKILL; not expected.")
    assert "ut of memory" not in programs.musterd.log_text()
    assert programs.rows()["a"]["state"] in ("STARTING", "RUNNING")


def test_environment_of_files(programs):
    programs.path("one").write_text("export A='from file'\nB=from file # comment\nMINE=no\n")
    programs.path("secret").write_text("s3cret\n")
    text = run_once(programs, "env", env_file="%(here)s/one, -%(here)s/none", environment='MINE="yes"',
                    environment_from_file="TOKEN:%(here)s/secret", user_environment="true")
    lines = text.split("\n")
    for line in ["A=from file", "B=from file", "MINE=yes", "TOKEN=s3cret", f"HOME={os.path.expanduser('~' + os.environ.get('USER', 'root'))}"]:
        assert line in lines, line
    assert any(line.startswith("LOGNAME=") for line in lines)
    assert "s3cret" not in programs.musterd.log_text() and "s3cret" not in str(programs.rows())


@pytest.mark.skipif(not is_root, reason="only root can become another user")
def test_the_environment_is_that_of_the_user(programs):
    lines = run_once(programs, "env", user="nobody", user_environment="true").splitlines()
    user = pwd.getpwnam("nobody")
    for line in [f"HOME={user.pw_dir}", "USER=nobody", "LOGNAME=nobody", f"SHELL={user.pw_shell}"]:
        assert line in lines, lines


@pytest.mark.parametrize("keys, error", [
    ({"env_file": "/nonexistent"}, "spawnerr: env_file: cannot open /nonexistent: No such file or directory"),
    ({"env_file": "%(here)s/bad"}, r"spawnerr: env_file: \S+/bad: line 2: it is not NAME=value; names have letters, digits and _"),
    ({"environment_from_file": "X:/nonexistent"}, "spawnerr: environment_from_file: X: cannot open /nonexistent: No such file"),
    ({"stdin_file": "/nonexistent"}, "spawnerr: cannot open the stdin_file /nonexistent: No such file or directory"),
])
def test_a_file_that_cannot_be_read_is_an_error_of_the_start_and_warned_of_before(programs, keys, error):
    programs.path("bad").write_text("A=1\nB\n")
    programs.start(program("a", SLEEP, startretries="0", **keys))
    programs.wait_log("gave up: a")
    assert programs.count_log(error) == 1, programs.musterd.log_text()
    assert programs.count_log(rf"WARN .*\[program:a\] {list(keys)[0]}: ") == 1, programs.musterd.log_text()


def test_a_secret_is_read_anew_at_each_start(programs):
    programs.path("secret").write_text("one")
    programs.start(program("a", "sh -c 'echo $TOKEN; exec sleep 600'", environment_from_file="TOKEN:%(here)s/secret",
                           startsecs="0", stdout_logfile=programs.path("out")))
    programs.wait_text("out", "^one\n")
    programs.path("secret").write_text("two")
    programs.carry_out("programs-stop", names=["a"])
    programs.carry_out("programs-start", names=["a"])
    programs.wait_text("out", "^one\ntwo\n")


def test_standard_input_from_a_file(programs):
    programs.path("in").write_text("what is in it\n")
    assert run_once(programs, "cat", stdin_file="%(here)s/in") == "what is in it\n"
