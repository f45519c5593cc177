# SPDX-License-Identifier: MIT
"""How a worker comes to its end, and what it tells meanwhile."""
import signal
import subprocess

import pytest

from support.processes import PATIENCE, wait_dead, wait_for
from support.worker import BUSY, COMMAND, DRAIN, DRAINING, IDLE, PROGRAM, REOPEN_LOGS


def busy_worker(site, slots=16, **keys):
    """A worker with a job that runs until the file `go` is there, and jobs behind it."""
    worker = site.worker(slots=slots).wait_ready()
    running = site.do(["wait", str(site.directory / "go")], "done", **keys)
    site.wait_noted("begin", running)
    waiting = site.bulk([{"job": "Test", "queue": "work"}] * 3)
    return worker, running, waiting


def ask(worker, how):
    if how == "record":
        worker.tell(DRAIN)
    elif how == "hang up":
        worker.hang_up()
    else:
        worker.signal(how)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, "record", "hang up"])
def test_a_drain_lets_running_jobs_finish(site, how):
    site.configure(site.scripted())
    worker, running, waiting = busy_worker(site)
    ask(worker, how)
    if how != "hang up":
        worker.wait_status(DRAINING)
    (site.directory / "go").touch()
    assert worker.wait_exit() == 0
    assert len(site.noted("end", running)) == 1 and not site.noted("begin", waiting[0])
    assert [site.attempts(uuid) for uuid in [running, *waiting]] == [None, 0, 0, 0]
    assert site.noted("drain"), "an idle handler is told"


@pytest.mark.parametrize("how", [signal.SIGTERM, "record", "hang up"])
def test_an_idle_worker_ends_at_once(site, how):
    site.configure(site.scripted(concurrency=2))
    worker = site.worker(slots=32).wait_ready()
    pids = [int(line[1]) for line in site.wait_noted("start", count=2)]
    ask(worker, how)
    assert worker.wait_exit() == 0
    wait_dead(pids)


def test_a_drain_that_is_told_twice_by_the_master_is_one(site):
    site.configure(site.scripted())
    worker, running, _ = busy_worker(site)
    for _ in range(3):
        worker.tell(DRAIN)
    worker.wait_status(DRAINING)
    (site.directory / "go").touch()
    assert worker.wait_exit() == 0
    assert site.noted("end", running)


@pytest.mark.parametrize("numbers", [[signal.SIGTERM, signal.SIGTERM], [signal.SIGTERM, signal.SIGINT]])
def test_a_second_signal_ends_the_jobs(site, numbers):
    """They are given back without having spent an attempt, for the stop is not their fault."""
    site.configure(site.scripted(max_attempts=1))
    worker, running, waiting = busy_worker(site)
    handler = int(site.noted("start")[0][1])
    worker.signal(numbers[0])
    worker.wait_log("stopping when the running jobs have ended")
    worker.signal(numbers[1])
    assert worker.wait_exit() == 0
    wait_dead([handler])
    assert [site.attempts(uuid) for uuid in [running, *waiting]] == [0, 0, 0, 0]
    (site.directory / "go").touch()
    site.worker()
    site.wait_empty()
    assert not site.failed() and len(site.noted("end", running)) == 1


def test_a_handler_that_ignores_term_is_killed(site):
    site.configure(site.scripted())
    worker = site.worker().wait_ready()
    uuid = site.do(["ignore", signal.SIGTERM], ["grandchild", signal.SIGTERM], ["mute"])
    site.wait_noted("grandchild")
    pids = [int(site.noted(word)[0][1]) for word in ("start", "grandchild")]
    worker.signal(signal.SIGTERM)
    worker.wait_log("stopping when")
    worker.signal(signal.SIGTERM)
    assert worker.wait_exit() == 0
    wait_dead(pids)
    assert site.attempts(uuid) == 0


def test_jobs_that_do_not_end_in_time(site):
    site.configure(site.scripted(), stop_timeout="200ms")
    worker, running, _ = busy_worker(site)
    worker.tell(DRAIN)
    assert worker.wait_exit() == 0
    assert "jobs still run after 0.2 s" in worker.log_text()
    assert site.attempts(running) == 0


def test_a_window_is_run_to_its_end(site):
    """What a handler holds already cannot be taken back; it is short."""
    site.configure(site.scripted(hello='{"type":"hello","version":1,"window":20}'))
    worker = site.worker().wait_ready()
    site.bulk([{"job": "Test", "queue": "work"}] * 30)
    site.wait_empty()
    go = site.directory / "go"
    first = {"do": [["wait", str(go)], ["done"]]}
    uuids = site.bulk([{"job": "Test", "queue": "work", "data": first}] + [{"job": "Test", "queue": "work"}] * 5)
    site.wait_noted("begin", uuids[0])
    worker.signal(signal.SIGTERM)
    worker.wait_log("stopping when")
    go.touch()
    assert worker.wait_exit() == 0
    assert not site.failed()
    left = site.total()
    site.worker()
    site.wait_empty()
    assert left <= 5 and all(len(site.noted("begin", uuid)) == 1 for uuid in uuids)


def test_what_the_master_sees(site):
    site.configure(site.scripted(concurrency=2))
    worker = site.worker(slots=32)
    ready = worker.wait_status(IDLE)
    assert ready["concurrency"] == 2 and ready["processed"] == 0
    go = site.directory / "go"
    uuid = site.do(["wait", str(go)], "done")
    site.do(["fail", {"exception": "no", "retry": False}])
    site.wait_noted("begin", uuid)
    beat = worker.wait_status(BUSY)
    wait_for(lambda: worker.heartbeats()[-1]["failed"] == 1, lambda: worker.heartbeats())
    beat = worker.heartbeats()[-1]
    assert beat["busy"] == 1 and beat["busy_us"] > 0 and beat["processed"] == 1
    assert beat["memory"] > 5_000_000 and beat["cpu_us"] > 1000
    assert worker.begun() == {uuid: 1}
    go.touch()
    site.wait_empty()
    wait_for(lambda: worker.heartbeats()[-1]["processed"] == 2)
    wait_for(lambda: worker.begun() == {}, worker.begun)


def test_a_master_that_does_not_listen_holds_up_nobody(site):
    site.configure(site.scripted(), health_check_interval="1s")
    worker = site.worker().wait_ready()
    uuids = site.bulk([{"job": "Test", "queue": "work"}] * 200)  # while the pipe is full of heartbeats nobody reads
    site.wait_empty()
    assert len(site.noted("end")) == len(uuids) and worker.process.poll() is None


def test_logs_are_opened_again(site):
    site.configure(site.scripted(), logfile=site.directory / "muster.log")
    worker = site.worker().wait_ready()
    (site.directory / "muster.log").rename(site.directory / "old.log")
    worker.tell(REOPEN_LOGS)
    uuid = site.do(["print", "here"], "done")
    wait_for(lambda: (site.directory / "muster.log").exists() and uuid in (site.directory / "muster.log").read_text())


@pytest.mark.parametrize("arguments, text", [
    ([], "either --queue=NAME or --maintenance"),
    (["--queue=work"], "--settings-fd is needed"),
    (["--maintenance", "--settings-fd=99"], "descriptor 99"),
    (["--queue=work", "--generation=x"], "--generation"),
    (["--frobnicate"], "muster queue:work"),
])
def test_wrong_arguments(arguments, text):
    result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 2 and text in result.stderr


# Without a master

def work(site, *options):
    return subprocess.Popen([COMMAND, "-c", site.config, "--json", "queue:work", "--queue=work", *options],
                            env=site.environment, cwd=site.directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def test_one_job(site):
    site.configure(site.scripted())
    site.bulk([{"job": "Test", "queue": "work"}] * 3)
    process = work(site, "--once")
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and '"empty"' in output, errors
    assert len(site.noted("end")) == 1 and site.total() == 2


def test_until_the_queue_is_empty(site):
    site.configure(site.scripted())
    site.bulk([{"job": "Test", "queue": "work"}] * 30)
    process = work(site, "--stop-when-empty")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and len(site.noted("end")) == 30 and site.total() == 0


def test_expired_leases_come_back_without_a_master(site):
    site.configure(site.scripted(), connection="retry_after = 1s")
    victim = site.worker()
    uuid = site.do(["first"], ["mute"])
    site.wait_noted("begin", uuid, "1")
    victim.process.kill()
    process = work(site)
    site.wait_noted("end", uuid, "2")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_without_a_command(site):
    site.configure(site.queue("work", ""))
    process = work(site)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2 and "[queue:work]" in errors
