# SPDX-License-Identifier: MIT
"""What [job:CLASS] and a handler's hello say of classes: at the push and when jobs run."""
import json

from support.processes import JOB_TIMEOUT, ROOT, wait_for
from support.worker import PYTHON

SCRIPTED = ROOT / "tests" / "support" / "scripted.py"


def append(muster, text):
    with muster.config.open("a") as config:
        config.write(text)


def reload(muster):
    """Until new workers are there: the former ones may take one more job."""
    before = muster.running()
    muster.cli("master:reload")
    wait_for(lambda: muster.running() and not before.keys() & {worker["id"] for worker in muster.workers()}, muster.log_text)


def scripted(muster, hello, name="default", **keys):
    """A queue whose handler does what the data say, and says this hello."""
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return (f"[queue:{name}]\nhandler = persistent\ncommand = {PYTHON} {SCRIPTED} '{json.dumps(hello)}'\n"
            f'environment = HISTORY="{muster.directory}/scripted"\n{lines}')


def limits_script(muster):
    """A handler of kind exec that notes under which limits a job runs."""
    path = muster.directory / "limits.sh"
    path.write_text(f'#!/bin/sh\necho "$MUSTER_JOB $MUSTER_QUEUE $MUSTER_PRIORITY $MUSTER_MAX_ATTEMPTS $MUSTER_TIMEOUT"'
                    f' >>{muster.directory}/limits\n')
    path.chmod(0o755)
    return path


def noted_limits(muster):
    path = muster.directory / "limits"
    return {line.split()[0]: line.split()[1:] for line in path.read_text().splitlines()} if path.exists() else {}


def test_limits_of_classes(muster):
    """Job, then class, then the pattern with more letters, then the queue."""
    muster.configure(f"[queue:default]\ncommand = {limits_script(muster)}\ntimeout = 50\nmax_attempts = 9\n")
    append(muster, "[job:*]\nmax_attempts = 8\npriority = 1\n[job:App\\*]\nmax_attempts = 7\ntimeout = 40\n"
                   "[job:App\\Send]\nmax_attempts = 6\n[job:Endless]\nmax_attempts = 0\ntimeout = 0\n")
    muster.start()
    for name in ("Other", "App\\Report", "App\\Send", "Endless"):
        muster.cli("queue:push", name, "{}")
    muster.cli("queue:push", "App\\Own", "{}", "--tries=2", "--timeout=30", "--priority=5")
    muster.wait_empty()
    assert noted_limits(muster) == {
        "Other": ["default", "1", "8", "50"],
        "App\\Report": ["default", "1", "7", "40"],
        "App\\Send": ["default", "1", "6", "40"],
        "Endless": ["default", "1", "0", "0"],
        "App\\Own": ["default", "5", "2", "30"],
    }


def test_a_section_goes_before_what_the_handler_declares(muster):
    hello = {"type": "hello", "version": 1,
             "jobs": [{"job": "Declared", "max_attempts": 2}, {"job": "Both", "max_attempts": 2}, "*"]}
    muster.configure(scripted(muster, hello, max_attempts=4, backoff="none"))
    append(muster, "[job:Both]\nmax_attempts = 3\n")
    muster.start()
    data = json.dumps({"do": [["fail", {"exception": "no"}]]})
    uuids = {name: muster.cli("queue:push", name, data)["uuid"] for name in ("Declared", "Both", "Neither")}
    own = muster.cli("queue:push", "Both", data, "--tries=1")["uuid"]
    assert {name: muster.wait_failed(uuid)["attempts"] for name, uuid in uuids.items()} == \
        {"Declared": 2, "Both": 3, "Neither": 4}
    assert muster.wait_failed(own)["attempts"] == 1


def test_backoff_of_a_class(muster):
    muster.configure(scripted(muster, {"type": "hello", "version": 1}, backoff="fixed", backoff_delay="1h", backoff_max="1h"))
    append(muster, "[job:Soon]\nbackoff = none\nmax_attempts = 3\n")
    muster.start()
    data = json.dumps({"do": [["fail", {"exception": "no"}]]})
    late = muster.cli("queue:push", "Late", data)["uuid"]
    soon = muster.cli("queue:push", "Soon", data)["uuid"]
    assert muster.wait_failed(soon)["attempts"] == 3
    wait_for(lambda: muster.stats()["delayed"] == 1, lambda: f"{late} is delayed: {muster.stats()}")


def test_what_a_class_gives_at_the_push(muster):
    """By queue:push, by queue:bulk, by a job, and by a chain."""
    muster.configure(f"[queue:default]\ncommand = {limits_script(muster)}\n",
                     f"[queue:emails]\ncommand = {limits_script(muster)}\n",
                     scripted(muster, {"type": "hello", "version": 1}, name="pushing"))
    append(muster, "[job:Mail*]\nqueue = emails\npriority = 3\nunique_key = {job}:{data.to}\n")
    assert muster.cli("queue:push", "MailA", '{"to":1}')["queue"] == "emails"
    again = muster.run("queue:push", "MailA", '{"to":1}')
    assert again.returncode != 0 and "unique key MailA:1" in again.stderr
    assert muster.cli("queue:push", "MailB", '{"to":1}', "--queue=default", "--priority=0")["queue"] == "default"
    missing = muster.run("queue:push", "MailA", "{}")
    assert missing.returncode != 0 and "{data.to}" in missing.stderr
    answer = muster.cli("queue:bulk", "-", input='{"job":"MailC","data":{"to":1}}\n{"job":"MailC","data":{"to":1}}\n')
    assert (answer["stored"], answer["duplicates"]) == (1, 1)
    push = {"job": "MailD", "data": {"to": 1}}
    muster.cli("queue:push", "--queue=pushing", "Pusher", json.dumps({"do": [["say", {"type": "push", "push": push}], ["done"]]}))
    chain = {"job": "First", "data": {}, "chain": [{"job": "MailE", "data": {"to": 1}}]}
    muster.cli("queue:bulk", "-", input=json.dumps(chain) + "\n")
    muster.start()
    muster.wait_empty()
    queues = {name: fields[:2] for name, fields in noted_limits(muster).items()}
    assert queues == {"MailA": ["emails", "3"], "MailB": ["default", "0"], "MailC": ["emails", "3"],
                      "MailD": ["emails", "3"], "First": ["default", "0"], "MailE": ["emails", "3"]}


def test_a_class_that_nobody_handles(muster):
    """It fails, says so, and runs when somebody handles it."""
    muster.configure(scripted(muster, {"type": "hello", "version": 1, "jobs": ["Known"]}))
    muster.start()
    uuid = muster.cli("queue:push", "Unknown", "{}")["uuid"]
    failed = muster.wait_failed(uuid)
    assert failed["cause"] == "unhandled"
    assert failed["exception"] == "no handler of queue default runs jobs of class Unknown"
    muster.configure(scripted(muster, {"type": "hello", "version": 1, "jobs": ["Known", "Unknown"]}))
    reload(muster)
    muster.cli("queue:retry", uuid)
    muster.wait_empty()
    assert not muster.failed()


def test_a_changed_section_replaces_the_workers(muster):
    script = limits_script(muster)
    muster.configure(f"[queue:default]\ncommand = {script}\nmax_attempts = 9\n")
    muster.start()
    muster.cli("queue:push", "Before", "{}")
    muster.wait_empty()
    append(muster, "[job:*]\nmax_attempts = 5\n")
    reload(muster)
    muster.cli("queue:push", "After", "{}")
    muster.wait_empty()
    assert noted_limits(muster)["Before"][2] == "9" and noted_limits(muster)["After"][2] == "5"


# --- a handler of a class's own ---

def named_script(muster, name, text=""):
    """A handler of kind exec that notes which jobs it has run."""
    path = muster.directory / f"{name}.sh"
    path.write_text(f'#!/bin/sh\n{text}\necho "{name} $MUSTER_JOB $MUSTER_QUEUE $MUSTER_TIMEOUT $COLOUR" >>{muster.directory}/ran\n')
    path.chmod(0o755)
    return path


def ran(muster):
    """(handler, class) of each run, in their order."""
    path = muster.directory / "ran"
    return [tuple(line.split()[:2]) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_class_has_a_handler_of_its_own(muster):
    """In every queue; others, and classes whose section has no command, run on that of their queue."""
    muster.configure(f"[queue:default]\ncommand = {named_script(muster, 'ours')}\nenvironment = COLOUR=\"red\"\n",
                     f"[queue:emails]\ncommand = {named_script(muster, 'emails')}\nenvironment = COLOUR=\"blue\"\n")
    append(muster, f"[job:App\\*]\ncommand = {named_script(muster, 'app')}\ntimeout = 40\n"
                   f"[job:App\\Send]\ncommand = {named_script(muster, 'send')}\nenvironment = COLOUR=\"green\"\n"
                   "[job:Plain]\ntimeout = 30\n")
    muster.start()
    for name in ("App\\Report", "App\\Send", "Plain", "Other"):
        muster.cli("queue:push", name, "{}")
        muster.cli("queue:push", "--queue=emails", name, "{}")
    muster.wait_empty()
    lines = sorted((muster.directory / "ran").read_text().splitlines())
    assert lines == sorted([
        "app App\\Report default 40 red", "send App\\Send default 40 green", "ours Plain default 30 red", f"ours Other default {JOB_TIMEOUT} red",
        "app App\\Report emails 40 blue", "send App\\Send emails 40 green", "emails Plain emails 30 blue", f"emails Other emails {JOB_TIMEOUT} blue",
    ])


def test_a_class_has_a_persistent_handler_of_its_own(muster):
    """It is started with the first job, stays, has its own hello, and is told of failures for good; the queue's is not."""
    hello = {"type": "hello", "version": 1, "failed": True, "jobs": ["Own", "Limited"]}
    muster.configure(f"[queue:default]\ncommand = {named_script(muster, 'ours')}\nbackoff = none\n")
    append(muster, f"[job:*]\nhandler = persistent\ncommand = {PYTHON} {SCRIPTED} '{json.dumps(hello)}'\n"
                   f'environment = HISTORY="{muster.directory}/scripted"\n'
                   f"[job:Plain]\ncommand = {named_script(muster, 'plain')}\n[job:Limited]\nmax_attempts = 2\n")
    muster.start()
    assert not (muster.directory / "scripted").exists()
    muster.cli("queue:push", "Own", json.dumps({"do": [["done"]]}))
    muster.cli("queue:push", "Own", json.dumps({"do": [["done"]]}))
    muster.cli("queue:push", "Plain", "{}")
    failing = muster.cli("queue:push", "Limited", json.dumps({"do": [["fail", {"exception": "no"}]]}))["uuid"]
    assert muster.wait_failed(failing)["attempts"] == 2
    unknown = muster.cli("queue:push", "Unknown", "{}")["uuid"]
    assert muster.wait_failed(unknown)["exception"] == "no handler of class * runs jobs of class Unknown"
    muster.wait_empty()
    assert ran(muster) == [("plain", "Plain")]
    history = (muster.directory / "scripted").read_text()
    assert history.count("start ") == 1 and f"failed {failing} exception" in history


def test_jobs_of_all_handlers_run_in_their_order_and_no_more_at_once(muster):
    """One at a time, although each handler could run one."""
    overlap = f'mkdir {muster.directory}/busy || echo overlap >>{muster.directory}/overlaps\nsleep 0.02\nrmdir {muster.directory}/busy'
    muster.configure(f"[queue:default]\ncommand = {named_script(muster, 'ours', overlap)}\n")
    append(muster, f"[job:Own]\ncommand = {named_script(muster, 'own', overlap)}\n")
    lines = "".join(json.dumps({"job": "Own" if i % 3 == 1 else "Other", "data": {}}) + "\n" for i in range(12))
    muster.cli("queue:bulk", "-", input=lines)
    muster.start()
    muster.wait_empty()
    assert ran(muster) == [("own", "Own") if i % 3 == 1 else ("ours", "Other") for i in range(12)]
    assert not (muster.directory / "overlaps").exists()


def test_a_handler_that_is_not_there_fails_its_class_alone(muster):
    """Attempts fail, and say why; others go on; when it is there the failed jobs can be retried."""
    missing = muster.directory / "late.sh"
    muster.configure(f"[queue:default]\ncommand = {named_script(muster, 'ours')}\nbackoff = none\n")
    append(muster, f"[job:Late]\ncommand = {missing}\nmax_attempts = 2\n"
                   f"[job:Broken]\nhandler = persistent\ncommand = /bin/false\nmax_attempts = 1\n")
    muster.start()
    late = muster.cli("queue:push", "Late", "{}")["uuid"]
    broken = muster.cli("queue:push", "Broken", "{}")["uuid"]
    for _ in range(5):
        muster.cli("queue:push", "Other", "{}")
    failed = muster.wait_failed(late)
    assert failed["attempts"] == 2 and failed["cause"] == "exit"
    assert "class Late: its handler cannot be started" in failed["exception"] and "[job:Late]" in failed["exception"]
    assert "class Broken: its handler ended before it said hello" in muster.wait_failed(broken)["exception"]
    muster.wait_empty()
    assert ran(muster) == [("ours", "Other")] * 5
    named_script(muster, "late")
    muster.cli("master:reload")
    muster.cli("queue:retry", late)
    wait_for(lambda: ("late", "Late") in ran(muster), lambda: f"it runs: {ran(muster)}")
