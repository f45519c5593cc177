# SPDX-License-Identifier: MIT
"""Batches through the command line, over every store."""
import json
import subprocess

import pytest

from support.processes import PATIENCE, wait_for


@pytest.fixture
def cli(muster):
    """A store and nobody who works on it."""
    muster.configure(muster.queue("emails", workers=0), muster.queue("callbacks", workers=0))
    return muster


def work(muster, queue="emails", **keys):
    """Runs what is ready."""
    muster.configure(muster.queue(queue, **keys), options={"max_attempts": 1})
    result = muster.run("queue:work", f"--queue={queue}", "--stop-when-empty")
    assert result.returncode == 0, result.stderr


def lines(*datas, **options):
    return "".join(json.dumps({"job": "Mail", "data": data, **options}) + "\n" for data in datas)


def create(cli, *arguments, jobs=None):
    """A batch with all callbacks, which go to a queue of their own; its uuid."""
    callbacks = [f"--{name}=" + json.dumps({"job": name.capitalize(), "queue": "callbacks"})
                 for name in ("then", "catch", "finally")]
    options = [] if jobs is None else ["--jobs=-"]
    return cli.cli("batch:create", *arguments, "--queue=emails", *callbacks, *options, input=jobs or "")["batch_uuid"]


def callbacks(cli):
    """The classes of the callbacks that have been pushed, in the order in which they are run."""
    path = cli.directory / "callbacks"
    path.write_text("")
    cli.configure(cli.queue("callbacks", "exec", command=f"/usr/bin/tee -a {path}"))
    assert cli.run("queue:work", "--queue=callbacks", "--stop-when-empty").returncode == 0
    frames = [json.loads(line) for line in path.read_text().splitlines()]
    return [(frame["job"], frame["data"].get("batch_uuid")) for frame in frames]


def show(cli, uuid):
    return cli.cli("batch:show", uuid)


FAIL = {"do": "fail", "message": "no such address"}


def test_a_batch_from_its_making_to_its_end(cli):
    uuid = create(cli, "Newsletter", jobs=lines(1, 2, 3, 4))
    answer = show(cli, uuid)
    assert {name: answer[name] for name in ("batch_uuid", "name", "state", "total", "completed", "failed", "pending",
                                            "cancelled", "progress_percentage", "success_rate", "allow_failures")} == {
        "batch_uuid": uuid, "name": "Newsletter", "state": "running", "total": 4, "completed": 0, "failed": 0, "pending": 4,
        "cancelled": 0, "progress_percentage": 0, "success_rate": 0, "allow_failures": False}
    assert answer["created_at"] and answer["finished_at"] is None and answer["cancelled_at"] is None
    assert (answer["then"]["job"], answer["then"]["queue"], answer["then"]["data"]) == \
        ("Then", "callbacks", {"batch_uuid": uuid})
    cli.configure(cli.queue("emails"))
    assert cli.run("queue:work", "--queue=emails", "--max-jobs=3").returncode == 0
    answer = show(cli, uuid)
    assert (answer["completed"], answer["pending"], answer["progress_percentage"], answer["success_rate"]) == (3, 1, 75, 100)
    work(cli)
    answer = show(cli, uuid)
    assert (answer["state"], answer["progress_percentage"]) == ("completed", 100) and answer["finished_at"]
    assert callbacks(cli) == [("Then", uuid), ("Finally", uuid)]


def test_the_first_failure_cancels_the_batch(cli):
    uuid = create(cli, jobs=lines(1, FAIL) + lines(2, 3, delay=3600))
    work(cli)
    answer = show(cli, uuid)
    assert [answer[name] for name in ("state", "completed", "failed", "cancelled")] == ["failed", 1, 1, 2]
    assert (answer["progress_percentage"], answer["success_rate"]) == (25, 50)
    assert callbacks(cli) == [("Catch", uuid), ("Finally", uuid)]


def test_failures_are_allowed_where_that_is_said(cli):
    uuid = create(cli, "--allow-failures", jobs=lines(FAIL, 1, FAIL))
    work(cli)
    answer = show(cli, uuid)
    assert [answer[name] for name in ("state", "completed", "failed", "cancelled")] == ["failed", 1, 2, 0]
    assert callbacks(cli) == [("Catch", uuid), ("Finally", uuid)]


def test_a_retry_corrects_the_counters_and_success_still_comes(cli):
    uuid = create(cli, "--allow-failures", jobs=lines(FAIL, {"do": "fail", "times": 1}, 1))
    work(cli)
    jobs = [cli.cli("queue:failed", job) for job in cli.failed()]
    assert [job["batch_uuid"] for job in jobs] == [uuid, uuid]
    assert callbacks(cli) == [("Catch", uuid), ("Finally", uuid)]
    assert cli.cli("batch:retry", uuid) == {"retried": 2}
    answer = show(cli, uuid)
    assert [answer[name] for name in ("state", "pending", "failed", "finished_at")] == ["running", 2, 0, None]
    work(cli, handler="exec")  # a handler that fails nothing
    assert [show(cli, uuid)[name] for name in ("state", "completed")] == ["completed", 3]
    assert callbacks(cli) == [("Then", uuid)]  # the others were there
    result = cli.run("batch:retry", uuid, "nobody")
    assert result.returncode == 3 and "there is no batch nobody" in result.stderr
    assert "0 failed jobs put back" in result.stdout


def test_a_batch_is_cancelled(cli):
    uuid = create(cli, jobs=lines(1, 2, 3))
    assert cli.cli("batch:cancel", uuid) == {"removed": 3}
    answer = show(cli, uuid)
    assert [answer[name] for name in ("state", "cancelled", "pending")] == ["cancelled", 3, 0]
    assert cli.stats("--queue=emails")["total"] == 0 and callbacks(cli) == [("Finally", uuid)]
    result = cli.run("queue:push", "Mail", f"--batch={uuid}", "--queue=emails")
    assert result.returncode == 1 and uuid in result.stderr
    result = cli.run("batch:cancel", "nobody", uuid)
    assert result.returncode == 3 and "0 waiting jobs taken away" in result.stdout


def test_running_jobs_of_a_cancelled_batch_are_told(cli):
    gate = cli.directory / "gate"
    uuid = create(cli, jobs=lines({"do": "wait", "file": str(gate)}, 2))
    cli.configure(cli.queue("emails"), connection={"retry_after": 1}, kill_timeout="200ms")
    worker = subprocess.Popen([cli.command, "-c", cli.config, "queue:work", "--queue=emails", "--stop-when-empty"],
                              env=cli.environment, cwd=cli.directory, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: cli.history.lines("begin"), "a job that runs")
        assert cli.cli("batch:cancel", uuid) == {"removed": 1}
        assert show(cli, uuid)["state"] in ("stopping", "cancelled")
        assert worker.wait(PATIENCE) == 0
    finally:
        worker.kill()
        worker.wait()
    assert [show(cli, uuid)[name] for name in ("state", "cancelled")] == ["cancelled", 2]
    assert cli.history.lines("done") == [] and callbacks(cli) == [("Finally", uuid)]


def test_jobs_are_added_by_push_and_bulk(cli):
    uuid = create(cli)
    assert show(cli, uuid)["state"] == "empty"
    cli.push(queue="emails", batch=uuid)
    cli.bulk([{"job": "Mail", "data": n} for n in range(250)], f"--batch={uuid}", "--queue=emails")
    assert show(cli, uuid)["total"] == 251
    work(cli)
    assert show(cli, uuid)["state"] == "completed"


def test_a_batch_that_nobody_made_as_in_the_guide(cli):
    jobs = [{"job": "ProcessEmailJob", "data": {"to": f"user{n}@example.com"}, "batch_uuid": "guide"} for n in range(3)]
    cli.bulk(jobs, "--queue=emails")
    work(cli)
    answer = show(cli, "guide")
    assert (answer["total"], answer["completed"], answer["name"]) == (3, 3, None)


def test_batches_are_listed_newest_first_and_pruned(cli):
    uuids = [create(cli, f"number {n}", jobs=lines(1)) for n in range(3)]
    cli.cli("batch:cancel", uuids[0], uuids[2])
    listed = cli.cli("batch:list")["batches"]
    assert [batch["batch_uuid"] for batch in listed] == uuids[::-1]
    assert [batch["state"] for batch in listed] == ["cancelled", "running", "cancelled"]
    assert [batch["name"] for batch in cli.cli("batch:list", "--limit=1", f"--after={uuids[2]}")["batches"]] == ["number 1"]
    assert "number 2" in cli.run("batch:list").stdout
    assert cli.cli("batch:prune", "--days=1") == {"removed": 0}
    assert cli.run("batch:prune").returncode == 2
    assert cli.cli("batch:prune", "--hours=0") == {"removed": 2}
    assert [batch["batch_uuid"] for batch in cli.cli("batch:list")["batches"]] == [uuids[1]]


def test_watching_ends_with_the_batch(cli):
    uuid = create(cli, jobs=lines(1, 2))
    watching = subprocess.Popen([cli.command, "-c", cli.config, "--json", "batch:show", "--watch", uuid],
                                env=cli.environment, stdout=subprocess.PIPE, text=True)
    try:
        work(cli)
        output, _ = watching.communicate(timeout=PATIENCE)
    finally:
        watching.kill()
        watching.wait()
    assert watching.returncode == 0 and json.loads(output)["completed"] == 2
    failed = create(cli, jobs=lines(FAIL))
    work(cli)
    assert cli.run("batch:show", "-w", failed).returncode == 1


@pytest.mark.parametrize("arguments, message", [
    (["--then="], "--then: the job's class"),
    (["--then={\"jb\":1}"], "--then: "),
    (["--finally={\"job\":\"A\",\"queue\":\"a b\"}"], "--finally: the queue"),
    (["x" * 256], "255"),
    (["--uuid=with space"], "uuid"),
    (["--jobs=/nowhere/jobs.jsonl"], "/nowhere/jobs.jsonl"),
    (["--jobs=/"], "is a directory"),
], ids=str)
def test_what_is_wrong_with_a_new_batch_is_said(cli, arguments, message):
    result = cli.run("batch:create", *arguments)
    assert result.returncode in (2, 3) and result.stdout == "" and message in result.stderr
    assert cli.cli("batch:list")["batches"] == []


def test_a_bad_job_makes_no_batch(cli):
    for line, message in (("oops", ":3: "), ('{"job":"A","data":1,"batch_uuid":"other"}', "other"),
                          ('{"job":"A","queue":"a/b"}', "the queue")):
        result = cli.run("batch:create", "--jobs=-", input=lines(1, 2) + line + "\n")
        assert result.returncode == 2 and "nothing was stored: standard input:3: " in result.stderr
        assert message in result.stderr
    assert cli.cli("batch:list")["batches"] == [] and cli.stats()["total"] == 0


def test_there_are_limits(cli):
    result = cli.run("batch:create", "--jobs=-", input=lines(1) * 10001)
    assert result.returncode == 2 and "at most 10000 jobs" in result.stderr
    uuid = cli.cli("batch:create", "--jobs=-", "--queue=emails", input=lines(1) * 10000)["batch_uuid"]
    assert show(cli, uuid)["pending"] == 10000


def test_a_batch_that_is_not_there(cli):
    result = cli.run("--json", "batch:show", "nobody")
    assert result.returncode == 3 and json.loads(result.stderr)["error"]["code"] == "not_found"
    assert cli.run("batch:show").returncode == 2
    assert cli.run("batch:list").stdout == "No batches.\n"


def test_what_a_class_gives_to_jobs_and_callbacks_of_a_batch(cli):
    """Queue, priority and unique key of [job:CLASS], where nothing else is said."""
    with cli.config.open("a") as config:
        config.write("[job:Mail]\nqueue = emails\npriority = 7\nunique_key = mail:{data}\n"
                     "[job:Then]\nqueue = callbacks\npriority = 3\nunique_key = then:{data.batch_uuid}\n")
    uuid = cli.cli("batch:create", "--jobs=-", "--then=Then", '--finally={"job":"Then","queue":"emails","priority":0,"data":{}}',
                   input=lines(1, 1, 2))["batch_uuid"]
    answer = show(cli, uuid)
    assert answer["total"] == 2 and cli.stats("--queue=emails")["pending"] == 2
    then, final = answer["then"], answer["finally"]
    assert (then["queue"], then["priority"], then["unique_key"]) == ("callbacks", 3, f"then:{uuid}")
    assert (final["queue"], final["priority"], final["data"]) == ("emails", 0, {"batch_uuid": uuid})
    said = cli.cli("batch:create", "--jobs=-", "--queue=callbacks", input=lines(3))["batch_uuid"]
    assert show(cli, said)["total"] == 1 and cli.stats("--queue=callbacks")["pending"] == 1


def test_a_large_batch_does_not_come_to_its_end_before_it_is_whole(cli):
    """Workers take its first jobs while it is made."""
    cli.configure(cli.queue("emails", workers=2), cli.queue("callbacks", workers=0))
    cli.start()
    uuid = create(cli, jobs=lines(*range(3000)))
    answer = wait_for(lambda: (lambda batch: batch["state"] == "completed" and batch)(show(cli, uuid)),
                      lambda: f"its end: {show(cli, uuid)}", timeout=4 * PATIENCE)
    assert (answer["total"], answer["completed"]) == (3000, 3000)
    assert cli.stats("--queue=callbacks")["pending"] == 2
