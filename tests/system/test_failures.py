# SPDX-License-Identifier: MIT
"""Rules for failed attempts, programs that decide, and who is told when a job has failed for good."""
import json
import os
import pathlib
import signal

import pytest

from support.noting import NotingHandler, program
from support.processes import process_lives, wait_dead, wait_for

HANDLER = '''
say(type="hello", version=1, failed=TELLS)
for frame in frames():
    data, uuid = frame["data"], frame["uuid"]
    if frame["type"] == "failed":
        note("failed", uuid, frame["cause"], frame["exception"].splitlines()[0], frame["attempts"], os.getpid())
        for step in data.get("hook", []):
            if step == "die":
                os._exit(9)
            if step == "push":
                say(type="push", uuid=uuid, push={"job": "Pushed", "queue": "kept", "data": {}})
        say(type="done", uuid=uuid)
        continue
    note("run", uuid, frame["attempts"], time.time(), os.getpid())
    how = data["how"]
    while "file" in data and not os.path.exists(data["file"]):
        time.sleep(0.005)
    if how == "hang":
        time.sleep(1000)
    elif how == "kill":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif how == "exit":
        os._exit(data["status"])
    elif how == "done":
        say(type="done", uuid=uuid)
    else:
        say(type="fail", uuid=uuid, exception=data["text"], retry=data.get("retry", True))
'''


class Place:
    """A queue whose handler fails as it is told, and writes down what it hears."""

    def __init__(self, muster):
        self.muster = muster
        self.handler = None

    def start(self, rules="", tells=True, muster=None, **keys):
        self.handler = NotingHandler(self.muster.directory, HANDLER.replace("TELLS", str(tells)))
        keys = {**self.handler.keys, "backoff": "none", "max_attempts": 2, **keys}
        lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
        self.muster.configure(f"[queue:default]\n{lines}", "[queue:kept]\n", **(muster or {}))
        with self.muster.config.open("a") as config:
            config.write(rules)
        self.muster.start()
        return self

    def program(self, name, text):
        return program(self.muster.directory / name, text)

    def push(self, how="fail", text="it failed", job="Test", tries=None, timeout=None, **data):
        options = [f"--{name}={value}" for name, value in (("tries", tries), ("timeout", timeout)) if value]
        return self.muster.cli("queue:push", job, json.dumps({"how": how, "text": text, **data}), *options)["uuid"]

    def noted(self, what, uuid=None):
        return [line[1:] for line in self.handler.noted() if line[0] == what and (uuid is None or line[1] == uuid)]

    def wait_noted(self, what, uuid, count=1):
        wait_for(lambda: len(self.noted(what, uuid)) >= count,
                 lambda: f"{count} {what} of {uuid}: {self.noted(what)}\n{self.muster.log_text()}")
        return self.noted(what, uuid)

    def kept(self):
        return self.muster.cli("queue:stats", "--queue=kept")["total"]


@pytest.fixture
def place(muster):
    return Place(muster)


def test_rules_in_their_order(place):
    place.start("[policy:at_once]\ntext = invalid\naction = fail\n"
                "[policy:away]\nexpression = ^Gone [0-9]+\naction = discard\n"
                "[policy:crash]\nsignal = SEGV\nmax_attempts = 4\n"
                "[policy:status]\nexit_status = 3, 4\naction = fail\n"
                "[policy:class]\njob = App\\*\naction = fail\n", max_attempts=3)
    at_once = place.push(text="an INVALID address")
    away = place.push(text="Gone 12 days ago")
    crash = place.push("kill")
    status = place.push("exit", status=4)
    other = place.push("exit", status=5)
    of_class = place.push(job="App\\Send")
    attempts = {uuid: place.muster.wait_failed(uuid)["attempts"] for uuid in (at_once, crash, status, other, of_class)}
    assert attempts == {at_once: 1, crash: 4, status: 1, other: 3, of_class: 1}
    place.muster.wait_empty()
    assert away not in place.muster.failed() and len(place.noted("run", away)) == 1
    assert "discarded by a rule" in place.muster.log_text()


def test_delays_of_rules(place):
    place.start("[policy:slow]\ntext = slow\ndelay = 1h\n"
                "[policy:growing]\ntext = growing\nbackoff = exponential\nbackoff_delay = 100ms\nbackoff_jitter = 0\n")
    slow = place.push(text="slow")
    growing = place.push(text="growing", tries=3)
    assert place.muster.wait_failed(growing)["attempts"] == 3
    times = [line[2] for line in place.noted("run", growing)]
    assert times[1] - times[0] >= 0.19 and times[2] - times[1] >= 0.39
    wait_for(lambda: place.muster.stats()["delayed"] == 1, lambda: f"{slow} waits: {place.muster.stats()}")
    assert place.noted("failed", growing)[0][1] == "exception"


def test_a_rule_does_not_retry_what_never_again_is_said_of(place):
    place.start("[policy:all]\n")
    uuid = place.push(retry=False)
    assert place.muster.wait_failed(uuid)["attempts"] == 1


DECIDE = '''#!/usr/bin/python3 -SEB
import json, os, sys, time
told = json.loads(sys.stdin.read())
with open(os.environ["DECIDED"], "a") as file:
    file.write(json.dumps([os.getpid(), told]) + "\\n")
answer = told["data"]["answer"]
if answer == "hang":
    print("I think", file=sys.stderr, flush=True)
    if os.fork() == 0:
        time.sleep(1000)
    time.sleep(1000)
elif answer == "much":
    sys.stdout.write("x" * 100000)
elif answer == "status":
    sys.exit(3)
elif answer == "big":
    sys.stdout.write(json.dumps({"action": "fail", "reason": "y" * 60000}))
else:
    sys.stdout.write(answer if isinstance(answer, str) else json.dumps(answer))
'''


def test_a_program_decides(place):
    """What it gets, and what becomes of the job by its answers; nonsense and silence are as if there were no rule."""
    decided = place.muster.directory / "decided"
    place.muster.environment["DECIDED"] = str(decided)
    command = place.program("decide.py", DECIDE)
    place.start(f"[policy:hang]\njob = Hang\naction = command\ncommand = {command}\ncommand_timeout = 3\n"
                f"[policy:ask]\naction = command\ncommand = {command}\ncommand_timeout = 120\n")
    uuids = {name: place.push(answer=answer, job="Hang" if name == "hang" else "Test") for name, answer in {
        "fail": {"action": "fail"}, "discard": {"action": "discard"}, "retry": {"action": "retry", "delay": 0.3},
        "default": {"action": "default"}, "garbage": "what?", "nothing": "", "wrong": {"action": "dance"}, "much": "much",
        "status": "status", "hang": "hang", "big": "big"}.items()}
    assert place.muster.wait_failed(uuids["fail"])["attempts"] == 1
    assert place.muster.wait_failed(uuids["big"])["attempts"] == 1
    for name in ("retry", "default", "garbage", "nothing", "wrong", "much", "status", "hang"):
        assert place.muster.wait_failed(uuids[name])["attempts"] == 2, name
    place.muster.wait_empty()
    assert uuids["discard"] not in place.muster.failed()
    first, second = (line[2] for line in place.noted("run", uuids["retry"]))
    assert second - first >= 0.29
    lines = [json.loads(line) for line in decided.read_text().splitlines()]
    told = next(told for _, told in lines if told["uuid"] == uuids["fail"])
    assert told == {"uuid": uuids["fail"], "job": "Test", "queue": "default", "attempts": 1, "max_attempts": 2,
                    "priority": 0, "cause": "exception", "exception": "it failed", "rule": "ask",
                    "data": {"how": "fail", "text": "it failed", "answer": {"action": "fail"}}}
    log = place.muster.log_text()
    for text in ("has not ended within 3 s", "its answer is no decision", "it wrote too much", "it ended with exit status 3",
                 "I think"):
        assert text in log, text
    wait_dead([pid for pid, _ in lines])


def test_a_program_that_is_not_there(place):
    place.start("[policy:ask]\naction = command\ncommand = /nonexistent/decide\n")
    assert place.muster.wait_failed(place.push())["attempts"] == 2
    assert "/nonexistent/decide" in place.muster.log_text() or "cannot be started" in place.muster.log_text()


def test_a_job_that_is_asked_about_is_nobody_elses(place):
    """Its lease goes on while the program thinks, and a second worker does not get it."""
    slow = place.program("slow.sh", '#!/bin/sh\nsleep 10\necho \'{"action":"fail"}\'\n')
    place.muster.store.section += "retry_after = 4\n"
    place.start(f"[policy:ask]\naction = command\ncommand = {slow}\ncommand_timeout = 30\n", workers=2)
    uuid = place.push()
    assert place.muster.wait_failed(uuid)["attempts"] == 1
    assert len(place.noted("run", uuid)) == 1


def test_the_handler_is_told_whatever_ended_the_job(place):
    """By its exception, by a timeout, by a crash, by a rule: in a process that lives, before the job is among the failed."""
    place.start("[policy:rule]\ntext = by rule\naction = fail\n")
    uuids = {"exception": place.push(), "timeout": place.push("hang", timeout="500ms"), "signal": place.push("kill"),
             "exit": place.push("exit", status=3)}
    by_rule = place.push(text="by rule")
    for cause, uuid in uuids.items():
        place.muster.wait_failed(uuid)
        (_, told_cause, text, attempts, pid), = place.noted("failed", uuid)
        assert (told_cause, attempts) == (cause, 2), text
        if cause in ("signal", "exit", "timeout"):
            assert pid not in [line[3] for line in place.noted("run", uuid)], "another process"
    place.muster.wait_failed(by_rule)
    assert place.noted("failed", by_rule)[0][3] == 1
    place.muster.wait_empty()


def test_a_hook_may_die_and_may_push(place):
    place.start()
    dies = place.push(hook=["push", "die"])
    pushes = place.push(hook=["push"])
    assert place.muster.wait_failed(dies)["exception"] == "it failed"
    assert place.muster.wait_failed(pushes)["cause"] == "exception"
    assert len(place.noted("failed", dies)) == 1
    assert place.kept() == 1, "what it pushed is stored together with the failure, or not at all"
    assert "was told that it has failed for good, and did not manage" in place.muster.log_text()


def test_a_handler_that_does_not_ask_is_not_told(place):
    place.start(tells=False)
    uuid = place.push()
    place.muster.wait_failed(uuid)
    assert not place.noted("failed")


def worker_of(place, uuid):
    """The pid of the worker whose handler runs a job."""
    handler = place.wait_noted("run", uuid)[0][3]
    return int(pathlib.Path(f"/proc/{handler}/stat").read_text().split()[3])


def test_one_that_kills_its_worker_every_time_is_told_at_last(place):
    place.start()
    uuid = place.push("hang", tries=1)
    os.kill(worker_of(place, uuid), signal.SIGKILL)
    assert place.muster.wait_failed(uuid)["cause"] == "attempts"
    assert place.noted("failed", uuid)[0][1] == "attempts"


def test_a_stop_waits_for_the_hook(place):
    """A job whose last attempt fails while the worker drains: its handler is there, and is told. After a crash it is not."""
    place.start(concurrency=2)
    go = place.muster.directory / "go"
    late = place.push(text="late", tries=1, file=str(go))
    crash = place.push("kill", tries=1, file=str(go))
    place.wait_noted("run", late)
    place.wait_noted("run", crash)
    os.kill(worker_of(place, late), signal.SIGTERM)
    place.muster.wait_log("stopping when the running jobs have ended")
    go.touch()
    place.muster.wait_failed(late)
    place.muster.wait_failed(crash)
    assert len(place.noted("failed", late)) == 1


def test_a_job_is_pushed_when_one_has_failed(place):
    place.start("[job:Told]\nqueue = kept\n[job:Alarm]\nfailed_job = Own\nfailed_queue = kept\n",
                failed_job="Told")
    uuid = place.push(text="no room", tries=1)
    alarm = place.push(job="Alarm", tries=1)
    told = place.push(job="Told", tries=1)
    muster = place.muster
    for each in (uuid, alarm):
        muster.wait_failed(each)
    assert told not in muster.failed()
    jobs = {}
    collector = place.program("collect.sh", f"#!/bin/sh\ncat >>{muster.directory}/collected\n")
    assert muster.run("queue:work", "--queue=kept", "--stop-when-empty", "--", collector).returncode == 0
    for line in (muster.directory / "collected").read_text().splitlines():
        job = json.loads(line)
        jobs[job["data"].get("uuid")] = job
    assert jobs[uuid]["job"] == "Told" and jobs[alarm]["job"] == "Own"
    assert jobs[uuid]["data"]["exception"] == "no room" and jobs[uuid]["data"]["cause"] == "exception"
    assert jobs[uuid]["data"]["data"] == {"how": "fail", "text": "no room"}


def test_a_program_is_started_when_a_job_has_failed(place):
    seen = place.muster.directory / "seen"
    program = place.program("told.sh", f"#!/bin/sh\ncat >>{seen}\n[ $(wc -l <{seen}) -lt 2 ] || exit 7\n")
    place.start(failed_command=program)
    first = place.push(tries=1)
    place.muster.wait_failed(first)
    wait_for(lambda: seen.exists() and seen.read_text().count("\n") == 1, "the first failure")
    second = place.push("kill", tries=1)
    place.muster.wait_log("its failed_command: it ended with exit status 7")
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    assert [line["uuid"] for line in lines] == [first, second]
    assert lines[1]["signal"] == signal.SIGSEGV and lines[1]["attempts"] == 1


def test_the_program_is_not_started_again_when_the_worker_dies(place):
    seen = place.muster.directory / "seen"
    program = place.program("told.sh", f"#!/bin/sh\ncat >>{seen}\nexec sleep 1000\n")
    place.start(failed_command=program, failed_timeout="1h")
    uuid = place.push(tries=1)
    wait_for(lambda: seen.exists() and seen.read_text().count("\n") == 1, "the failure is told")
    os.kill(worker_of(place, uuid), signal.SIGKILL)
    after = place.push(how="done")
    place.wait_noted("run", after)
    place.muster.wait_failed(uuid)
    place.muster.wait_empty()
    assert [json.loads(line)["uuid"] for line in seen.read_text().splitlines()] == [uuid]


def test_a_program_that_hangs_does_not_hold_up_a_stop(place):
    hanging = place.program("hang.sh", f"#!/bin/sh\necho $$ >{place.muster.directory}/pid\nexec sleep 1000\n")
    place.start(failed_command=hanging, failed_timeout="1h", muster={"stop_timeout": 1})
    place.muster.wait_failed(place.push(tries=1))
    pid_file = place.muster.directory / "pid"
    wait_for(lambda: pid_file.exists() and pid_file.read_text().strip(), "the program")
    pid = int(pid_file.read_text())
    assert process_lives(pid)
    place.muster.run("master:stop")
    place.muster.wait_exit()
    wait_dead([pid])
