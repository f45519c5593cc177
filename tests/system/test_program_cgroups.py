# SPDX-License-Identifier: MIT
"""[program:x]: memory_limit and cpu_limit by control groups of version 2, as the kernel has them. What needs the kernel's controllers
skips where those belong to version 1; that a process is in its group, and the group goes with it, is tested wherever cgroup2 can be
written to."""
import os
import pathlib
import signal
import subprocess
import sys

import pytest

from support.musterd import send
from support.processes import wait_for
from support.programs import SLEEP, Programs, program

HUNGRY = f"{sys.executable} -c \"x = bytearray(120 << 20); import time; time.sleep(600)\""
BUSY = "sh -c 'while :; do :; done'"


def mount_point():
    """Where groups can be made; None."""
    with open("/proc/self/mountinfo") as file:
        mounts = [line.split() for line in file if " - cgroup2 " in line]
    return next((pathlib.Path(mount[4]) for mount in mounts if os.access(mount[4], os.W_OK)), None)


def words(path):
    return path.read_text().split()


def members(group):
    return [int(pid) for pid in words(group / "cgroup.procs")]


def group_of(pid):
    """The path of a process's group, as the kernel says it."""
    text = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    return next(line[3:] for line in text.splitlines() if line.startswith("0::"))


def remove(group):
    """A group and all below it, when what is in them has ended."""
    for directory, _, _ in os.walk(group, topdown=False):
        wait_for(lambda: not members(pathlib.Path(directory)), f"the end of all in {directory}")
        os.rmdir(directory)


@pytest.fixture
def group(tmp_path, programs):
    """A group that is ours alone; musterd has ended when it is taken away."""
    mount = mount_point()
    if not mount:
        pytest.skip("no cgroup2 is mounted that may be written to")
    for controller in set(words(mount / "cgroup.controllers")) & {"memory", "cpu"}:
        if controller not in words(mount / "cgroup.subtree_control"):
            (mount / "cgroup.subtree_control").write_text(f"+{controller}")
    group = mount / f"muster-test-{os.getpid()}-{tmp_path.name}"
    group.mkdir()
    yield group
    programs.musterd.end()
    remove(group)


@pytest.fixture
def controllers(group):
    missing = {"memory", "cpu"} - set(words(group / "cgroup.controllers"))
    if missing:
        pytest.skip(f"cgroup v2 has no controller here for {' and '.join(sorted(missing))}")


@pytest.fixture
def programs(musterd):
    return Programs(musterd)


@pytest.fixture
def beside(programs, group):
    """musterd makes its groups below one that is named to it. Where they will be, when its pid is known."""
    programs.musterd.environment["MUSTER_CGROUP"] = str(group)
    return lambda: group / f"muster-{programs.musterd.pid}"


def reload(programs, sections):
    programs.configure(sections)
    programs.musterd.signal(signal.SIGHUP)


def test_a_process_and_all_below_it_are_in_a_group_that_goes_with_them(programs, beside):
    programs.start(program("a", "sh -c 'sleep 600 & echo child $!; wait'", memory_limit="1GB", stopasgroup="true",
                           stdout_logfile=programs.path("out")) + program("b", SLEEP))
    child = int(programs.wait_text("out", r"child (\d+)\n").group(1))
    own = beside() / "program-a"
    assert set(members(own)) == {programs.wait_pid("a"), child}
    assert group_of(child).endswith(f"/muster-{programs.musterd.pid}/program-a")
    assert [path.name for path in beside().iterdir() if path.is_dir()] == ["program-a"]
    assert group_of(programs.wait_pid("b")) == group_of(programs.musterd.pid)
    programs.carry_out("programs-stop", names=["a"])
    programs.carry_out("programs-start", names=["a"])
    wait_for(lambda: programs.wait_pid("a", 2) in members(own))


def test_a_group_in_which_something_is_left_is_taken_again(programs, beside):
    programs.start(program("a", "sh -c 'sleep 600 & echo child $!; exec sleep 600'", cpu_limit="0.5",
                           stdout_logfile=programs.path("out")))
    first = int(programs.wait_text("out", r"child (\d+)\n").group(1))
    programs.carry_out("programs-stop", names=["a"])
    programs.carry_out("programs-start", names=["a"])
    wait_for(lambda: {first, programs.wait_pid("a", 2)} <= set(members(beside() / "program-a")))
    for pid in members(beside() / "program-a"):
        send(pid, signal.SIGKILL)


def test_a_limit_that_comes_with_a_reload_takes_the_running_process_into_a_group(programs, beside):
    keys = {"stdout_logfile": programs.path("out"), "stopasgroup": "true"}
    command = "sh -c 'sleep 600 & echo child $!; wait'"
    programs.start("[muster]\n" + program("a", command, **keys))
    child = int(programs.wait_text("out", r"child (\d+)\n").group(1))
    reload(programs, "[muster]\n" + program("a", command, cpu_limit="50%", **keys))
    wait_for(lambda: group_of(child).endswith("/program-a"), lambda: programs.musterd.log_text())
    assert set(members(beside() / "program-a")) == {programs.wait_pid("a"), child}
    assert len(programs.pids("a")) == 1


def test_what_a_killed_musterd_has_left_is_taken_away(programs, beside):
    programs.start(program("a", "sleep 600", memory_limit="1GB"))
    pid = programs.wait_pid("a")
    first = beside()
    wait_for(lambda: pid in members(first / "program-a"))
    programs.musterd.process.kill()
    programs.musterd.process.wait()
    send(pid, signal.SIGKILL)
    wait_for(lambda: not members(first / "program-a"))
    programs.start(program("a", "sleep 600", memory_limit="1GB"))
    wait_for(lambda: beside() != first and (beside() / "program-a").exists())
    assert not first.exists()


def upgrades(programs):
    """How many there have been; nothing while one cuts the connection."""
    try:
        return programs.ask("upgrade-status")["upgrades"]
    except (OSError, ValueError):
        return 0


def test_the_group_is_known_after_an_upgrade(programs, beside):
    programs.start(program("a", SLEEP, memory_limit="1GB"))
    own = beside() / "program-a"
    wait_for(lambda: members(own) == [programs.wait_pid("a")])
    before = upgrades(programs)
    assert programs.ask("upgrade")["ok"]
    wait_for(lambda: upgrades(programs) > before, lambda: programs.musterd.log_text())
    assert members(own) == [programs.wait_pid("a")]
    programs.carry_out("programs-stop", names=["a"])
    assert not own.exists()


def test_where_no_group_can_be_had_it_is_said_and_memory_is_watched(programs):
    programs.musterd.environment["MUSTER_CGROUP"] = str(programs.path("none"))
    programs.start(program("a", HUNGRY, memory_limit="64MB", cpu_limit="0.5", autorestart="false", startsecs="0"))
    programs.wait_log(r"programs get no cgroups: cannot make the cgroup \S+/none/muster-\d+: No such file or directory")
    assert programs.count_log(r"WARN .*cpu_limit.*no effect") == 1
    programs.wait_log("out of memory: a: Out of memory: it used")


def test_a_share_of_more_processors_than_there_are_is_warned_of(programs):
    programs.start(program("a", SLEEP, cpu_limit="1024"))
    assert programs.count_log(r"WARN \S+:\d+: \[program:a\] cpu_limit: it limits nothing") == 1


def test_the_kernel_keeps_memory_limit_and_gets_the_blame(programs, controllers, beside):
    programs.start(program("a", f"sh -c '{HUNGRY} & wait'", memory_limit="64MB", autorestart="false", startsecs="0") +
                   program("b", SLEEP, memory_limit="64MB"))
    programs.wait_log("out of memory: a: Out of memory: killed by the kernel, past its memory_limit of 64.0 MB")
    row = wait_for(lambda: (row := programs.rows()["a"])["out_of_memory"] and row, "the blame")
    assert row["state"] == "EXITED" and row["error"].startswith("Out of memory: killed by the kernel")
    own = beside() / "program-b"
    assert (own / "memory.max").read_text() == f"{64 << 20}\n" and (own / "memory.oom.group").read_text() == "1\n"
    assert programs.rows()["b"]["state"] in ("STARTING", "RUNNING") and programs.count_log("killing 'a'") == 0


def test_who_is_killed_by_hand_has_not_run_out_of_memory(programs, controllers, beside):
    programs.start(program("a", "sh -c 'kill -9 $$'", memory_limit="64MB", startsecs="0", autorestart="false"))
    programs.wait_log("exited: a .terminated by SIGKILL; not expected.")
    assert not programs.rows()["a"]["out_of_memory"] or "the kernel's out-of-memory killer" in programs.rows()["a"]["error"]
    assert programs.count_log("past its memory_limit") == 0


def test_cpu_limit_throttles_and_follows_a_reload(programs, controllers, beside):
    programs.start("[muster]\n" + program("a", BUSY, cpu_limit="5%"))
    own = beside() / "program-a"
    wait_for(lambda: own.exists() and (own / "cpu.max").read_text() == "5000 100000\n")
    wait_for(lambda: int(dict(line.split() for line in (own / "cpu.stat").read_text().splitlines())["nr_throttled"]) > 2)
    reload(programs, "[muster]\n" + program("a", BUSY, cpu_limit="0.5", memory_limit="1GB"))
    wait_for(lambda: (own / "cpu.max").read_text() == "50000 100000\n", lambda: programs.musterd.log_text())
    assert (own / "memory.max").read_text() == f"{1 << 30}\n"
    reload(programs, "[muster]\n" + program("a", BUSY))
    wait_for(lambda: (own / "cpu.max").read_text() == "max 100000\n", lambda: programs.musterd.log_text())
    assert (own / "memory.max").read_text() == "max\n" and len(programs.pids("a")) == 1


def start_in(programs, group, sections):
    """musterd in a group of its own, as systemd starts it."""
    programs.configure(sections)
    programs.musterd.socket = programs.path("s.muster.sock")
    programs.musterd.start(preexec=lambda: (group / "cgroup.procs").write_text("0"))


def test_in_a_group_of_its_own_musterd_makes_room(programs, controllers, group):
    start_in(programs, group, program("a", SLEEP, cpu_limit="0.5") + program("b", SLEEP))
    a, b = programs.wait_pid("a"), programs.wait_pid("b")
    wait_for(lambda: members(group / "program-a") == [a])
    assert (group / "program-a/cpu.max").read_text() == "50000 100000\n"
    wait_for(lambda: set(members(group / "muster.main")) == {programs.musterd.pid, b})
    before = upgrades(programs)
    assert programs.ask("upgrade")["ok"]
    wait_for(lambda: upgrades(programs) > before, lambda: programs.musterd.log_text())
    assert members(group / "program-a") == [a]
    programs.carry_out("programs-stop", names=["a"])
    programs.carry_out("programs-start", names=["a"])
    wait_for(lambda: members(group / "program-a") == [programs.wait_pid("a", 2)])


def test_where_one_was_killed_the_next_is_started_in_the_same_group(programs, controllers, group):
    """As systemd does it with KillMode=process: the kernel lets nobody into a group whose children have controllers."""
    sections = "[muster]\norphans = adopt\n" + program("a", SLEEP, cpu_limit="0.5", memory_limit="64MB")
    start_in(programs, group, sections)
    a = programs.wait_pid("a")
    wait_for(lambda: members(group / "program-a") == [a])
    assert set(words(group / "cgroup.subtree_control")) == {"cpu", "memory"}
    programs.musterd.process.kill()
    programs.musterd.process.wait()
    wait_for(lambda: not words(group / "cgroup.subtree_control"), "a group that one can be started in")
    start_in(programs, group, sections)
    programs.wait_log(f"adopted: 'a' with pid {a}")
    assert (group / "program-a/cpu.max").read_text() == "50000 100000\n"
    assert (group / "program-a/memory.max").read_text() == f"{64 << 20}\n"
    assert members(group / "program-a") == [a]


def test_a_group_that_others_are_in_is_left_alone(programs, controllers, group):
    other = subprocess.Popen(["sleep", "600"], preexec_fn=lambda: (group / "cgroup.procs").write_text("0"))
    try:
        start_in(programs, group, program("a", SLEEP, cpu_limit="0.5") + program("b", HUNGRY, memory_limit="64MB", autorestart="false"))
        programs.wait_log(rf"WARN cpu_limit of 'a' has no effect: the cgroup \S+ is not musterd's alone, process {other.pid} is in it")
        programs.wait_log("out of memory: b: Out of memory: it used")
        assert [path for path in group.iterdir() if path.is_dir()] == []
    finally:
        other.kill()
        other.wait()
