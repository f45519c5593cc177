# SPDX-License-Identifier: MIT
"""orphans = adopt: who follows a musterd that was killed takes over its programs."""
import os
import pathlib
import signal

from support.processes import children_of, wait_dead, wait_for
from support.programs import SLEEP, program

ADOPT = "\n[muster]\norphans = adopt\ndatadir = {}\nrestart_delay = 100ms\n"


def are_themselves(pids):
    """Between fork and exec a child still has the lock and the sockets of its master."""
    return all(pathlib.Path(f"/proc/{pid}/comm").read_text() != "musterd\n" for pid in pids)


def told(daemon):
    """Of the upgrade; {} while it cuts the connection."""
    try:
        return daemon.ask("upgrade-status")
    except (ConnectionError, ValueError):
        return {}


def start_again(programs):
    daemon = programs.musterd
    wait_for(lambda: are_themselves(children_of(daemon.pid)))
    daemon.process.kill()
    daemon.process.wait()
    daemon.start()
    wait_for(lambda: all(row["state"] == "RUNNING" for row in programs.rows().values()))


def test_programs_go_on_under_the_next_master(programs):
    daemon = programs.musterd
    programs.start(program("a", SLEEP, startsecs="0") + program("echo", "cat", startsecs="0", stdout_logfile=programs.path("out"))
                   + program("slow", "sh -c 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.005; done'", startsecs="0",
                             stdout_logfile=programs.path("lines"), stdout_logfile_maxbytes="0"), daemon=ADOPT.format(programs.directory))
    programs.wait_log("spawned: 'slow'")
    before = {name: row["pid"] for name, row in programs.rows().items()}
    for _ in range(3):
        start_again(programs)
        assert {name: row["pid"] for name, row in programs.rows().items()} == before
    assert daemon.ask("upgrade")["ok"]
    wait_for(lambda: told(daemon).get("upgrades") == 1)
    assert {name: row["pid"] for name, row in programs.rows().items()} == before
    size = len(programs.text("lines"))
    wait_for(lambda: len(programs.text("lines")) > size + 100)
    for number, line in enumerate(programs.text("lines").splitlines()[:-1], 1):
        assert line == f"line {number}"
    os.kill(before["a"], signal.SIGKILL)  # its end is seen, and it is started again by us
    wait_for(lambda: programs.rows()["a"]["pid"] not in (None, before["a"]))
    programs.carry_out("programs-stop", names=["echo", "slow"])
    wait_dead([before["echo"], before["slow"]])
    daemon.stop()
    wait_dead(list(before.values()))


def test_what_has_ended_meanwhile_is_started_again(programs):
    programs.start(program("a", SLEEP, startsecs="0"), daemon=ADOPT.format(programs.directory))
    pid = programs.wait_pid("a")
    programs.musterd.process.kill()
    programs.musterd.process.wait()
    os.kill(pid, signal.SIGKILL)
    wait_dead([pid])
    programs.musterd.start()
    wait_for(lambda: programs.rows()["a"]["pid"] not in (None, pid))


def test_by_default_nothing_is_taken_over(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    pid = programs.wait_pid("a")
    start_again(programs)
    assert programs.rows()["a"]["pid"] != pid
