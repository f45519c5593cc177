# SPDX-License-Identifier: MIT
"""Faults of the store, and of the host that all is on."""
import os
import pathlib
import signal
import subprocess
import threading
import time

import pytest

from support.processes import BUILD, PATIENCE, wait_for

FULL_DISK = BUILD / "tests" / "faults" / "full_disk.so"
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


def start(muster, *queues, options=None, **keys):
    muster.configure(*queues, options={"timeout": 3600, "max_attempts": 2, **(options or {})}, **keys)
    muster.start()
    wait_for(lambda: muster.ask("status")["maintenance"]["state"] == "RUNNING")
    return muster


def preload(muster, library):
    """Into all that is started from now on. The sanitizers would be first, and need not."""
    muster.environment["LD_PRELOAD"] = str(library)
    muster.environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"


@pytest.fixture
def only_sqlite(store):
    if store.name != "sqlite":
        pytest.skip("a fault of the embedded store")


# --- the store is away ---


@pytest.mark.parametrize("seconds", [0.3, 6])
def test_while_the_store_is_away_jobs_run_on_and_their_ends_wait(muster, seconds):
    start(muster, muster.queue(workers=2, environment="EFFECTS=effects"), connection={"retry_after": 60, "timeout": 1})
    workers = muster.wait_running(2)
    running = [muster.push({"do": "sleep", "seconds": seconds / 2}) for _ in range(2)]
    for uuid in running:
        muster.wait_begun(uuid)
    waiting = muster.bulk([{"job": "Test", "data": {}}] * 50)
    with muster.store.away():
        wait_for(lambda: muster.history.uuids("done") >= set(running))
        if seconds > 1:
            wait_for(lambda: "store away" in {worker["status"] for worker in muster.workers()}, muster.log_text)
            assert muster.ask("ping")["ok"]
            time.sleep(seconds / 2)
    wait_for(lambda: muster.stats("--queue=default")["total"] == 0, muster.log_text)
    assert muster.running() == workers
    assert muster.history.uuids("done") == {*running, *waiting}
    effects = [(effect["uuid"], effect["attempt"]) for effect in muster.collect("effects")]
    assert sorted(effects) == sorted((uuid, 1) for uuid in [*running, *waiting])


def test_a_push_that_was_not_stored_says_so(muster):
    muster.configure()
    muster.push()  # the first one makes the tables
    muster.configure(connection={"timeout": "300ms"})
    with muster.store.away():
        result = muster.run("queue:push", "A")
        assert result.returncode == 4 and result.stdout == "" and result.stderr.startswith("muster: queue:push: ")
        lines = '{"job":"A","data":1}\n' * 3
        result = muster.run("queue:bulk", "-", input=lines)
        assert result.returncode == 4 and result.stderr.startswith("muster: queue:bulk: ")
        # a server that does not answer is noticed before the first line is read
        assert muster.store.name != "sqlite" or "0 jobs are stored, go on from line 1" in result.stderr
    assert muster.stats()["total"] == 1


def test_leases_of_a_worker_that_died_while_the_store_was_away_are_returned_when_it_is_back(muster):
    start(muster, muster.queue(), connection={"retry_after": 3600, "timeout": 1})
    uuid = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    muster.wait_begun(uuid)
    pid, = muster.running().values()
    with muster.store.away():
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: muster.ask("status")["maintenance"]["unreturned"] == 1)
        time.sleep(2)  # longer than a call may take
        assert muster.ask("status")["maintenance"]["unreturned"] == 1
    muster.wait_begun(uuid, 2)
    (muster.directory / "go").touch()
    muster.wait_empty()


# --- full disks ---


@pytest.fixture
def disk(muster, only_sqlite):
    """Fills the disk under the store, and makes room again."""
    flag = muster.directory / "full"
    preload(muster, FULL_DISK)
    muster.environment |= {"FULL_DISK": str(flag), "FULL_DISK_FILES": str(muster.store.path)}
    return flag


def test_a_push_to_a_full_disk_fails_and_stores_nothing(muster, disk):
    muster.configure()
    first = muster.push()
    disk.touch()
    result = muster.run("--json", "queue:push", "A")
    assert result.returncode == 1 and '"code":"full"' in result.stderr, result.stderr
    lines = '{"job":"A","data":1}\n' * 1000
    assert muster.run("queue:bulk", "-", input=lines).returncode == 1
    disk.unlink()
    assert muster.stats()["total"] == 1
    assert len(muster.bulk([{"job": "A", "data": {}}] * 10)) == 10 and first


def test_on_a_full_disk_jobs_run_on_and_their_ends_wait(muster, disk):
    start(muster, muster.queue())
    workers = muster.wait_running(1)
    uuid = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    muster.wait_begun(uuid)
    muster.bulk([{"job": "Test", "data": {}}] * 20)
    disk.touch()
    (muster.directory / "go").touch()
    wait_for(lambda: "store away" in {worker["status"] for worker in muster.workers()}, muster.log_text)
    assert muster.history.uuids("done") == {uuid}
    disk.unlink()
    muster.wait_empty()
    assert muster.running() == workers and len(muster.history.lines("begin")) == 21 and not muster.failed()


@pytest.mark.parametrize("where", ["file", "standard error"])
def test_a_full_disk_under_the_log_keeps_nobody_waiting(muster, where):
    muster.configure(muster.queue(workers=2), muster.queue("programs", handler="exec"), log_level="debug",
                     **({"logfile": "/dev/full"} if where == "file" else {}))
    if where != "file":
        muster.log = pathlib.Path("/dev/full")
    muster.start()
    for _ in range(5):
        muster.wait_done(muster.push({"do": "write", "to": "stderr", "text": "noise\n", "times": 1000}))
    muster.wait_done(muster.push(job="Test", queue="programs"))
    assert muster.stop() == 0


def test_a_log_that_nobody_reads_keeps_nobody_waiting_and_what_was_dropped_is_counted(muster):
    reader, writer = os.pipe()
    muster.configure(muster.queue(workers=2), log_level="debug")
    muster.process = subprocess.Popen([muster.program, "-c", muster.config], stdin=subprocess.DEVNULL, stdout=writer,
                                      stderr=writer, env=muster.environment, cwd=muster.directory)
    os.close(writer)
    wait_for(muster.answers)
    for _ in range(10):  # some 600 KB, and a pipe holds 64
        muster.wait_done(muster.push({"do": "write", "to": "stderr", "text": "noise " * 10 + "\n", "times": 1000}))
    killed = set(muster.running().values())
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(muster.running()) == 2 and not killed & set(muster.running().values()))
    said = []
    thread = threading.Thread(target=lambda: said.extend(os.fdopen(reader, "rb")))
    thread.start()
    muster.wait_done(muster.push({"do": "write", "to": "stderr", "text": "and now\n"}))
    assert muster.stop() == 0
    thread.join(PATIENCE)
    assert b"".join(said).count(b"and now") == 1
    assert any(b"records could not be written here" in line for line in said), said[-20:]


# --- clocks ---


@pytest.mark.skipif(not FAKETIME.exists(), reason="needs the package faketime")
@pytest.mark.parametrize("jump", ["+1h", "-1h"])
def test_a_step_of_the_wall_clock_is_not_noticed_by_timers(muster, jump, only_sqlite):
    clock = muster.directory / "clock"
    clock.write_text("+0")
    preload(muster, FAKETIME)
    muster.environment |= {"FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                           "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_RESET": "1"}
    handlers = 'EFFECTS=effects,LD_PRELOAD=""'  # Python cannot sleep with it
    start(muster, muster.queue(workers=2, environment=handlers), health_check_interval=4)
    workers = muster.wait_running(2)
    running = muster.push({"do": "wait", "file": str(muster.directory / "go")})
    muster.wait_begun(running)
    clock.write_text(jump)
    jobs = muster.bulk([{"job": "Test", "data": {}}] * 20)
    wait_for(lambda: muster.history.uuids("done") >= set(jobs), muster.log_text)
    time.sleep(5)  # longer than a worker may be silent
    assert muster.running() == workers and "stalled" not in muster.log_text()
    (muster.directory / "go").touch()
    wait_for(lambda: muster.stats("--queue=default")["total"] == 0, muster.log_text)
    effects = [effect["uuid"] for effect in muster.collect("effects")]
    assert sorted(effects) == sorted([running, *jobs]), muster.stats("--queue=effects")
    assert muster.stop() == 0
