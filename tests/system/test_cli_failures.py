# SPDX-License-Identifier: MIT
"""Failed jobs through the command line, over every store."""
import pytest


@pytest.fixture
def cli(muster):
    """A store and nobody who works on it."""
    muster.configure(muster.queue("emails", workers=0))
    return muster


def work(cli, queue="emails"):
    """Runs what is ready; each job once."""
    cli.configure(cli.queue(queue), options={"max_attempts": 1})
    result = cli.run("queue:work", f"--queue={queue}", "--stop-when-empty")
    assert result.returncode == 0, result.stderr


def fail(cli, message, count=1, job="Mail", queue="emails"):
    """Jobs that fail with this message; their uuids. # in it becomes a number."""
    jobs = [{"job": job, "data": {"do": "fail", "message": message.replace("#", str(n))}} for n in range(count)]
    uuids = cli.bulk(jobs, f"--queue={queue}")
    work(cli, queue)
    return uuids


@pytest.fixture
def kinds(cli):
    """Failures of four kinds; their uuids by kind."""
    return {"smtp": fail(cli, "mail server 10.0.0.#:25 said 45#: try again later\n#0 Mail.php:#", 3),
            "user": fail(cli, "no such user: user#@example.com", 5),
            "fax": fail(cli, "no such user: user#@example.com", 2, job="Fax"),
            "other": fail(cli, "no such user: user#@example.com", 1, queue="others")}


def test_failures_are_grouped_by_kind(cli, kinds):
    answer = cli.cli("queue:failed", "--group")
    assert (answer["total"], answer["group_count"]) == (11, 3)
    groups = answer["groups"]
    assert [(group["count"], group["job"], group["exception"]) for group in groups] == [
        (6, "Mail", "no such user: <address>"), (3, "Mail", "mail server <address> said #: try again later"),
        (2, "Fax", "no such user: <address>")]
    assert groups[0]["newest"] == kinds["other"][0] and groups[0]["queue"] == "others"
    assert groups[0]["first_failed_at"] <= groups[0]["last_failed_at"]
    assert [group["count"] for group in cli.cli("queue:failed", "--group", "--queue=emails")["groups"]] == [5, 3, 2]
    assert [group["job"] for group in cli.cli("queue:failed", "--group", "--class=Fax")["groups"]] == ["Fax"]
    assert len(cli.cli("queue:failed", "--group", "--limit=1")["groups"]) == 1
    lines = cli.run("queue:failed", "--group").stdout.splitlines()
    assert any(line.split()[1:3] == ["6", "Mail"] for line in lines)
    assert cli.cli("queue:failed", "--group", "--text=nothing of the kind") == {"total": 0, "group_count": 0, "groups": []}


def test_one_kind_is_listed_retried_and_forgotten(cli, kinds):
    ids = {(group["count"], group["job"]): group["fingerprint"] for group in cli.cli("queue:failed", "--group")["groups"]}
    user, smtp, fax = ids[6, "Mail"], ids[3, "Mail"], ids[2, "Fax"]
    assert set(cli.failed(f"--fingerprint={user}")) == set(kinds["user"] + kinds["other"])
    assert {job["fingerprint"] for job in cli.failed(f"--fingerprint={smtp}").values()} == {smtp}
    assert len(cli.cli("queue:failed", f"--fingerprint={user}", "--limit=2")["failed"]) == 2
    assert cli.cli("queue:retry", f"--fingerprint={user}", "--queue=emails") == {"retried": 5}
    assert cli.cli("queue:forget", f"--fingerprint={smtp}") == {"removed": 3}
    assert set(cli.failed()) == set(kinds["fax"] + kinds["other"]) and cli.stats()["pending"] == 5
    assert cli.cli("queue:failed", kinds["fax"][0])["fingerprint"] == fax


@pytest.mark.parametrize("command", ["queue:failed", "queue:retry", "queue:forget"])
def test_a_fingerprint_has_a_form(cli, command):
    result = cli.run(command, "--fingerprint=0123456789abcdeX")
    assert result.returncode == 2 and "16 digits" in result.stderr


def test_all_that_is_known_of_a_failure(cli):
    cli.bulk([{"job": "Mail", "data": {"do": "fail", "message": "no town\ntrace line 1\n  line 2"}, "batch_uuid": "b"}],
             "--queue=emails")
    cli.configure(cli.queue("emails"), options={"max_attempts": 2, "backoff": "none"})
    assert cli.run("queue:work", "--queue=emails", "--stop-when-empty").returncode == 0
    row, = cli.failed().values()
    assert (row["queue"], row["job"], row["connection"], row["batch_uuid"], row["cause"], row["attempts"]) == \
        ("emails", "Mail", "main", "b", "exception", 2)
    assert row["exception"] == "no town\ntrace line 1\n  line 2" and row["worker"] and row["failed_at"]
    whole = cli.cli("queue:failed", row["uuid"])
    assert {name: whole[name] for name in row} == row
    assert whole["message"] == "no town" and whole["payload"]["batchUuid"] == "b"
    assert [(entry["attempt"], entry["cause"]) for entry in whole["history"]] == [(1, "exception"), (2, "exception")]
    assert "line 2" in cli.run("queue:failed", row["uuid"]).stdout
    listed = cli.run("queue:failed").stdout
    assert "no town" in listed and "trace line" not in listed


def test_more_than_a_page_is_listed_and_retried(cli):
    cli.configure(cli.queue("emails"), connection={"batch_size": 7}, options={"max_attempts": 1})
    uuids = cli.bulk([{"job": "Mail", "data": {"do": "fail"}} for _ in range(40)], "--queue=emails")
    assert cli.run("queue:work", "--queue=emails", "--stop-when-empty").returncode == 0
    assert list(cli.failed()) == uuids[::-1]
    assert list(cli.failed("--limit=10")) == uuids[:-11:-1]
    assert cli.cli("queue:retry", "--all") == {"retried": 40}
    assert cli.stats()["pending"] == 40 and cli.failed() == {}


@pytest.mark.parametrize("filter_, count", [(["--text=SUCH USER", "--class=Mail"], 6), (["--queue=others"], 1),
                                            (["--since=1h", "--class=Fax"], 2), (["--text=%"], 0)], ids=str)
def test_filters_choose_what_is_forgotten(cli, kinds, filter_, count):
    assert cli.cli("queue:forget", *filter_) == {"removed": count}
    assert len(cli.failed()) == 11 - count


@pytest.mark.parametrize("arguments", [[], ["uuid", "--class=Mail"]], ids=str)
def test_forget_wants_to_know_which(cli, arguments):
    result = cli.run("queue:forget", *arguments)
    assert result.returncode == 2 and "in one way" in result.stderr


def test_a_payload_that_cannot_be_read_keeps_nobody_from_a_retry(cli, store):
    jobs = [{"job": "Mail", "data": {"do": "fail"}} for _ in range(3)]
    spoiled, *others = cli.bulk(jobs, "--queue=emails")
    store.spoil(spoiled)
    work(cli)
    assert cli.cli("queue:failed", spoiled)["cause"] == "payload"
    assert cli.cli("queue:retry", "--all")["retried"] in (2, 3)  # it may be left
    assert not cli.failed().keys() & set(others)
    work(cli)
    assert spoiled in cli.failed()
