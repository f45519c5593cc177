# SPDX-License-Identifier: MIT
"""[program:x] schedule: programs that are started at their times. The clock is musterd's own. It goes on from its
start, so it is set to well before the time, and to shortly before it when musterd runs."""
import os
import pathlib

import pytest

from support.processes import wait_for
from support.programs import SLEEP, program

FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
pytestmark = pytest.mark.skipif(not FAKETIME.exists(), reason="needs the package faketime")


@pytest.fixture
def clock(programs):
    """Sets the wall clock of a musterd that is started from now on, and of the one that runs."""
    path = programs.path("clock")
    programs.musterd.environment |= {
        "LD_PRELOAD": str(FAKETIME), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        "FAKETIME_TIMESTAMP_FILE": str(path), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", "TZ": "UTC"}
    return lambda text: path.write_text(f"@{text}")


def wait_told(programs, pattern, count=1):
    """musterd looks at the clock when it is asked something."""
    wait_for(lambda: programs.rows() and programs.count_log(pattern) >= count, lambda: f"{pattern}\n{programs.musterd.log_text()}")


def test_it_is_started_at_its_times_and_tells_the_next_one(programs, clock):
    clock("2026-03-10 11:56:00")
    programs.start(program("a", "sh -c 'echo run'", schedule="*/5 * * * *", stdout_logfile=programs.path("out")))
    clock("2026-03-10 11:59:59")
    wait_told(programs, "schedule: a is due")
    programs.wait_text("out", "^run\n$")
    row = wait_for(lambda: (row := programs.rows()["a"])["state"] == "EXITED" and row, "its end")
    assert row["description"] == "Mar 10 12:00 PM, next run Mar 10 12:05 PM"
    assert row["next_run_at"] == 1773144300000
    assert programs.count_log("spawned: 'a'") == 1


def test_the_time_zone_is_its_own(programs, clock):
    clock("2026-03-10 06:20:00")
    programs.start(program("a", "true", schedule="0 12 10 3 *", schedule_timezone="Asia/Kolkata"))
    clock("2026-03-10 06:29:59")
    wait_told(programs, "schedule: a is due")


@pytest.mark.parametrize("overlap, said", [
    ("skip", "schedule: a is due, but its last run goes on; skipped"),
    ("queue", "schedule: a is due, and waits for the end of its last run"),
    ("replace", "schedule: a is due, and replaces its last run"),
])
def test_two_runs_never_overlap(programs, clock, overlap, said):
    clock("2026-03-10 11:10:00")
    programs.start(program("a", SLEEP, schedule="0 * * * *", schedule_overlap=overlap, autostart="true"))
    first = programs.wait_pid("a")
    clock("2026-03-10 11:59:59")
    wait_told(programs, said)
    if overlap == "queue":
        os.kill(first, 15)
    if overlap == "skip":
        assert programs.pids("a") == [first]
    else:
        programs.wait_pid("a", 2)


def test_several_runs_at_once_where_that_is_allowed(programs, clock):
    clock("2026-03-10 11:10:00")
    programs.start(program("a", f"sh -c 'echo %(process_num)d >> {programs.path('out')}; exec {SLEEP}'", schedule="0 * * * *",
                           schedule_overlap="allow", schedule_catch_up=programs.path("stamp"), numprocs="2",
                           process_name="a_%(process_num)d"))
    clock("2026-03-10 11:59:59")
    wait_told(programs, "spawned: 'a_0'")
    clock("2026-03-10 12:59:59")  # the first one goes on: another process is the next run
    wait_told(programs, "spawned: 'a_1'")
    clock("2026-03-10 13:59:59")  # both do
    wait_told(programs, "schedule: a is due, but all its 2 processes still run; skipped")
    assert programs.count_log("spawned: 'a_") == 2
    programs.carry_out("programs-stop", names=["a:a_0"])  # a stop ends one run, and makes room for the next
    clock("2026-03-10 14:59:59")
    wait_told(programs, "spawned: 'a_0'", 2)
    assert programs.count_log("spawned: 'a_") == 3
    programs.wait_text("out", "^0\n1\n0\n")


def test_several_runs_at_once_need_several_processes(programs):
    programs.configure(program("a", "true", schedule="* * * * *", schedule_overlap="allow"))
    said = programs.refused()
    assert "muster.ini:" in said and "schedule_overlap: allow needs several processes" in said, said


def test_a_run_under_way_and_one_that_waits_go_on_after_an_upgrade(programs, clock):
    clock("2026-03-10 11:59:59")
    programs.start(program("a", SLEEP, schedule="* * * * *", schedule_overlap="queue", autostart="true"))
    first = programs.wait_pid("a")
    programs.wait_log("schedule: a is due, and waits for the end of its last run")
    clock("2026-03-10 12:00:20")
    next_run = programs.rows()["a"]["next_run_at"]
    programs.musterd.upgrade()
    row = programs.rows()["a"]
    assert (row["pid"], row["next_run_at"]) == (first, next_run)
    os.kill(first, 15)
    programs.wait_pid("a", 2)


def test_what_was_missed_is_made_up_for_once(programs, clock):
    clock("2026-03-10 11:30:00")
    stamp = programs.path("stamp")
    stamp.touch()
    os.utime(stamp, (1773000000, 1773000000))  # 8 March
    sections = program("a", "true", schedule="@daily", schedule_catch_up=stamp) + program("b", "true", schedule="@daily")
    programs.start(sections)
    programs.wait_log("exited: a .exit status 0; expected.")
    assert stamp.stat().st_mtime > 1773000000
    assert programs.count_log("spawned: 'a'") == 1 and programs.count_log("spawned: 'b'") == 0
    assert "next run Mar 11 12:00 AM" in programs.rows()["a"]["description"]
