# SPDX-License-Identifier: MIT
"""The commands on jobs, queues and failed jobs, for people and for programs."""
import json
import os
import pty
import re
import subprocess

import pytest

from support.processes import PATIENCE


@pytest.fixture
def cli(muster):
    """A store and nobody who works on it."""
    muster.configure(muster.queue("emails", workers=0), muster.queue("images", handler="exec", workers=0))
    return muster


def text(muster, *arguments, **options):
    """The output of a command that must succeed, for people."""
    result = muster.run(*arguments, **options)
    assert (result.returncode, result.stderr) == (0, ""), (arguments, result.stderr)
    return result.stdout


def work(muster, queue="emails", handler="persistent", **environment):
    """Runs what is ready."""
    muster.configure(muster.queue(queue, handler), options={"max_attempts": 1})
    assert muster.run("queue:work", f"--queue={queue}", "--stop-when-empty").returncode == 0


# --- pushing ---


def test_push_prints_the_uuid(cli):
    uuid = text(cli, "queue:push", "SendEmail", '{"to":"a@example.com"}', "--queue=emails").strip()
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{20}", uuid)
    answer = cli.cli("queue:push", "SendEmail", "--queue=emails")
    assert answer["queue"] == "emails" and answer["connection"] == "main" and answer["uuid"] != uuid
    assert cli.stats("--queue=emails")["pending"] == 2


def test_data_comes_from_an_argument_a_file_or_standard_input(cli):
    path = cli.directory / "data.json"
    path.write_text('{"from": "a file",\n "lines": 2}')
    cli.cli("queue:push", "A", '{"do":"fail","message":"argument"}', "-q", "emails")
    cli.cli("queue:push", "B", "--data-file", path, "-q", "emails")
    cli.cli("queue:push", "C", "-", "-q", "emails", input='["standard input"]')
    cli.cli("queue:push", "D", "-q", "emails")
    work(cli)
    assert len(cli.history.lines("done")) == 3  # and the one that was told to fail
    assert [job["exception"] for job in cli.failed().values()] == ["argument"]


def test_every_kind_of_json_is_data(cli):
    for data in ('{"a":1}', "[1,2]", '"text"', "12345678901234567890", "null", "true", "1e-7"):
        cli.cli("queue:push", "Echo", data, "--queue=images")
    work(cli, "images", "exec")
    lines = (cli.directory / "history.input").read_text().splitlines()
    assert [line[line.index('"data":') + 7:-1] for line in lines] == \
        ['{"a":1}', "[1,2]", '"text"', "12345678901234567890", "null", "true", "1e-7"]  # byte for byte


def test_higher_priorities_run_first_and_equal_ones_in_order(cli):
    order = [cli.push(queue="emails", priority=priority) for priority in (0, -5, 10, 0, 1000, 10)]
    work(cli)
    assert [uuid for _, uuid, _, _ in cli.history.lines("begin")] == \
        [order[index] for index in (4, 2, 5, 0, 3, 1)]


def test_a_delayed_job_waits(cli):
    later = cli.cli("queue:later", "1h", "A", "--queue=emails")["uuid"]
    also = cli.push(queue="emails", delay="1d")
    assert cli.stats("--queue=emails") | {"oldest": None} == {
        "connection": "main", "queue": "emails", "total": 2, "pending": 0, "reserved": 0, "delayed": 2, "failed": 0,
        "oldest": None, "paused": False}
    cli.configure(cli.queue("emails"))
    soon = cli.cli("queue:later", "1", "B", "--queue=emails")["uuid"]
    assert cli.run("queue:work", "--queue=emails", "--once").returncode == 0
    assert cli.history.uuids("done") == {soon}
    assert cli.stats("--queue=emails")["delayed"] == 2 and later != also


def test_pushing_a_uuid_again_changes_nothing(cli):
    for _ in range(2):
        assert cli.push(uuid="order-4711", queue="emails") == "order-4711"
    assert cli.stats("--queue=emails")["total"] == 1


def test_options_of_a_push_reach_the_handler(cli):
    cli.cli("queue:push", "Echo", "--tries=7", "--timeout=90", "--priority=3", "--queue=images")
    work(cli, "images", "exec")
    frame = json.loads((cli.directory / "history.input").read_text())
    assert (frame["max_attempts"], frame["timeout"], frame["priority"], frame["attempts"]) == (7, 90, 3, 1)


# --- bulk ---


def test_bulk_from_a_file_and_from_a_pipe(cli):
    jobs = [{"job": "A", "data": {"n": n}, "queue": "emails" if n % 2 else "images"} for n in range(2500)]
    lines = "".join(json.dumps(job) + "\n" for job in jobs)
    path = cli.directory / "jobs.jsonl"
    path.write_text(lines + "\n  \n")
    assert text(cli, "queue:bulk", path) == "2500 jobs stored\n"
    assert cli.cli("queue:bulk", "-", input=lines.rstrip("\n")) ["stored"] == 2500
    assert cli.stats("--queue=emails")["pending"] == cli.stats("--queue=images")["pending"] == 2500


def test_bulk_prints_uuids_in_the_order_of_the_lines(cli):
    jobs = [{"job": "A", "data": {}, "uuid": f"job-{n}"} for n in range(250)]
    assert cli.bulk(jobs, "--queue=emails") == [job["uuid"] for job in jobs]
    lines = text(cli, "queue:bulk", "-", "--uuids", "--queue=emails", input='{"job":"A","data":1}\n' * 3).splitlines()
    assert len(lines) == len(set(lines)) == 3


def test_bulk_takes_all_that_a_line_may_say(cli):
    job = {"job": "A", "data": {"x": 1}, "queue": "images", "delay": 300, "priority": 9, "max_attempts": 4, "timeout": 5,
           "uuid": "special"}
    cli.bulk([job], "--queue=emails")
    assert cli.stats("--queue=images")["delayed"] == 1


def test_a_bad_line_in_a_file_stores_nothing(cli):
    path = cli.directory / "jobs.jsonl"
    path.write_text('{"job":"A","data":1}\n' * 300 + '{"job":"A","data":}\n')
    result = cli.run("queue:bulk", path, "--queue=emails")
    assert result.returncode == 2 and f"{path}:301: " in result.stderr and "nothing was stored" in result.stderr
    assert cli.stats()["total"] == 0


def test_a_bad_line_in_a_pipe_stops_there_and_says_where_to_go_on(cli):
    lines = '{"job":"A","data":1}\n' * 300 + "oops\n" + '{"job":"A","data":1}\n'
    result = cli.run("queue:bulk", "-", "--queue=emails", input=lines)
    assert result.returncode == 2
    assert "standard input:301: " in result.stderr and "300 jobs are stored, go on from line 301" in result.stderr
    assert cli.stats()["total"] == 300


def test_bad_lines_can_be_skipped(cli):
    lines = ('{"job":"A","data":1}\n' + "oops\n") * 20
    result = cli.run("queue:bulk", "-", "--queue=emails", "--skip-bad", input=lines)
    assert result.returncode == 0 and result.stdout == "20 jobs stored, 20 bad lines skipped\n"
    assert result.stderr.count("skipped: ") == 10
    assert cli.stats()["total"] == 20


def test_a_line_of_17_megabytes_is_refused_and_not_kept_in_memory(cli):
    path = cli.directory / "jobs.jsonl"
    with path.open("w") as file:
        file.write('{"job":"A","data":1}\n{"job":"A","data":"')
        file.write("x" * (17 << 20))
        file.write('"}\n{"job":"A","data":1}\n')
    result = cli.run("queue:bulk", path, "--queue=emails")
    assert result.returncode == 2 and f"{path}:2: the line is longer than 16777216 bytes" in result.stderr
    assert cli.stats()["total"] == 0
    result = cli.run("queue:bulk", path, "--queue=emails", "--skip-bad")
    assert result.returncode == 0 and cli.stats()["total"] == 2


def test_the_largest_data_that_is_allowed(cli):
    path = cli.directory / "data.json"
    path.write_text('"' + "x" * ((15 << 20) - 2) + '"')
    cli.cli("queue:push", "Echo", "--data-file", path, "--queue=images")
    work(cli, "images", "exec")
    assert (cli.directory / "history.input").stat().st_size > 15 << 20
    path.write_text('"' + "x" * (15 << 20) + '"')
    result = cli.run("queue:push", "Echo", "--data-file", path, "--queue=images")
    assert result.returncode == 2 and "15728640" in result.stderr


# --- looking ---


def test_stats_for_people_and_for_programs(cli):
    cli.push(queue="emails")
    cli.push(queue="emails", delay=60)
    cli.push(queue="others")
    stats = cli.stats()
    assert {key: stats[key] for key in ("total", "pending", "reserved", "delayed", "failed")} == \
        {"total": 3, "pending": 2, "reserved": 0, "delayed": 1, "failed": 0}
    assert [(row["queue"], row["total"]) for row in stats["queues"]] == [("emails", 2), ("images", 0), ("others", 1)]
    lines = text(cli, "queue:stats").splitlines()
    assert lines[1].split() == ["total", "3"]
    assert ["emails", "2", "1", "0", "1", "0"] in [line.split()[:6] for line in lines]
    assert cli.stats("--queue=emails")["total"] == 2
    assert "pending" in text(cli, "queue:stats", "--queue=emails")


def test_health(cli):
    cli.push(queue="emails")
    cli.push(queue="others", delay=60)
    answer = cli.cli("queue:health")
    connection, = answer["connections"]
    assert (connection["connection"], connection["healthy"]) == ("main", True)
    assert connection["response_time"] >= 0 and connection["metrics"]["version"]
    assert (connection["metrics"]["total_queues"], connection["metrics"]["total_jobs"]) == (2, 2)
    assert "connection is healthy" in text(cli, "queue:health", "--connection=main")


def test_a_store_that_cannot_be_reached_is_unhealthy(cli):
    cli.configure(connection={"path": "/proc/nowhere/jobs.db"})
    result = cli.run("--json", "queue:health")
    assert result.returncode == 4
    connection, = json.loads(result.stdout)["connections"]
    assert not connection["healthy"] and "/proc/nowhere" in connection["message"]
    overview = cli.cli("queue:overview")
    assert overview["system_health"] == "degraded" and not overview["queues"][0]["health"]["healthy"]
    assert cli.run("queue:stats").returncode in (1, 3, 4)


def test_drivers(cli):
    answer = cli.cli("queue:drivers")
    drivers = {driver["name"]: driver for driver in answer["drivers"]}
    assert list(drivers) == ["sqlite", "pgsql", "redis"] and answer["refused"] == []
    for driver in drivers.values():
        assert set(driver) == {"name", "version", "description", "features", "dependencies"}
        assert {"delayed_jobs", "priority_queues"} <= set(driver["features"])
    assert "atomic_operations" in drivers["sqlite"]["features"] and "high_throughput" in drivers["redis"]["features"]
    assert drivers["redis"]["dependencies"] == ["redis"]


# --- removing ---


def test_purge_removes_what_waits(cli):
    for queue in ("emails", "emails", "images"):
        cli.push(queue=queue)
    cli.push(queue="emails", delay=600)
    assert cli.cli("queue:purge", "--queue=emails") == {"removed": 3}
    assert cli.stats()["total"] == 1
    assert text(cli, "queue:purge", "--all") == "1 waiting jobs removed\n"


@pytest.mark.parametrize("arguments", [[], ["--all", "--queue=emails"]], ids=str)
def test_purge_wants_to_know_which(cli, arguments):
    cli.push(queue="emails")
    result = cli.run("queue:purge", *arguments)
    assert result.returncode == 2 and "--all" in result.stderr
    assert cli.stats()["total"] == 1


@pytest.mark.parametrize("command", ["queue:purge", "queue:flush"])
@pytest.mark.parametrize("answer, removed", [("y", True), ("n", False), ("", False)])
def test_at_a_terminal_it_is_asked_first(cli, command, answer, removed):
    cli.push({"do": "fail", "retry": False}, queue="emails")
    if command == "queue:flush":
        work(cli)
    key = "failed" if command == "queue:flush" else "total"
    main, terminal = pty.openpty()
    process = subprocess.Popen([cli.command, "-c", cli.config, command, "--queue=emails"], stdin=terminal,
                               stdout=terminal, stderr=terminal, env=cli.environment)
    os.close(terminal)
    os.write(main, answer.encode() + b"\n")
    assert process.wait(PATIENCE) == (0 if removed else 1)
    os.close(main)
    assert cli.stats("--queue=emails")[key] == (0 if removed else 1)
    assert cli.run(command, "--queue=emails", "--yes").returncode == 0


# --- failed jobs ---


@pytest.fixture
def failures(cli):
    """Five failed jobs in two queues; their uuids, the oldest first."""
    uuids = [cli.push({"do": "fail", "message": f"Error number {n}: no route to host"}, job="Mail" if n % 2 else "Fax",
                      queue="emails") for n in range(4)]
    work(cli)
    uuids.append(cli.push(job="SayNothing", queue="images"))
    work(cli, "images", "exec")
    return uuids


def test_failed_jobs_are_listed_newest_first(cli, failures):
    assert list(cli.failed()) == failures[::-1]
    assert list(cli.failed("--queue=images")) == [failures[4]]
    assert list(cli.failed("--class=Mail")) == [failures[3], failures[1]]
    assert list(cli.failed("--text=NUMBER 2")) == [failures[2]]
    assert len(cli.failed("--since=1h")) == 5
    assert list(cli.cli("queue:failed", "--limit=2")["failed"][0].values())[0] == failures[4]
    row = cli.failed()[failures[0]]
    assert row["cause"] == "exception" and row["attempts"] == 1 and row["exception"].startswith("Error number 0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["failed_at"])
    lines = text(cli, "queue:failed").splitlines()
    assert lines[0].split() == ["uuid", "queue", "job", "attempts", "cause", "failed_at", "exception"]
    assert len(lines) == 6


def test_one_failed_job_is_shown_whole(cli, failures):
    answer = cli.cli("queue:failed", failures[1])
    assert (answer["uuid"], answer["queue"], answer["job"], answer["connection"]) == \
        (failures[1], "emails", "Mail", "main")
    assert answer["payload"]["data"] == {"do": "fail", "message": "Error number 1: no route to host"}
    assert answer["payload"]["uuid"] == failures[1] and answer["payload"]["job"] == "Mail"
    assert answer["worker"].startswith("worker_")
    assert "no route to host" in text(cli, "queue:failed", failures[1])
    result = cli.run("queue:failed", "nobody")
    assert result.returncode == 3 and "there is no failed job nobody" in result.stderr


def test_retry_by_uuid_filter_or_all(cli, failures):
    assert cli.cli("queue:retry", failures[0], failures[4]) == {"retried": 2}
    assert cli.stats()["pending"] == 2 and len(cli.failed()) == 3
    assert cli.cli("queue:retry", "--class=Mail") == {"retried": 2}
    assert text(cli, "queue:retry", "--all") == "1 failed jobs put back into their queues\n"
    assert cli.failed() == {} and cli.stats()["pending"] == 5
    work(cli)
    assert {job["attempts"] for job in cli.failed().values()} == {1}  # attempts are fresh


def test_retry_of_a_job_that_is_not_there_does_the_others(cli, failures):
    result = cli.run("--json", "queue:retry", "nobody", failures[0])
    assert result.returncode == 3 and json.loads(result.stderr)["error"]["code"] == "not_found"
    assert cli.stats()["pending"] == 1


@pytest.mark.parametrize("arguments", [[], ["--all", "--queue=emails"], ["--all", "x"], ["x", "--class=Mail"]], ids=str)
def test_retry_wants_to_know_which(cli, failures, arguments):
    assert cli.run("queue:retry", *arguments).returncode == 2
    assert len(cli.failed()) == 5


def test_forget_prune_and_flush(cli, failures):
    assert cli.cli("queue:forget", failures[0]) == {"removed": 1}
    assert cli.run("queue:forget", failures[0]).returncode == 3
    assert cli.cli("queue:prune", "--days=1") == {"removed": 0}
    assert cli.cli("queue:prune", "--hours=0", "--queue=images") == {"removed": 1}
    assert cli.run("queue:prune").returncode == 2
    assert cli.cli("queue:flush") == {"removed": 3}
    assert text(cli, "queue:failed") == "No failed jobs.\n"


# --- configuration ---


def test_config_check_tells_the_differences_to_supervisor(cli, tmp_path):
    file = tmp_path / "supervisord.conf"
    file.write_text("[supervisord]\nlogfile = %(here)s/s.log\n[rpcinterface:x]\nsupervisor.rpcinterface_factory = x:y\n[eventlistener:l]\ncommand = cat\nevents = TICK_5\n"
                    "result_handler = mine:handler\n[program:web]\ncommand = cat\nstartsecs = 2\nnice = 5\nstartsec = 1\n")
    answer = cli.cli("config:check", "--supervisor", file)
    assert [(row["section"], row["key"], row["verdict"], row["place"]) for row in answer["differences"]] == [
        ("rpcinterface:x", "supervisor.rpcinterface_factory", "different", f"{file}:4"),
        ("eventlistener:l", "result_handler", "different", f"{file}:8"),
        ("program:web", "startsecs", "better", f"{file}:11"),
        ("program:web", "nice", "new", f"{file}:12"),
        ("program:web", "startsec", "unknown", f"{file}:13")]
    assert answer["same"] == 4
    text = cli.run("config:check", "--supervisor", file).stdout
    assert "also fractions and units" in text and "keys that mean the same: 4" in text


def test_config_check(cli):
    answer = cli.cli("config:check")
    assert answer == {"file": str(cli.config), "valid": True, "connections": 1, "queues": 2, "warnings": []}
    bad = cli.directory / "bad.ini"
    bad.write_text("[muster]\n\n[queue:emails]\nworkers = 1\nwrokers = 2\n")
    result = cli.run("config:check", bad)
    assert result.returncode == 2 and f"{bad}:5: " in result.stderr and "workers" in result.stderr


def test_config_show_has_defaults_file_and_environment(cli):
    shown = {(row["section"], row["key"]): row["value"] for row in cli.cli("config:show")["settings"]}
    assert shown["worker_options", "memory"] == "128" and shown["muster", "default"] == "main"
    shown = {(row["section"], row["key"]): row["value"] for row in
             cli.cli("config:show", env=cli.environment | {"QUEUE_WORKER_TIMEOUT": "77"})["settings"]}
    assert shown["worker_options", "timeout"] == "77"


def test_the_sample_is_a_valid_configuration(cli):
    sample = cli.directory / "sample.ini"
    sample.write_text(text(cli, "config:sample"))
    assert cli.cli("config:check", sample)["valid"]


def test_without_any_configuration_there_is_a_working_default(cli, everybodys):
    home, empty = everybodys / "home", everybodys / "empty"
    environment = cli.environment | {"HOME": str(home), "TMPDIR": str(empty)}
    def run(*arguments):
        return subprocess.run([cli.command, *arguments], env=environment, cwd=empty, text=True,
                              capture_output=True, timeout=PATIENCE, user=54321 if os.geteuid() == 0 else None)
    for directory in (home, empty):
        directory.mkdir()
        directory.chmod(0o777)
    pushed = run("queue:push", "Hello", '{"a":1}')
    if pushed.returncode == 126 or "Permission denied" in pushed.stderr:
        pytest.skip("another user cannot reach the build")
    assert pushed.returncode == 0, pushed.stderr
    assert json.loads(run("queue:stats", "--json").stdout)["pending"] == 1
    assert (home / ".local" / "share" / "muster" / "database.db").exists()


# --- help ---


def test_every_command_has_help_that_shows_an_example(cli):
    commands = cli.cli("help")["commands"]
    overview = text(cli, "help")
    assert len(commands) >= 24
    for command in commands:
        assert f"  {command['name']} " in overview
        for help_ in (text(cli, command["name"], "--help"), text(cli, "help", command["name"])):
            assert help_.startswith(f"usage: muster {command['name']}") and "\nexamples\n  muster " in help_
            assert all(f"--{option['name']}" in help_ for option in command["options"])
        assert all(example.split()[0] == command["name"] for example in command["examples"])


def test_version(cli):
    assert re.fullmatch(r"muster \d+\.\d+\.\d+\n", text(cli, "--version"))


def test_common_options_may_stand_before_the_command(cli):
    assert subprocess.run([cli.command, "--json", "-c", cli.config, "queue:stats"], capture_output=True,
                          env=cli.environment).stdout.startswith(b'{"connection":"main"')
