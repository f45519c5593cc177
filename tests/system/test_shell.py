# SPDX-License-Identifier: MIT
"""muster shell: commands as they are typed, at a terminal and from a file."""
import os
import signal

import pytest

from support.processes import children_of, process_lives, wait_for
from support.terminal import Terminal

pytestmark = pytest.mark.no_valgrind("a shell starts itself for each command: under its /proc/self/exe it finds valgrind")

PROMPT = "muster> "
PROGRAMS = "\n[program:web]\ncommand = sleep 1000\nnumprocs = 2\nprocess_name = web-%(process_num)d\nstartsecs = 0\n" \
    "[program:clock]\ncommand = sleep 1000\nstartsecs = 0\n"


@pytest.fixture
def running(muster):
    muster.configure(muster.queue("mails"), muster.queue("images"), PROGRAMS)
    muster.environment["HOME"] = str(muster.directory)
    muster.start()
    muster.wait_running(2)
    return muster


def open_shell(muster, *command):
    terminal = Terminal([muster.command, "-c", muster.config, *command], 100, 40, env=muster.environment, cwd=muster.directory)
    terminal.wait(PROMPT.strip())
    return terminal


def is_at_prompt(terminal):
    return terminal.lines[terminal.screen.cursor.y] == PROMPT.strip()


def enter(terminal, line):
    """Types a line at a prompt, and waits for the next one."""
    wait_for(lambda: is_at_prompt(terminal), lambda: terminal.text)
    before = terminal.written.count(PROMPT.encode())
    terminal.press(line + "\r")
    wait_for(lambda: (terminal.read(), terminal.written.count(PROMPT.encode()) > before)[1], lambda: terminal.text)


def completes(terminal, typed, line):
    """Tab makes this of it; then the line is forgotten."""
    terminal.press(typed + "\t")
    wait_for(lambda: terminal.lines[terminal.screen.cursor.y] == (PROMPT + line).rstrip(), lambda: f"{line!r} in\n{terminal.text}")
    before = terminal.screen.cursor.y
    terminal.press("\x03")
    wait_for(lambda: is_at_prompt(terminal) and terminal.screen.cursor.y != before, lambda: terminal.text)


def test_muster_without_a_command_is_a_shell(running):
    with open_shell(running) as shell:
        enter(shell, "status")
        assert "web:web-1" in shell.text and "RUNNING" in shell.text
        enter(shell, "stop clock")
        assert running.ask("programs", names=["clock"])["programs"][0]["state"] == "STOPPED"
        enter(shell, "queue:push --queue=mails Test '{\"do\":\"nothing\"}'")
        enter(shell, "help queue:push")
        assert "usage: muster queue:push" in shell.text
        enter(shell, "staus")
        assert "did you mean status" in shell.text
        enter(shell, "start 'clock")
        assert "quotation" in shell.text
        enter(shell, "start nobody")
        shell.press("exit\r")
        assert shell.wait_end() == 1


def test_tab_completes_commands_options_and_names(running):
    with open_shell(running, "shell") as shell:
        completes(shell, "queue:pu", "queue:pu")  # push, purge
        shell.wait("queue:push", "queue:purge")
        completes(shell, "queue:pus", "queue:push")
        completes(shell, "queue:stats --que", "queue:stats --queue=")
        completes(shell, "queue:stats --queue=ma", "queue:stats --queue=mails")
        completes(shell, "queue:stats --connection=m", "queue:stats --connection=main")
        completes(shell, "queue:scale im", "queue:scale images")
        completes(shell, "restart cl", "restart clock")
        completes(shell, "restart web:web-", "restart web:web-")
        completes(shell, "remove we", "remove web")
        completes(shell, "help master:rel", "help master:reload")
        completes(shell, "nothing x", "nothing x")


def test_history_is_kept_for_oneself(running):
    path = running.directory / ".muster_history"
    with open_shell(running) as shell:
        enter(shell, "pid")
        enter(shell, "queue:stats --queue=images")
        shell.press("\x04")
        assert shell.wait_end() == 0
    assert path.stat().st_mode & 0o777 == 0o600
    with open_shell(running) as shell:
        shell.press("\x1b[A\x1b[A")
        shell.wait(PROMPT + "pid")
        shell.press("\r")
        shell.wait(str(running.pid))
        shell.press("quit 7\r")
        assert shell.wait_end() == 7
        assert shell.is_restored()


def test_ctrl_c_ends_the_command_and_not_the_shell(running):
    with open_shell(running) as shell:
        shell.press("queue:workers --watch\r")
        child, = wait_for(lambda: children_of(shell.process.pid))
        shell.wait("memory_usage")
        shell.press("\x03")
        wait_for(lambda: not process_lives(child), lambda: shell.text)
        enter(shell, "pid")
        assert str(running.pid) in shell.text
        os.kill(shell.process.pid, signal.SIGTERM)
        assert shell.wait_end() == -signal.SIGTERM and shell.is_restored()


def test_lines_from_a_file(running):
    result = running.run("shell", input="# a comment\n\npid\nqueue:stats --queue=nowhere-\n")
    assert result.returncode == 0 and result.stdout.startswith(f"{running.pid}\n")
    assert running.run("shell", input="start nobody\n").returncode == 1
    assert running.run("shell", input="start nobody\npid\n").returncode == 0
    assert running.run("shell", input="exit 3\npid\n").returncode == 3
    assert not (running.directory / ".muster_history").exists()


def test_without_a_terminal_muster_alone_is_help(muster):
    muster.configure(muster.queue("mails"))
    result = muster.run()
    assert result.returncode == 2 and result.stderr.startswith("usage: muster")
