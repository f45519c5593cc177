# SPDX-License-Identifier: MIT
"""musterd as a program: its options, its pid file, going to the background."""
import fcntl
import os
import signal
import subprocess
import threading

import pytest

from support.musterd import MUSTERD
from support.processes import PATIENCE, descriptors_of, process_lives, wait_dead, wait_for


def run(musterd, *arguments, **options):
    return subprocess.run([MUSTERD, *arguments], capture_output=True, text=True, timeout=PATIENCE, cwd=musterd.directory,
                          stdin=subprocess.DEVNULL, env=musterd.environment, **options)


def test_help_and_version(musterd):
    help_ = run(musterd, "--help")
    assert help_.returncode == 0 and help_.stderr == ""
    for word in ("--config=FILE", "--nodaemon", "--daemon", "--check", "HUP"):
        assert word in help_.stdout
    version = run(musterd, "--version")
    assert version.returncode == 0 and version.stdout.startswith("musterd ")


@pytest.mark.parametrize("arguments", [["--nothing"], ["-x"], ["-c"], ["surplus"]], ids=" ".join)
def test_bad_options(musterd, arguments):
    result = run(musterd, *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert "--help" in result.stderr and arguments[0].strip("-") in result.stderr


def test_check_says_whether_the_configuration_is_right_and_starts_nothing(musterd):
    musterd.configure("[queue:emails]\ncommand = true\n")
    result = run(musterd, "-t", "-c", musterd.config)
    assert (result.returncode, result.stdout) == (0, f"{musterd.config}: valid; connections: 1, queues: 1\n")
    musterd.write_config("[queue:emails]\nworkers = x\n")
    result = run(musterd, "--check", f"--config={musterd.config}")
    assert result.returncode == 2 and f"{musterd.config}:2: " in result.stderr
    assert sorted(path.name for path in musterd.directory.iterdir()) == ["muster.ini"]


@pytest.mark.parametrize("text, status", [("[queue:emails]\nworkers = x\n", 2), (None, 3)], ids=["wrong", "missing"])
def test_a_configuration_that_cannot_be_used_ends_it(musterd, text, status):
    if text:
        musterd.write_config(text)
    result = run(musterd, "-c", musterd.config)
    assert result.returncode == status and str(musterd.config) in result.stderr


def test_the_file_is_found_where_the_manual_says(musterd):
    musterd.configure()
    assert f"{musterd.directory}/muster.ini: valid" in run(musterd, "-t").stdout
    other = musterd.directory / "other.ini"
    other.write_text("[queue:a]\n[queue:b]\n")
    musterd.environment["MUSTER_CONFIG"] = str(other)
    assert f"{other}: valid; connections: 1, queues: 2" in run(musterd, "-t").stdout


def test_there_are_never_two(musterd):
    musterd.configure("[queue:emails]\ncommand = true\n")
    musterd.start()
    workers = musterd.wait_running(1)
    second = run(musterd, "-c", musterd.config)
    assert second.returncode == 1
    assert f"musterd is already running (pid {musterd.pid}, which holds {musterd.pidfile})" in second.stderr
    assert musterd.pidfile.read_text() == f"{musterd.pid}\n"
    assert musterd.running() == workers


def test_a_pid_file_that_was_left_behind_stops_nobody(musterd):
    musterd.configure()
    musterd.pidfile.write_text(f"{os.getpid()}\n")
    musterd.start()
    assert musterd.pidfile.read_text() == f"{musterd.pid}\n"


def test_a_child_of_a_killed_musterd_that_still_has_its_lock_is_waited_for(musterd):
    """Between fork and exec it has all descriptors of its master."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    musterd.configure()
    with musterd.pidfile.open("w") as file:
        file.write(f"{dead.pid}\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        starting = threading.Thread(target=musterd.start)
        starting.start()
        wait_for(lambda: musterd.process and str(musterd.pidfile) in descriptors_of(musterd.pid).values())
        fcntl.flock(file, fcntl.LOCK_UN)
    starting.join()
    assert musterd.answers(), musterd.log_text()
    assert musterd.pidfile.read_text() == f"{musterd.pid}\n"


def test_a_file_that_is_no_pid_file_is_not_overwritten(musterd):
    musterd.configure()
    musterd.pidfile.write_text("precious text\n")
    musterd.start()
    assert musterd.wait_exit() == 2
    assert str(musterd.pidfile) in musterd.log_text()
    assert musterd.pidfile.read_text() == "precious text\n"


def test_missing_directories_are_made(musterd):
    below = musterd.directory / "a" / "b"
    musterd.pidfile, musterd.socket = below / "run" / "musterd.pid", below / "socket" / "muster.sock"
    musterd.configure(pidfile=musterd.pidfile, socket=musterd.socket)
    musterd.start()
    assert musterd.pidfile.exists() and musterd.socket.exists()


def test_a_log_file_that_cannot_be_opened_is_said(musterd):
    musterd.configure(logfile=musterd.directory)
    result = run(musterd, "-c", musterd.config)
    assert result.returncode == 1 and f"{musterd.directory}: Is a directory" in result.stderr


# --- the background ---


@pytest.fixture
def background(musterd):
    yield musterd
    if musterd.pidfile.exists():
        pid = int(musterd.pidfile.read_text())
        os.kill(pid, signal.SIGKILL)
        wait_dead([pid])


def test_in_the_background_it_is_ready_when_the_command_returns(background):
    background.configure("[queue:emails]\ncommand = true\n", logfile=background.log)
    result = run(background, "-b", "-c", background.config)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    pid = background.ask("ping")["pid"]
    assert background.pidfile.read_text() == f"{pid}\n"
    assert os.getsid(pid) == pid != os.getsid(0)
    background.wait_running(1)
    os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not process_lives(pid))
    assert not background.pidfile.exists()


def test_in_the_background_a_failing_start_is_told_and_has_a_status(background):
    background.configure(logfile=background.log)
    background.socket.write_text("in the way")
    result = run(background, "-b", "-c", background.config)
    assert result.returncode == 1
    assert "cannot listen at the control socket" in result.stderr + background.log_text()
