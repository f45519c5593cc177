# SPDX-License-Identifier: MIT
"""Figures of what was done: stored by workers, summed up by the maintenance process, shown by the command line."""
import contextlib
import signal

import pytest

from support.processes import wait_for


def quick(muster, *queues, monitoring="metrics_interval = 1s\n"):
    """With workers that store their figures every second."""
    muster.configure(*queues)
    muster.write_config(muster.config.read_text() + f"\n[monitoring]\n{monitoring}")


def metrics(muster, queue, *options):
    return muster.cli("queue:metrics", f"--queue={queue}", *options)


def wait_processed(muster, queue, count):
    """The figures of a queue, when so many attempts are in them."""
    def look():
        now = metrics(muster, queue)["metrics"]
        return now["jobs_processed"] + now["jobs_failed"] + now["jobs_retried"] >= count and now
    return wait_for(look, lambda: f"{count} attempts: {metrics(muster, queue)}\n{muster.log_text()}")


def push_failing(muster, job, attempts):
    muster.bulk([{"job": job, "queue": "mails", "data": {"do": "fail"}, "max_attempts": attempts}])


def kinds(muster):
    """How many notes of each kind there are; the file of SQLite is looked into for it."""
    if muster.store.name != "sqlite":
        pytest.skip("only the embedded store is looked into")
    with contextlib.closing(muster.store.connect()) as connection:
        return dict(connection.execute("SELECT kind, count(*) FROM (SELECT * FROM %s) GROUP BY kind" % notes_table(connection)))


def notes_table(connection):
    return connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%notes'").fetchone()[0]


def test_what_a_queue_did(muster):
    quick(muster, muster.queue("mails", workers=2), muster.queue("quiet"))
    muster.start()
    muster.wait_running(3)
    for _ in range(8):
        muster.push({"do": "sleep", "seconds": 0.02}, job="Mail", queue="mails")
    push_failing(muster, "Report", 2)
    now = wait_processed(muster, "mails", 10)
    assert (now["jobs_processed"], now["jobs_failed"], now["jobs_retried"]) == (8, 1, 1)
    assert 10 < now["failure_rate"] < 12
    assert 16 < now["average_processing_time"] and now["p99_processing_time"] >= 18
    assert now["throughput_per_minute"] == pytest.approx(9 / 60, abs=0.06)
    assert now["peak_throughput"] >= 1 and now["worker_utilization"] > 0
    assert now["memory_usage"] > 0 and now["storage_response_time"] >= 0 and now["average_latency"] >= 0
    told = metrics(muster, "mails", "--window=1h")
    assert (told["queue"], told["time_window"], told["connection"]) == ("mails", 3600, "main")
    classes = {row["job"]: row for row in told["classes"]}
    assert (classes["Mail"]["jobs_processed"], classes["Report"]["jobs_failed"]) == (8, 1)
    rows = {row["queue"]: row for row in muster.cli("queue:metrics")["queues"]}
    assert (rows["mails"]["jobs_processed"], rows["quiet"]["jobs_processed"]) == (8, 0)
    text = muster.run("queue:metrics").stdout
    assert "mails" in text and "jobs_processed" in text


def test_figures_come_at_the_end_of_a_worker_too(muster):
    quick(muster, muster.queue("mails"), monitoring="metrics_interval = 600\n")
    muster.start()
    muster.wait_running(1)
    uuid = muster.push(queue="mails")
    muster.wait_done(uuid)
    assert metrics(muster, "mails")["metrics"]["jobs_processed"] == 0
    muster.run("queue:restart")
    wait_processed(muster, "mails", 1)
    uuid = muster.push(queue="mails")
    muster.wait_done(uuid)
    muster.signal(signal.SIGTERM)
    assert muster.wait_exit() == 0
    assert metrics(muster, "mails")["metrics"]["jobs_processed"] == 2


def test_a_worker_without_a_master(muster):
    quick(muster, muster.queue("mails"))
    for _ in range(3):
        muster.push(queue="mails")
    assert muster.run("queue:work", "--queue=mails", "--stop-when-empty").returncode == 0
    assert metrics(muster, "mails")["metrics"]["jobs_processed"] == 3


def test_the_most_jobs_that_waited(muster):
    quick(muster, muster.queue("mails", workers=0))
    muster.start()
    for _ in range(5):
        muster.push(queue="mails")
    wait_for(lambda: metrics(muster, "mails")["metrics"]["peak_queue_size"] == 5, lambda: metrics(muster, "mails"))


def test_nothing_is_kept_where_monitoring_is_off(muster):
    quick(muster, muster.queue("mails"), monitoring="enabled = no\nmetrics_interval = 1s\n")
    muster.start()
    uuid = muster.push(queue="mails")
    muster.wait_done(uuid)
    muster.signal(signal.SIGTERM)
    assert muster.wait_exit() == 0
    assert not [kind for kind in kinds(muster) if kind.startswith("metrics")]


def test_analysis(muster):
    quick(muster, muster.queue("mails"))
    muster.start()
    push_failing(muster, "Test", 1)
    wait_processed(muster, "mails", 1)
    told = muster.cli("queue:analyze", "--queue=mails")
    assert list(told["performance_metrics"]) == ["average_throughput", "peak_throughput", "average_latency", "p95_latency",
                                                 "p99_latency"]
    assert set(told["analysis_period"]) == {"from", "to"}
    failing, = [row for row in told["bottlenecks"] if row["type"] == "failing_jobs"]
    assert {"type", "description", "impact", "suggestion"} <= set(failing)
    assert failing["impact"] == "high" and failing["suggestion"] in told["recommendations"]
    overall = muster.cli("queue:analyze")
    assert [row["queue"] for row in overall["queues"]] == ["mails"]
    assert {row["queue"] for row in overall["bottlenecks"]} == {"mails"}


@pytest.mark.parametrize("command", ["queue:metrics", "queue:analyze"])
@pytest.mark.parametrize("option", ["--window=0", "--window=x", "--window=-5", "--queue=-bad", "--connection=nowhere", "extra"])
def test_bad_input(muster, command, option):
    quick(muster, muster.queue("mails"))
    result = muster.run(command, option)
    assert result.returncode in (2, 3) and result.stderr, result
