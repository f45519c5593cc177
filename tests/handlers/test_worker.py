# SPDX-License-Identifier: MIT
"""The handler libraries under a real worker, on a store of its own."""
import json
import re
import subprocess

import pytest

from support.handler import LIBRARIES, interpreter_of
from support.musterd import clean_environment
from support.processes import PATIENCE, PROGRAMS, ROOT

APPS = ROOT / "tests" / "handlers" / "apps"
CONFIGURATION = """
[muster]
datadir = {directory}

[worker_options]
backoff = none

[queue:mail]
handler = persistent
command = {command}
environment = PYTHONPATH="{libraries}",MUSTER_HANDLERS="{libraries}"
"""


class Queue:
    """The queue `mail`, whose handler is the app of a language."""

    def __init__(self, directory, language):
        self.config = directory / "muster.ini"
        command = " ".join(map(str, [*interpreter_of(language), APPS / f"app.{language}"]))
        self.config.write_text(CONFIGURATION.format(directory=directory, command=command, libraries=LIBRARIES))

    def run(self, *arguments, **options):
        ran = subprocess.run([PROGRAMS / "muster", "-c", self.config, *arguments], env=clean_environment(),
                             capture_output=True, text=True, timeout=4 * PATIENCE, **options)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran

    def ask(self, *arguments, **options):
        return json.loads(self.run("--json", *arguments, **options).stdout)

    def push(self, *jobs):
        """Pushes (class, data) in one go. Returns the uuids."""
        lines = "".join(json.dumps({"job": job, "data": data, "queue": "mail"}) + "\n" for job, data in jobs)
        return self.ask("queue:bulk", "-", "--uuids", input=lines)["uuids"]

    def work(self):
        """Runs all jobs. Returns the worker's log."""
        return self.run("queue:work", "--queue=mail", "--stop-when-empty").stderr

    def failed(self):
        return {job["uuid"]: job for job in self.ask("queue:failed")["failed"]}


@pytest.fixture(params=["php", "py", "js", "rb"])
def queue(request, tmp_path):
    return Queue(tmp_path, request.param)


def test_a_job_asks_how_far_its_batch_is(queue):
    batch = queue.ask("batch:create", "--jobs=-", "--queue=mail", "--allow-failures",
                      input='{"job":"Limited"}\n{"job":"AsksForBatch"}\n')["batch_uuid"]
    lost, = queue.push(("AsksForBatch", {"of": "nobody's"}))
    log = queue.work()
    assert "of 2, " in log and "there is no batch nobody's" in queue.failed()[lost]["exception"], log
    assert queue.ask("batch:show", batch)["state"] == "completed"


def test_jobs_run_fail_and_push(queue):
    echo, fails, for_good, released, bad, exits, nobody = queue.push(
        ("Echo", {"text": "é"}), ("Fails", {"text": "boom é"}), ("FailsForGood", {}), ("Released", {"delay": 0}),
        ("BadPush", {"what": "nul"}), ("Exits", {}), ("Nobody", {}))
    many = queue.push(*[("Limited", {})] * 300)
    log = queue.work()
    failed = queue.failed()
    assert failed.keys() == {fails, for_good, released, bad, exits, nobody}, log
    assert (failed[fails]["attempts"], failed[fails]["cause"]) == (3, "exception")
    assert "boom é" in failed[fails]["exception"]
    # the process that failed has died meanwhile, or not: then the name of the class comes along
    assert len(re.findall(r"hook: (?:\w+: )?boom é", log)) == 1
    assert (failed[for_good]["attempts"], failed[released]["attempts"]) == (1, 3)
    assert "exit" in failed[exits]["exception"].lower() and failed[exits]["attempts"] == 3
    assert failed[nobody]["exception"].startswith("no ") and "Nobody" in failed[nobody]["exception"]
    assert f"[{echo}] got é" in log and f"[{echo}] stdout: printed" in log
    stats = {each["queue"]: each for each in queue.ask("queue:stats")["queues"]}
    assert stats["mail"]["total"] == 0 and stats["other"]["total"] == 1
    assert len(many) == 300
