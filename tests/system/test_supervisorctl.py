# SPDX-License-Identifier: MIT
"""Debian's supervisorctl says the same of both daemons with the same configuration: every action, and its exit code."""
import itertools
import os
import pty
import re
import signal
import subprocess

import pytest

from support.musterd import clean_environment
from support.processes import PATIENCE, wait_for
from support.programs import SLEEP, program
from support.supervisors import SUPERVISORCTL, Pair, is_installed

pytestmark = pytest.mark.skipif(not is_installed(), reason="there is no supervisorctl")

WEBS = program("web", SLEEP, numprocs=2, process_name="web-%(process_num)d", startsecs=0)
CAT = program("cat", "cat", startsecs=0, stdout_logfile="{here}/out", stderr_logfile="{here}/err")
FAILING = (program("gone", "/nonexistent/file", autostart="false") + program("plain", "{here}/plain", autostart="false")
           + program("short", "false", autostart="false", startsecs=60, startretries=0))
SEVERAL = WEBS + CAT + FAILING + program("a", SLEEP, startsecs=0) + program("b", SLEEP, autostart="false", startsecs=0) \
    + "[group:pair]\nprograms = a, b\npriority = 5\n"
STATES = {"web-0": "RUNNING", "web-1": "RUNNING", "cat": "RUNNING", "a": "RUNNING", "b": "STOPPED", "gone": "STOPPED",
          "plain": "STOPPED", "short": "STOPPED"}


@pytest.fixture
def pair(tmp_path):
    daemons = Pair(tmp_path)
    for daemon in daemons.both:
        (daemon.directory / "plain").write_text("")
    daemons.start(SEVERAL)
    daemons.wait_states(**STATES)
    yield daemons
    daemons.end()


def told_apart(text):
    """What each action said: the shell writes its prompt before each."""
    return text.replace("supervisor> ", "\nsupervisor>\n")


def with_members_in_order(lines):
    """The members of a group answer as they end: what they say beside each other comes in the order of their names."""
    def group_of(line):
        found = re.match(r"(\w+):[\w-]+: ", line)
        return found and found[1]
    return [line for group, said in itertools.groupby(lines, group_of) for line in (sorted(said) if group else said)]


def compare(pair, *actions, in_order=True):
    """What the shell says to these actions, after it was the same from both."""
    script = "\n".join(actions) + "\nexit\n"
    theirs, ours = (daemon.mask(told_apart(daemon.ctl("-i", text=script)[1])) for daemon in pair.both)
    arrange = with_members_in_order if in_order else sorted
    theirs, ours = (arrange(said.splitlines()) for said in (theirs, ours))
    assert ours == theirs
    return "\n".join(ours)


def compare_codes(pair, **actions):
    """The same of single actions, with their exit codes, which are the given ones."""
    for action, code in actions.items():
        arguments = action.split()
        theirs, ours = ((said[0], daemon.mask(said[1])) for daemon in pair.both for said in [daemon.ctl(*arguments)])
        assert ours == theirs and ours[0] == code, action


def test_status_pid_avail_and_version(pair):
    said = compare(pair, "status", "status web:*", "status web:web-0 cat", "status nobody", "status nobody:*", "status web:nobody",
                   "status b", "status all", "pid", "pid cat", "pid web:web-1 b nobody", "pid all", "avail", "avail x", "version",
                   "nonsense", "help", "help status")
    assert "RUNNING   pid N, uptime T" in said
    compare_codes(pair, **{"status": 3, "status cat": 0, "status nobody": 4, "pid pair:b": 7, "pid nobody": 1, "nonsense": 1})


def test_starting_and_stopping(pair):
    said = compare(pair, "start", "stop", "restart", "start cat", "stop cat", "stop cat", "start cat b", "start cat", "start pair:b", "stop pair:*",
                   "start pair:*", "start gone", "start plain", "start short", "start nobody", "start nobody:*", "stop nobody",
                   "stop nobody:*", "stop web:web-0 web:web-1", "start web:*", "restart web:*", "restart cat nobody")
    for word in ["cat: started", "cat: ERROR (not running)", "cat: ERROR (already started)", "gone: ERROR (no such file)",
                 "plain: ERROR (file is not executable)", "short: ERROR (spawn error)", "nobody: ERROR (no such process)",
                 "nobody: ERROR (no such group)"]:
        assert word in said, word
    compare_codes(pair, **{"start": 2, "start cat": 0, "start short": 7, "start nobody": 1, "start nobody:*": 2, "stop b nobody": 1})


def test_all_of_them(pair):
    compare(pair, "stop all", "stop all", "start all", "restart all", in_order=False)


def test_signals(pair):
    compare(pair, "signal", "signal CONT", "signal CONT cat", "signal CONT b", "signal NO cat", "signal CONT web:*", "signal CONT nobody",
            "signal CONT nobody:*", "signal NO web:*", "signal CONT all", "signal 18 cat web:web-0")


def test_tail_and_clear(pair):
    for daemon in pair.both:
        daemon.call("supervisor.sendProcessStdin", "cat", "0123456789\n")
        wait_for(lambda: daemon.text("out"))
    compare(pair, "tail", "tail cat", "tail cat stdout", "tail cat stderr", "tail cat other", "tail -5 cat", "tail -x cat", "tail nobody",
            "tail a b c d", "tail b", "tail cat:*", "clear", "clear cat", "tail cat", "clear nobody", "clear b web:web-0", "maintail x y",
            "maintail x", "maintail -x")
    compare(pair, "clear all", in_order=False)


def test_maintail(pair):
    for daemon in pair.both:
        code, said = daemon.ctl("maintail")
        assert code == 0 and said.rstrip("\n") == daemon.text("s.log")[-1600:].rstrip("\n")
        assert daemon.ctl("maintail", "-7")[1].rstrip("\n") == daemon.text("s.log")[-7:].rstrip("\n")


def follow(daemon, *arguments):
    return subprocess.Popen([SUPERVISORCTL, "-c", daemon.config, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env={**clean_environment(), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}, text=True)


@pytest.mark.parametrize("arguments", [("tail", "-f", "cat"), ("tail", "-f", "cat", "stdout")])
def test_a_log_is_followed(pair, arguments):
    for daemon in pair.both:
        client = follow(daemon, *arguments)
        assert client.stdout.readline() == "==> Press Ctrl-C to exit <==\n"
        for number in range(3):
            daemon.call("supervisor.sendProcessStdin", "cat", f"line {number}\n")
            assert client.stdout.readline() == f"line {number}\n"
        client.send_signal(signal.SIGINT)
        assert client.wait(PATIENCE) == 0


def test_the_log_of_the_daemon_is_followed(pair):
    for daemon in pair.both:
        client = follow(daemon, "maintail", "-f")
        daemon.ctl("stop", "cat")
        while "stopped: cat (terminated by SIGTERM)" not in client.stdout.readline():
            assert client.poll() is None
        client.send_signal(signal.SIGINT)
        assert client.wait(PATIENCE) == 0


def test_a_program_in_the_foreground(pair):
    compare(pair, "fg", "fg nobody", "fg b", "fg a b")
    for daemon in pair.both:
        main, side = pty.openpty()
        client = subprocess.Popen([SUPERVISORCTL, "-c", daemon.config, "fg", "cat"], stdin=side, stdout=side, stderr=side,
                                  env={**clean_environment(), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}, start_new_session=True)
        os.close(side)
        said = b""
        while b"Press Ctrl-C to exit" not in said:
            said += os.read(main, 1000)
        os.write(main, b"typed\n")
        wait_for(lambda: daemon.text("out") == "typed\n", lambda: said)
        client.kill()  # at an interrupt it waits for its own thread now and then, whichever daemon it talks to
        os.close(main)
        client.wait(PATIENCE)


def test_another_configuration(pair):
    assert "No config updates to processes" in compare(pair, "reread", "update", "reread x")
    changed = WEBS.replace("600", "601") + CAT + program("new", SLEEP, startsecs=0) + program("later", SLEEP, startsecs=0)
    pair.configure(changed)
    said = compare(pair, "reread", "add new", "add new", "add nobody", "remove web", "remove nobody", "stop web:*", "remove web", "add web",
                   "avail", "update nobody", "update later")
    for word in ["new: available", "web: changed", "pair: disappeared", "new: added process group", "ERROR: process group already active",
                 "ERROR: no such process/group: nobody", "web: removed process group", "ERROR: process/group still running: web"]:
        assert word in said, word
    compare(pair, "update", in_order=False)
    for daemon in pair.both:
        wait_for(lambda: daemon.states() == {"web-0": "RUNNING", "web-1": "RUNNING", "cat": "RUNNING", "new": "RUNNING", "later": "RUNNING"},
                 lambda: f"{daemon.states()}\n{daemon.output()}")
    compare(pair, "update", "reread")


def test_the_shell_asks_before_it_ends_the_daemon(pair):
    said = compare(pair, "shutdown", "n", "reload", "n", "", "exit")
    assert "Really shut the remote supervisord process down y/N?" in said and "Really restart the remote supervisord process y/N?" in said


def test_reload_and_shutdown(pair):
    compare_codes(pair, **{"reload x": 1, "reload": 0})
    for daemon in pair.both:
        wait_for(daemon.answers)
        daemon.wait_states(**STATES)
    compare_codes(pair, **{"shutdown x": 1, "shutdown": 0})
    for daemon in pair.both:
        assert daemon.process.wait(PATIENCE) == 0
    compare_codes(pair, **{"status": 4, "start cat": 7, "pid": 7, "shutdown": 1})
