# SPDX-License-Identifier: MIT
"""muster top at a terminal: what it shows, what its keys do, and how it leaves the terminal."""
import os
import signal
import time

import pytest

from support.processes import wait_for
from support.terminal import Terminal

PROGRAM = "\n[program:clock]\ncommand = sleep 1000\nstartsecs = 0\n"
ORDERS = pytest.mark.no_valgrind("what keys order is started by top itself: under its /proc/self/exe it finds valgrind")


@pytest.fixture
def running(muster):
    muster.configure(muster.queue("mails", workers=1, max_workers=4), muster.queue("images"), PROGRAM,
                     options={"max_attempts": 1})
    muster.start()
    muster.wait_running(2)
    return muster


@pytest.fixture
def top(running):
    with Terminal([running.command, "-c", running.config, "top", "--interval=100ms"], env=running.environment,
                  cwd=running.directory) as terminal:
        terminal.wait("mails", "images")
        yield terminal


def fail_some(muster, count):
    for uuid in [muster.push({"do": "fail", "message": "broken"}, queue="mails") for _ in range(count)]:
        muster.wait_failed(uuid)


def figures(terminal, queue):
    """READY, RUN, LATER, FAILED of a queue on the screen."""
    row = terminal.row(queue)
    titles = next(line.split() for line in terminal.lines if line.startswith("QUEUE"))
    return dict(zip(titles, row)) if row else {}


def choose(terminal, name):
    """The row of this name is the chosen one: the first column sorts, and then it is looked for."""
    def is_chosen():
        line = next((y for y, text in enumerate(terminal.lines) if text.split()[:1] == [name]), None)
        return line is not None and terminal.screen.buffer[line][0].reverse

    settle(terminal, "g")
    for _ in terminal.lines:
        if is_chosen():
            return
        settle(terminal, "j")
    raise AssertionError(f"{name} is not chosen\n{terminal.text}")


def settle(terminal, keys):
    """Until these keys have been taken: they are taken one after the other, and the help behind them is seen."""
    terminal.press(keys + "?")
    terminal.wait("any key goes back")
    terminal.press(" ")
    terminal.wait_gone("any key goes back")
    terminal.wait("QUEUE")


def test_it_shows_what_queue_stats_says(running, top):
    running.cli("queue:pause", "--queue=images")
    wait_for(lambda: any(queue["paused"] for queue in running.ask("status")["queues"]))
    for _ in range(3):
        running.push(queue="images")
    running.push(queue="images", delay=1000)
    fail_some(running, 2)

    def agrees():
        for row in running.stats()["queues"]:
            shown = figures(top, row["queue"])
            if [shown.get(key) for key in ("READY", "RUN", "FAILED")] != \
                    [str(row[key]) for key in ("pending", "reserved", "failed")]:
                return False
        return True
    wait_for(agrees, lambda: f"{running.stats()}\n{top.text}")
    top.wait("paused")
    wait_for(lambda: top.lines[0].startswith("muster ") and "workers 2/2" in top.lines[0], lambda: top.text)
    top.resize(120, 40)
    os.kill(top.process.pid, signal.SIGWINCH)
    top.wait("WANTED", "LATER", "IN/MIN", "OUT/MIN", "FAIL%", "paused")
    wait_for(lambda: (images := figures(top, "images")).get("LATER") == "1" and images.get("STATE") == "paused", lambda: top.text)
    once = {row["queue"]: row for row in running.cli("top")["queues"]}
    for row in running.stats()["queues"]:
        assert {key: once[row["queue"]][key] for key in ("pending", "reserved", "delayed", "failed")} == \
            {key: row[key] for key in ("pending", "reserved", "delayed", "failed")}
    assert once["images"]["state"] == "paused" and once["mails"]["promised"] > 0 and once["images"]["oldest"] > 0


@ORDERS
def test_keys_act(running, top):
    fail_some(running, 2)
    choose(top, "mails")
    top.press("p")
    top.wait("queue:pause --queue=mails: paused; running jobs finish")
    assert running.stats("--queue=mails")["paused"] is True
    top.press("r")
    top.wait("queue:resume --queue=mails: the pause is over")
    assert running.stats("--queue=mails")["paused"] is False
    top.press("s")
    top.wait("workers of mails: _")
    top.press("x3\r")
    running.wait_running(3, "mails")
    before = running.running("mails")
    top.press("R")
    top.wait("replace the workers of mails? [y/N]")
    top.press("n")
    top.wait_gone("[y/N]")
    assert running.running("mails") == before
    top.press("R")
    top.wait("[y/N]")
    top.press("y")
    wait_for(lambda: len(now := running.running("mails")) == 3 and not now.keys() & before.keys(), lambda: top.text)
    attempts = sum(len(running.history.attempts(uuid)) for uuid in running.failed())
    top.press("t")
    top.wait("put back all failed jobs of mails? [y/N]")
    top.press("y")
    top.wait("2 failed jobs put back")
    wait_for(lambda: len(running.failed()) == 2 and attempts <
             sum(len(running.history.attempts(uuid)) for uuid in running.failed()), lambda: top.text)
    top.press("s")
    top.wait("workers of mails: _")
    top.press("999\r")
    top.wait("max_workers")


@ORDERS
def test_other_lists_sorting_filter_and_help(running, top):
    top.press("3")
    top.wait("PROGRAM", "clock")
    top.press("x")
    top.wait("stop clock? [y/N]")
    top.press("y")
    wait_for(lambda: running.ask("programs")["programs"][0]["state"] == "STOPPED", lambda: top.text)
    top.wait("STOPPED", "stop clock: clock")
    top.press("s")
    wait_for(lambda: running.ask("programs")["programs"][0]["state"] == "RUNNING", lambda: top.text)
    top.press("2")
    top.wait("WORKER", "CPU%")
    wait_for(lambda: all(top.row(worker) for worker in running.running()), lambda: top.text)
    top.press("/mail")
    top.wait("filter: mail_")
    wait_for(lambda: not top.row(next(iter(running.running("images")))), lambda: top.text)
    top.press("\r")
    top.wait("filter: mail")
    top.press("1")
    top.wait_gone("images")
    top.press("\x1b")
    top.wait("images")
    settle(top, ">" * 6)  # behind OF IT, FAIL% … around to the name
    order = [line.split()[0] for line in top.lines if line.startswith(("mails", "images"))]
    top.press("o")
    wait_for(lambda: [line.split()[0] for line in top.lines if line.startswith(("mails", "images"))] == order[::-1],
             lambda: top.text)
    top.press("?")
    top.wait("queue:pause", "any key goes back")
    top.press(" ")
    top.wait("READY")


def test_it_follows_the_window_without_flicker(running, top):
    """What has not changed is not sent again: a refresh is the clock and little more."""
    for columns, lines in ((120, 40), (60, 20), (30, 5), (80, 24)):
        top.resize(columns, lines)
        os.kill(top.process.pid, signal.SIGWINCH)
        if columns >= 60:
            top.wait("QUEUE", "mails", "images", "quit" if columns > 60 else "filter")
            top.wait("WANTED" if columns == 120 else "READY")
        else:
            top.wait("at least 40x8")
        assert all(len(line) <= columns for line in top.lines)
    top.read(0.3)
    before = len(top.written)
    begun = time.monotonic()
    top.read(1.5)
    sent = top.written[before:]
    assert len(sent) < 400 * (time.monotonic() - begun), f"{len(sent)} bytes in 15 looks: {sent}"
    assert b"\x1b[2J" not in sent and b"\x1b[H\x1b[J" not in sent


def test_alerts_and_a_master_that_goes(muster):
    muster.configure(muster.queue("mails"))
    muster.write_config(muster.config.read_text() + "\n[monitoring]\nalert_queue_size = 2\n")
    muster.start()
    muster.wait_running(1)
    with Terminal([muster.command, "-c", muster.config, "top", "--interval=100ms"], env=muster.environment) as top:
        top.wait("no alerts")
        muster.cli("queue:pause", "--queue=mails")
        wait_for(lambda: muster.ask("status")["queues"][0]["paused"])
        for _ in range(4):
            muster.push(queue="mails")
        top.wait("1 alert: ", "mails")
        muster.stop()
        top.wait("musterd is not running", "mails")
        muster.start()
        top.wait_gone("not running")
        top.press("q")
        assert top.wait_end() == 0 and top.is_restored()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGSEGV, signal.SIGABRT])
def test_the_terminal_is_restored_by_every_signal(top, number):
    os.kill(top.process.pid, number)
    assert top.wait_end() == -number and top.is_restored()
    assert b"\x1b[?1049h" in top.written


@pytest.mark.no_valgrind("there a process goes on that stops itself")
def test_ctrl_z_gives_the_terminal_back_for_a_while(running):
    shell = ["bash", "-mc", '"$@"; echo at the shell; read line; fg >/dev/null', "-", running.command, "-c", running.config, "top"]
    with Terminal(shell, env=running.environment) as top:
        top.wait("mails")
        top.press("\x1a")
        top.wait("at the shell")
        assert top.is_restored()
        top.press("\n")
        wait_for(lambda: "mails" in top.text and not top.is_restored(), lambda: top.text)
        top.press("\x03")
        assert top.wait_end() != 0 and top.is_restored()


def test_without_a_terminal_or_a_master(muster):
    muster.configure(muster.queue("mails"))
    result = muster.run("top")
    assert result.returncode == 2 and "no terminal" in result.stderr and "--once" in result.stderr
    result = muster.run("top", "--once")
    assert result.returncode == 4 and "not running" in result.stderr
    with Terminal([muster.command, "-c", muster.config, "top"], env=muster.environment, term="unheard-of") as top:
        assert top.wait_end() == 2 and "unheard-of" in top.text and top.is_restored()
    assert muster.run("top", "--interval=1ms").returncode == 2


def test_once_as_text(running):
    text = running.run("top", "--once").stdout
    assert "mails" in text and "clock" in text and "of_promise" in text
