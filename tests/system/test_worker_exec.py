# SPDX-License-Identifier: MIT
"""Handlers of kind exec: a program for each job."""
import json
import os
import signal

import pytest

from support.processes import process_lives, wait_dead, wait_for
from support.worker import NO_HANDLER


def start(site, text, **keys):
    site.configure(site.queue("work", site.script(text), **keys))
    return site.worker()


def test_a_job_is_its_input_and_its_environment(site):
    worker = start(site, 'cat >input; env >environment; pwd >directory; echo begin $MUSTER_JOB_UUID >>$HISTORY',
                   environment='GREETING="hello, you"', directory=site.directory)
    uuid = site.push({"to": "ä"}, job="App\\Send", priority=7, timeout="90s", tries=4)
    site.wait_empty()
    job = json.loads((site.directory / "input").read_text())
    assert job.pop("pushed_at") > 1e9
    assert job == {"type": "job", "uuid": uuid, "job": "App\\Send", "queue": "work", "attempts": 1, "max_attempts": 4,
                   "timeout": 90, "priority": 7, "data": {"to": "ä"}}
    environment = dict(line.split("=", 1) for line in (site.directory / "environment").read_text().splitlines())
    told = {name: value for name, value in environment.items() if name.startswith("MUSTER_JOB")}
    assert told == {"MUSTER_JOB": "App\\Send", "MUSTER_JOB_UUID": uuid}
    assert environment["MUSTER_QUEUE"] == "work" and environment["MUSTER_WORKER_ID"] == "worker_0"
    assert environment["MUSTER_ATTEMPT"] == "1" and environment["MUSTER_MAX_ATTEMPTS"] == "4"
    assert environment["MUSTER_TIMEOUT"] == "90" and environment["GREETING"] == "hello, you"
    assert (site.directory / "directory").read_text().strip() == str(site.directory)
    assert worker.process.poll() is None


@pytest.mark.parametrize("status, cause, attempts", [(1, "exit", 2), (65, "exit", 1), (75, "released", 2), (255, "exit", 2)])
def test_exit_statuses(site, status, cause, attempts):
    start(site, f"echo first >&2; echo why $MUSTER_ATTEMPT >&2; exit {status}", max_attempts=2)
    failed = site.wait_failed(site.push())
    assert failed["cause"] == cause and failed["attempts"] == attempts
    assert failed["exception"].startswith("first") and f"why {attempts}" in failed["exception"]


def test_killed_by_a_signal(site):
    start(site, "echo oops >&2; kill -SEGV $$", max_attempts=1)
    failed = site.wait_failed(site.push())
    assert failed["cause"] == "signal"
    assert "signal 11 (SIGSEGV)" in failed["exception"] and "oops" in failed["exception"]


def test_a_failure_without_words(site):
    start(site, "exit 9", max_attempts=1)
    assert site.wait_failed(site.push())["exception"].startswith("exit status 9")


def test_much_output_leaves_its_end(site):
    start(site, "i=0; while [ $i -lt 3000 ]; do echo line $i of standard error, long enough >&2; i=$((i+1)); done; "
                "printf '\\377 last' >&2; exit 1", max_attempts=1)
    exception = site.wait_failed(site.push())["exception"]
    assert exception.endswith("line 2999 of standard error, long enough\n\ufffd last")
    assert "line 0 of" not in exception and 16000 < len(exception) < 40000


def test_output_goes_to_the_log_with_the_uuid(site):
    worker = start(site, "echo out; echo err >&2; printf 'no end'")
    uuid = site.push()
    site.wait_empty()
    for line in ("stdout: out", "stderr: err", "stdout: no end"):
        worker.wait_log(f"[{uuid}] {line}\n")


def test_a_large_job(site):
    start(site, "wc -c >size")
    site.push("x" * 3_000_000)
    site.wait_empty()
    assert int((site.directory / "size").read_text()) > 3_000_000


def test_standard_input_may_be_left_unread(site):
    start(site, "exit 0")
    site.push("x" * 1_000_000)
    site.wait_empty()
    assert not site.failed()


def test_as_many_at_once_as_configured(site):
    start(site, 'echo begin $MUSTER_JOB_UUID >>$HISTORY; while [ ! -e go ]; do sleep 0.02; done', concurrency=3)
    for _ in range(5):
        site.push()
    site.wait_noted("begin", count=3)
    assert len(site.noted("begin")) == 3
    (site.directory / "go").touch()
    site.wait_empty()
    assert len(site.noted("begin")) == 5


def test_what_a_job_leaves_behind_ends_with_it(site):
    start(site, 'sleep 1000 & echo left $! >>$HISTORY')
    site.push()
    site.wait_empty()
    wait_dead([int(site.wait_noted("left")[0][1])])


def test_what_leaves_the_group_is_left_alone_and_reaped(site):
    worker = start(site, 'setsid sh -c "echo left \\$\\$ >>$HISTORY; exec sleep 1000" & '
                         'while ! grep -q left $HISTORY; do sleep 0.02; done')
    site.push()
    site.wait_empty()
    pid = int(site.wait_noted("left")[0][1])
    assert process_lives(pid)
    os.kill(pid, signal.SIGKILL)
    site.push()  # a busy worker looks for such every second
    wait_for(lambda: not os.path.exists(f"/proc/{pid}"), lambda: f"{pid} reaped\n{worker.log_text()}")


@pytest.mark.parametrize("command", ["/nonexistent/program", "no-such-program --option", "/etc/passwd"])
def test_a_program_that_cannot_be_run(site, command):
    site.configure(site.queue("work", command))
    uuid = site.push()
    worker = site.worker()
    worker.wait_ready().wait_status(NO_HANDLER)
    line = next(line for line in worker.log_text().splitlines() if "ERRO" in line)
    assert "queue work: its handler cannot be started" in line and command.split()[0] in line
    assert "[queue:work]" in line
    assert site.attempts(uuid) == 0, "no job is reserved"
    assert worker.log_text().count("cannot be started") < 20, "no busy loop"


def test_a_directory_that_is_not_there(site):
    site.configure(site.queue("work", "true", directory=site.directory / "gone"))
    worker = site.worker()
    worker.wait_status(NO_HANDLER)
    assert f"cannot enter the directory {site.directory}/gone" in worker.log_text()


def test_a_program_that_comes_back(site):
    site.configure(site.queue("work", site.directory / "later.sh"))
    uuid = site.push()
    worker = site.worker()
    worker.wait_status(NO_HANDLER)
    site.script("echo $MUSTER_ATTEMPT >attempt", name="later.sh")
    site.wait_empty()
    assert (site.directory / "attempt").read_text() == "1\n", "the attempts before had not begun"
    assert uuid not in site.failed()


def test_a_program_that_goes_away(site):
    worker = start(site, "exit 0")
    site.push()
    site.wait_empty()
    (site.directory / "handler.sh").unlink()
    uuid = site.push()
    worker.wait_log("cannot be started")
    wait_for(lambda: site.attempts(uuid) == 0, "the job back in its queue")
    site.script("exit 0")
    site.wait_empty()
