# SPDX-License-Identifier: MIT
"""queue:work and queue:listen: workers without a master."""
import json
import os
import signal
import subprocess
import time

import pytest

from support.muster import HANDLERS
from support.processes import PATIENCE, process_lives, wait_for


class Background:
    """A command that goes on until it is told to stop, with what it writes."""

    def __init__(self, muster, *arguments, **options):
        self.muster = muster
        self.log = muster.directory / f"background-{len(list(muster.directory.glob('background-*')))}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([muster.command, "-c", muster.config, *map(str, arguments)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=muster.environment,
                                            cwd=muster.directory, **options)

    def text(self):
        return self.log.read_text()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def background(muster):
    """Starts commands, and ends those that still run."""
    started = []

    def start(*arguments, **options):
        started.append(Background(muster, *arguments, **options))
        return started[-1]
    yield start
    for command in started:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()


# --- how it ends ---


@pytest.mark.parametrize("kind", ["persistent", "exec"])
def test_once_runs_one_job(muster, kind):
    muster.configure(muster.queue(handler=kind))
    first = muster.push()
    muster.push()
    assert muster.cli("queue:work", "--once") == {"queue": "default", "end": "empty"}
    assert muster.history.uuids("done") == {first}
    assert muster.stats()["pending"] == 1
    assert muster.survivors() == []


def test_once_waits_for_a_job(muster, background):
    muster.configure(muster.queue())
    work = background("queue:work", "--once")
    uuid = muster.push(delay=1)
    assert work.process.wait(PATIENCE) == 0
    assert muster.history.uuids("done") == {uuid}


def test_stop_when_empty_runs_all_that_is_ready(muster):
    muster.configure(muster.queue(concurrency=3))
    jobs = muster.bulk([{"job": "Test", "data": {}}] * 150)
    later = muster.push(delay=600)
    assert muster.cli("queue:work", "--stop-when-empty")["end"] == "empty"
    assert muster.history.uuids("done") == set(jobs) and muster.stats()["delayed"] == 1 and later
    assert muster.cli("queue:work", "--stop-when-empty")["end"] == "empty"  # at once


def test_max_jobs(muster):
    muster.configure(muster.queue())
    muster.bulk([{"job": "Test", "data": {}}] * 10)
    assert muster.cli("queue:work", "--max-jobs=4")["end"] == "recycled"
    assert len(muster.history.lines("done")) == 4 and muster.stats()["pending"] == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_lets_the_running_job_finish(muster, background, number):
    muster.configure(muster.queue())
    work = background("queue:work", "--json")
    uuid = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    muster.wait_begun(uuid)
    muster.push()
    work.process.send_signal(number)
    wait_for(lambda: "stopping" in work.text(), work.text)
    (muster.directory / "go").touch()
    assert work.process.wait(PATIENCE) == 0
    assert json.loads(work.text().splitlines()[-1]) == {"queue": "default", "end": "stopped"}
    assert muster.history.uuids("done") == {uuid} and muster.stats()["pending"] == 1


def test_a_second_signal_gives_it_back(muster, background):
    muster.configure(muster.queue(), kill_timeout="200ms")
    work = background("queue:work")
    uuid = muster.push({"do": "stay"})
    wait_for(lambda: len(muster.history.lines("child", "escaped")) == 2)
    work.process.send_signal(signal.SIGTERM)
    wait_for(lambda: "stopping" in work.text(), work.text)
    assert work.stop() == 0
    assert muster.survivors() == []
    assert muster.stats()["pending"] == 1 and uuid


# --- options over the configuration ---


def test_a_command_behind_the_options(muster):
    muster.configure()
    muster.push({"to": "nowhere"}, job="Echo")
    target = muster.directory / "it's here"
    script = 'printf "%s|%s|%s" "$MUSTER_JOB" "$1" "$2" >"$3"'
    result = muster.run("queue:work", "--once", "--", "/bin/sh", "-c", script, "sh", 'a "b" $c', "", target)
    assert result.returncode == 0, result.stderr
    assert target.read_text() == 'Echo|a "b" $c|'


def test_limits_of_the_command_line_count(muster):
    muster.configure(muster.queue(), options={"max_attempts": 9, "timeout": 600})
    slow, failing = muster.push({"do": "sleep", "seconds": 600}), muster.push({"do": "fail"})
    assert muster.run("queue:work", "--stop-when-empty", "--timeout=2s", "--tries=1").returncode == 0
    assert {uuid: (job["cause"], job["attempts"]) for uuid, job in muster.failed().items()} == \
        {slow: ("timeout", 1), failing: ("exception", 1)}


def test_concurrency_of_the_command_line(muster):
    muster.configure(muster.queue())
    jobs = [muster.push({"do": "wait", "file": str(muster.directory / "go")}) for _ in range(3)]
    process = subprocess.Popen([muster.command, "-c", muster.config, "queue:work", "--concurrency=3", "--stop-when-empty"],
                               env=muster.environment, stderr=subprocess.DEVNULL)
    try:
        for uuid in jobs:
            muster.wait_begun(uuid)
        (muster.directory / "go").touch()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_rest_between_jobs(muster):
    muster.configure(muster.queue())
    muster.bulk([{"job": "Test", "data": {}}] * 3)
    started = time.monotonic()
    assert muster.run("queue:work", "--stop-when-empty", "--rest=200ms").returncode == 0
    assert time.monotonic() - started >= 0.4


def test_the_guides_command_line(muster):
    """php glueful queue:work --memory=512 --timeout=300 --max-jobs=100, and so on."""
    muster.configure(muster.queue("emails"))
    jobs = muster.bulk([{"job": "Test", "data": {}}] * 3, "--queue=emails")
    result = muster.run("queue:work", "--queue=emails", "--memory=512", "--timeout=300", "--max-jobs=3", "--sleep=3",
                        "--tries=3")
    assert result.returncode == 0
    assert muster.history.uuids("done") == set(jobs)


def test_a_handler_that_does_not_exist(muster, background):
    muster.configure(muster.queue(command="/nowhere/handler"))
    muster.push()
    work = background("queue:work")
    wait_for(lambda: "/nowhere/handler" in work.text(), work.text)
    assert work.stop() == 0
    assert muster.stats()["pending"] == 1 and muster.failed() == {}


def test_several_workers_without_a_master_share_the_jobs(muster, background):
    muster.configure(muster.queue())
    jobs = muster.bulk([{"job": "Test", "data": {"do": "sleep", "seconds": 0.01}}] * 200)
    workers = [background("queue:work", "--stop-when-empty") for _ in range(3)]
    assert [worker.process.wait(PATIENCE) for worker in workers] == [0, 0, 0]
    assert sorted(uuid for _, uuid, _, _ in muster.history.lines("begin")) == sorted(jobs)
    assert len(set(muster.history.pids())) > 1


def test_without_a_master_leases_of_dead_workers_come_back_too(muster, background):
    muster.configure(muster.queue(), connection={"retry_after": 1})
    uuid = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    first = background("queue:work")
    muster.wait_begun(uuid)
    handler, = muster.history.pids()
    first.process.kill()
    first.process.wait()
    os.kill(handler, signal.SIGKILL)  # nobody sweeps here
    (muster.directory / "go").touch()
    background("queue:work")
    muster.wait_done(uuid)
    assert muster.history.attempts(uuid) == [1, 2]


# --- queue:listen ---

STARTS_ITSELF = pytest.mark.no_valgrind("under its /proc/self/exe a program finds valgrind")


@pytest.fixture
def code(muster):
    """A directory with a handler that says which version it is."""
    directory = muster.directory / "code"
    directory.mkdir()
    write_version(directory, 1)
    muster.configure()
    return directory


def write_version(directory, version):
    text = (HANDLERS / "handler.py").read_text()
    new = directory / "handler.py.new"
    new.write_text(text.replace('f"{what} {job', f'f"{{what}}{version} {{job'))
    new.chmod(0o755)
    new.rename(directory / "handler.py")


def listen(muster, background, code, *options):
    muster.environment["HISTORY"] = str(muster.history.path)
    return background("queue:listen", "--handler=persistent", *options, "--", "/usr/bin/python3", code / "handler.py")


@STARTS_ITSELF
def test_listen_replaces_the_worker_when_the_code_changes(muster, background, code):
    command = listen(muster, background, code)
    first = muster.push()
    wait_for(lambda: first in muster.history.uuids("done1"), command.text)
    write_version(code, 2)
    wait_for(lambda: "watched files have changed" in command.text())
    second = muster.push()
    wait_for(lambda: second in muster.history.uuids("done2"), command.text)
    assert command.stop() == 0
    assert muster.survivors() == []


@STARTS_ITSELF
def test_listen_lets_the_running_job_finish(muster, background, code):
    command = listen(muster, background, code)
    running = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    wait_for(lambda: muster.history.lines("begin1"))
    write_version(code, 2)
    wait_for(lambda: "watched files have changed" in command.text())
    (muster.directory / "go").touch()
    wait_for(lambda: running in muster.history.uuids("done1"), command.text)
    second = muster.push()
    wait_for(lambda: second in muster.history.uuids("done2"), command.text)


@STARTS_ITSELF
def test_listen_starts_again_when_the_worker_is_killed(muster, background, code):
    command = listen(muster, background, code)
    running = muster.push({"do": "sleep", "seconds": 600})
    wait_for(lambda: muster.history.lines("begin1"))
    handler, = muster.history.pids("begin1")
    worker = int(open(f"/proc/{handler}/stat").read().rpartition(")")[2].split()[1])
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not process_lives(handler), command.text)
    second = muster.push()
    wait_for(lambda: second in muster.history.uuids("done1"), command.text)
    assert running not in muster.history.uuids("done1")


@STARTS_ITSELF
def test_listen_ends_with_once(muster, background, code):
    muster.push()
    command = listen(muster, background, code, "--once")
    assert command.process.wait(PATIENCE) == 0
    assert len(muster.history.lines("done1")) == 1


@STARTS_ITSELF
def test_listen_watches_what_it_is_told(muster, background, code):
    watched = muster.directory / "templates"
    watched.mkdir()
    command = listen(muster, background, code, f"--watch={watched}")
    uuid = muster.push()
    wait_for(lambda: uuid in muster.history.uuids("done1"), command.text)
    (code / "other.py").write_text("")
    letter = muster.directory / "letter.txt"
    letter.write_text("Dear")
    letter.rename(watched / letter.name)  # one change
    wait_for(lambda: command.text().count("watched files have changed") == 1)
    assert command.stop() == 0
    assert command.text().count("watched files have changed") == 1


def test_listen_to_a_path_that_does_not_exist(muster, code):
    result = muster.run("queue:listen", "--watch=/nowhere", "--", "true")
    assert result.returncode == 3 and "/nowhere" in result.stderr
