# SPDX-License-Identifier: MIT
"""The autoscaler in a running musterd: real workers, intervals of a fifth of a second."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

from support.muster import Muster
from support.processes import PATIENCE, wait_for

LONG = 4 * PATIENCE
SCALING = "[auto_scaling]\nenabled = yes\ninterval = 200ms\n{}\n"


def configure(muster, *queues, scaling="", more="", **muster_keys):
    muster.configure(*queues, SCALING.format(scaling), more, **{"health_check_interval": 1, **muster_keys})


def queue(muster, name="emails"):
    return next(queue for queue in muster.ask("scaling")["queues"] if queue["queue"] == name)


def wait_target(muster, count, name="emails", timeout=LONG):
    wait_for(lambda: queue(muster, name)["target"] == count,
             lambda: f"{count} workers of {name}: {queue(muster, name)}\n{muster.log_text()}", timeout)
    wait_for(lambda: len(muster.running(name)) == count, lambda: f"{count} of {name} run\n{muster.log_text()}", timeout)


def history(muster, *arguments):
    return muster.cli("queue:scaling-history", "--limit=1000", *arguments)["history"]


def wait_decided(muster, name="emails"):
    """Until the store has told who is there, and figures are known."""
    wait_for(lambda: all(store["heard"] for store in muster.ask("scaling")["stores"]) and
             not muster.ask("explain", queue=name)["inputs"]["stale"], lambda: muster.log_text())


def jobs(count, seconds, name="emails"):
    return [{"job": "Test", "queue": name, "data": {"do": "sleep", "seconds": seconds}} for _ in range(count)]


def interrupted(muster):
    """Attempts that began and did not end."""
    return [line for line in muster.log_text().splitlines() if re.search(r"returned: [1-9]", line)]


# --- by its load ---


def test_a_burst_is_met_drained_and_scaled_back(muster):
    configure(muster, muster.queue("emails", min_workers=1, max_workers=4, max_wait_time=2))
    muster.start()
    wait_target(muster, 1)
    wait_decided(muster)
    muster.bulk(jobs(5000, 0.001))
    wait_target(muster, 4)
    muster.wait_empty(LONG)
    wait_target(muster, 1)
    entries = history(muster)
    assert entries[0]["from_workers"] == 1 and entries[-1]["to_workers"] == 1
    for before, entry in zip(entries, entries[1:]):
        assert entry["from_workers"] == before["to_workers"]  # none is missing
    assert all(entry["queue"] == "emails" and entry["reason"] and entry["term"] for entry in entries)
    ups = [entry for entry in entries if entry["to_workers"] > entry["from_workers"]]
    assert re.match("Backlog: |Steady load: ", ups[0]["reason"])  # a fast machine sees what comes before what waits
    assert re.search(r"workers? ha(s|ve) been enough for \d+ s", entries[-1]["reason"])
    assert all(abs(entry["timestamp"] - time.time()) < 600 for entry in entries)
    assert not interrupted(muster)
    done = [line for line in muster.history.path.read_text().splitlines() if line.startswith("done ")]
    assert len(done) == len(set(line.split()[1] for line in done)) == 5000  # each once


def test_the_rules_of_the_guide(muster):
    configure(muster, muster.queue("emails", min_workers=1, max_workers=5, scale_up_threshold=10, scale_down_threshold=5,
                                   scale_up_step=2, scale_down_step=1, cooldown_period=1))
    muster.start()
    wait_target(muster, 1)
    wait_decided(muster)
    muster.bulk(jobs(60, 0.2))
    wait_target(muster, 5)
    first, second = [entry for entry in history(muster) if entry["to_workers"] > entry["from_workers"]][:2]
    assert (first["from_workers"], first["to_workers"]) == (1, 3)
    assert (second["from_workers"], second["to_workers"]) == (3, 5)
    assert re.search(r"Queue size \(\d+\) > threshold \(10\)", first["reason"])


def test_to_zero_and_back_with_a_push(muster):
    configure(muster, muster.queue("emails", workers=0, min_workers=0, max_workers=3, max_wait_time=1))
    muster.start()
    wait_decided(muster)
    assert queue(muster)["target"] == 0 and not muster.running("emails")
    uuid = muster.push(queue="emails")
    muster.wait_done(uuid)
    assert history(muster)[0]["to_workers"] >= 1


@pytest.mark.no_valgrind("a command takes as long there as the delay")
def test_a_delayed_job_starts_a_worker_ahead_of_its_time(muster):
    configure(muster, muster.queue("emails", workers=0, min_workers=0, max_workers=3))
    muster.start()
    wait_decided(muster)
    uuid = muster.push(queue="emails", delay=4)
    wait_for(lambda: muster.running("emails"), muster.log_text)
    assert muster.stats("--queue=emails")["delayed"] == 1  # it is not due yet
    assert re.match(r"A delayed job is due in [0-9.]+ s: a worker takes [0-9.]+ s to start", history(muster)[0]["reason"])
    muster.wait_done(uuid)


def test_a_running_job_is_never_ended(muster):
    configure(muster, muster.queue("emails", min_workers=1, max_workers=4))
    muster.start()
    wait_decided(muster)
    muster.cli("queue:scale", "emails", "--workers=4")
    wait_target(muster, 4)
    gate = muster.directory / "go"
    uuids = [muster.push({"do": "wait", "file": str(gate)}, queue="emails") for _ in range(4)]
    for uuid in uuids:
        muster.wait_begun(uuid)
    muster.cli("queue:scale", "emails", "--workers=1")
    wait_for(lambda: queue(muster)["target"] == 1)
    wait_for(lambda: sum(worker["state"] == "STOPPING" for worker in muster.workers("emails")) == 3)
    gate.touch()
    for uuid in uuids:
        muster.wait_done(uuid)
        assert muster.history.attempts(uuid) == [1]
    wait_target(muster, 1)


def test_the_budget_of_all_queues(muster):
    configure(muster, muster.queue("emails", min_workers=1, max_workers=10, max_wait_time=1),
              muster.queue("images", min_workers=2, max_workers=10, max_wait_time=1), scaling="max_total_workers = 4\n")
    muster.start()
    wait_decided(muster)
    muster.bulk(jobs(200, 0.1))
    wait_target(muster, 2)
    assert queue(muster, "images")["target"] == 2
    why = muster.cli("queue:explain", "emails")
    assert why["term"] == "budget" and "max_total_workers" in why["cure"] and "leave 2 of" in why["reason"]


def test_a_full_host_gets_no_worker(muster):
    configure(muster, muster.queue("emails", max_workers=5, max_wait_time=1), scaling="max_memory = 1\n")
    muster.start()
    wait_decided(muster)
    muster.bulk(jobs(100, 0.1))
    why = wait_for(lambda: (now := muster.cli("queue:explain", "emails"))["inputs"]["ready"] > 10 and now)
    assert why["term"] == "host" and re.search(r"memory in use is [\d.]+%, max_memory is 1", why["reason"])
    assert queue(muster)["target"] == 1


def test_without_figures_all_stays_as_it_is(muster):
    configure(muster, muster.queue("emails", max_workers=5, max_wait_time=1))
    muster.start()
    wait_decided(muster)
    maintenance = muster.ask("status")["maintenance"]["pid"]
    os.kill(maintenance, signal.SIGSTOP)
    try:
        wait_for(lambda: muster.cli("queue:explain", "emails")["term"] == "stale")
        muster.bulk(jobs(300, 0.1))
        wait_for(lambda: muster.cli("queue:workers")["workers"][0]["jobs_processed"] > 0)
        why = muster.cli("queue:explain", "emails")
        assert (why["term"], why["target"]) == ("stale", 1) and "queue:health" in why["cure"]
    finally:
        os.kill(maintenance, signal.SIGCONT)
    wait_for(lambda: queue(muster)["target"] > 1)


def test_a_schedule_changes_the_bounds(muster):
    configure(muster, muster.queue("emails", max_workers=5),
              more="[schedule:always]\nqueue = emails\nwhen = * * * * *\nmin_workers = 3\n")
    muster.start()
    wait_target(muster, 3)
    assert history(muster)[-1]["term"] == "min"


# --- orders ---


@pytest.fixture
def running(muster):
    configure(muster, muster.queue("emails", min_workers=1, max_workers=6), muster.queue("fixed", auto_scale="no"))
    muster.start()
    wait_target(muster, 1)
    wait_decided(muster)
    return muster


def test_an_order_stays_within_the_bounds_unless_forced(running):
    told = running.cli("queue:scale", "emails", "--workers=9", "--reason=a lot to do")
    assert (told["from"], told["to"]) == (1, 6) and told["reason"] == "a lot to do; max_workers is 6"
    wait_target(running, 6)
    told = running.cli("queue:scale", "emails", "--workers=7", "--force")
    assert (told["from"], told["to"]) == (6, 7)
    wait_target(running, 7)
    assert running.cli("queue:explain", "emails")["order"]["force"]
    running.cli("queue:autoscale", "on", "emails")
    assert running.cli("queue:explain", "emails")["order"] is None
    assert [entry["to_workers"] for entry in history(running, "emails")][:3] == [6, 7, 6]


def test_an_order_for_some_time(running):
    running.cli("queue:scale", "emails", "--workers=2", "--for=1h")
    assert running.cli("queue:explain", "emails")["term"] == "forced"
    running.cli("queue:scale", "emails", "--workers=2", "--for=1s")
    wait_for(lambda: running.cli("queue:explain", "emails")["order"] is None)
    running.wait_log("the order of 2 workers has ended")


def test_a_queue_that_is_not_scaled_takes_orders(running):
    assert running.cli("queue:explain", "fixed")["term"] == "fixed"
    running.cli("queue:scale", "fixed", "--workers=3")
    running.wait_running(3, "fixed")
    running.cli("queue:autoscale", "on", "fixed")
    running.wait_running(1, "fixed")


def test_switched_off_and_on(running):
    assert running.cli("queue:autoscale", "off")["state"] == "off"
    running.bulk(jobs(300, 0.1))
    wait_for(lambda: running.cli("queue:explain", "emails")["inputs"]["ready"] > 50)
    assert running.cli("queue:explain", "emails")["term"] == "off" and queue(running)["target"] == 1
    assert running.cli("queue:autoscale", "on")["state"] == "on"
    wait_for(lambda: queue(running)["target"] > 1)


def test_a_decision_now(muster):
    """Nobody decides within the hour but on demand; the answer is the guide's."""
    configure(muster, muster.queue("emails", max_workers=5, scale_up_threshold=20), scaling="interval = 1h")
    muster.start()
    wait_for(lambda: all(store["heard"] for store in muster.ask("scaling")["stores"]))
    answer = muster.cli("queue:autoscale", "run")
    assert answer == {"actions": []} and muster.run("queue:autoscale", "run").stdout == "nothing is to be changed\n"
    muster.bulk(jobs(200, 0.2))
    action, = wait_for(lambda: muster.cli("queue:autoscale", "run")["actions"], muster.log_text)
    assert (action["queue"], action["action"], action["from"], action["to"]) == ("emails", "scale_up", 1, 3)
    assert re.search(r"Queue size \(\d+\) > threshold \(20\)|High worker utilization", action["reason"])
    assert {"queue_size", "avg_worker_utilization", "processing_rate", "incoming_rate"} <= action["metrics"].keys()


def test_status_and_explanation_for_people(running):
    text = running.run("queue:autoscale").stdout
    assert re.search(r"emails +latency +1 +1 +1 +1 +6 ", text) and re.search(r"main +true +0", text)
    text = running.run("queue:explain", "emails").stdout
    assert text.startswith("emails: 1 workers (1 to 6), policy latency\nbecause ") and "one more   when" in text


def test_over_http(muster):
    address = muster.directory / "http.sock"
    configure(muster, muster.queue("emails", min_workers=1, max_workers=6),
              more=f"[unix_http_server]\nfile = {address}\n")
    muster.start()
    wait_decided(muster)

    def call(method, path, body=None):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = client
            client.settimeout(PATIENCE)
            client.connect(str(address))
            connection.request(method, "/api/v1" + path, body and json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
    assert call("POST", "/queues/emails/scale", {"workers": 3, "reason": "by HTTP", "for_ms": 600000})[1]["to"] == 3
    assert call("GET", "/queues/emails/scaling")[1]["order"]["reason"] == "by HTTP"
    assert call("GET", "/scaling?queue=emails")[1]["queues"][0]["target"] == 3
    assert call("GET", "/scaling/history?limit=1")[1]["history"][0]["reason"] == "by HTTP"
    assert call("POST", "/scaling/switch", {"state": "on", "queue": "emails"})[1]["state"] == "configured"
    assert call("POST", "/scaling/run", {})[1]["actions"] == []
    assert call("GET", "/queues/emails/scaling")[1]["order"] is None
    assert call("POST", "/queues/nowhere/scale", {"workers": 3})[0] == 404
    assert call("POST", "/queues/emails/scale", {})[0] == 400
    assert call("POST", "/scaling/switch", {"state": "maybe"})[0] == 400


def test_orders_that_are_refused(running):
    for arguments, status, message in (
            (("nowhere", "--workers=1"), 3, "there is no queue nowhere"),
            (("emails",), 2, "--workers=5"),
            (("emails", "--workers=-1"), 2, "workers"),
            (("emails", "--workers=1000000"), 2, "workers"),
            (("emails", "--workers=x"), 2, "workers"),
            (("emails", "--workers=2", "--for=-1"), 2, "for")):
        result = running.run("queue:scale", *arguments)
        assert result.returncode == status and message in result.stderr, result.stderr
    assert running.ask("scale", queue="emails", workers=1e9)["error"]["code"] == "invalid"
    assert running.ask("scale", queue="emails")["error"]["code"] == "invalid"
    assert running.ask("scale", queue="emails", workers=1.5)["error"]["code"] == "invalid"
    assert running.ask("scaling-switch", state="maybe")["error"]["code"] == "invalid"
    assert queue(running)["target"] == 1


def test_the_history_outlives_musterd(running):
    running.cli("queue:scale", "emails", "--workers=2", "--reason=first")
    running.stop()
    assert [entry["reason"] for entry in history(running)] == ["first"]  # read without a musterd
    (running.directory / "scaling-history").open("a").write("rubbish\n{\"queue\":3}\n")
    running.start()
    wait_decided(running)
    running.cli("queue:scale", "emails", "--workers=3", "--reason=second")
    assert [entry["reason"] for entry in history(running)][::len(history(running)) - 1] == ["first", "second"]
    assert list(history(running)[0]) == ["queue", "timestamp", "time", "from_workers", "to_workers", "term", "reason"]
    assert history(running, "fixed") == []
    assert len(running.ask("scaling-history", limit=1)["history"]) == 1


def test_orders_and_the_switch_outlive_musterd(running):
    running.cli("queue:scale", "emails", "--workers=3", "--for=1h", "--reason=fair")
    running.cli("queue:scale", "fixed", "--workers=2", "--for=1")
    running.cli("queue:autoscale", "off")
    running.stop()
    (running.directory / "scaling-orders.new").write_text("{")  # of one that died while it wrote
    running.start()
    answer = running.cli("queue:autoscale")
    assert answer["state"] == "off"
    running.wait_running(3, "emails")
    assert queue(running)["reason"] == "fair" and queue(running)["term"] == "forced"
    running.cli("queue:autoscale", "on")
    running.cli("queue:autoscale", "on", "emails")
    running.stop()
    (running.directory / "scaling-orders").write_text("rubbish")
    running.start()
    running.wait_log("orders are forgotten")
    wait_decided(running)
    assert queue(running)["term"] != "forced"


def test_a_reload_keeps_the_workers(running):
    running.cli("queue:scale", "emails", "--workers=4")
    wait_target(running, 4)
    before = running.running("emails")
    configure(running, running.queue("emails", min_workers=1, max_workers=5),
              running.queue("fixed", auto_scale="no"))
    running.cli("master:reload")
    assert running.running("emails") == before and queue(running)["max_workers"] == 5
    configure(running, running.queue("emails", auto_scale="no", workers=2), running.queue("fixed", auto_scale="no"))
    running.cli("queue:autoscale", "on", "emails")
    running.cli("master:reload")
    running.wait_running(2, "emails")


# --- the scaling command ---


@pytest.fixture
def commanded(muster):
    """A queue whose scaling command is a file that the test writes."""
    program = muster.directory / "scaler.sh"

    def answer(script):
        fresh = muster.directory / "scaler.new"
        fresh.write_text(f"#!/bin/sh\n{script}\n")
        fresh.chmod(0o755)
        fresh.rename(program)
    muster.answer = answer
    answer("cat >figures.json; echo '{\"workers\": 2, \"reason\": \"as I say\"}'")
    configure(muster, muster.queue("emails", policy="command", scaling_command=program, scaling_command_timeout="1s",
                                   min_workers=1, max_workers=4, cooldown_period=0, directory=muster.directory))
    muster.start()
    wait_target(muster, 2)
    return muster


def test_a_command_decides(commanded):
    assert history(commanded)[-1]["reason"] == "as I say" and history(commanded)[-1]["term"] == "command"
    figures = json.loads((commanded.directory / "figures.json").read_text())
    assert figures["queue"] == "emails" and figures["max_workers"] == 4
    assert {"queue_size", "avg_worker_utilization", "processing_rate", "incoming_rate"} <= figures["metrics"].keys()
    commanded.answer("echo 3")
    wait_target(commanded, 3)


@pytest.mark.parametrize("script, complaint", [
    ("echo nonsense", "byte"),
    ("echo '{\"workers\": \"many\"}'", "number of workers"),
    ("echo '{\"workers\": 2.5}'", "whole number"),
    ("exit 3", "exit status 3"),
    ("sleep 60", "longer than scaling_command_timeout"),
    ("sleep 60 & sleep 60", "longer than scaling_command_timeout"),
    ("yes", "more than 65536 bytes"),
    ("exec /nonexistent", "exit status 127"),
])
def test_a_command_that_goes_wrong_changes_nothing(commanded, script, complaint):
    commanded.answer(script)
    commanded.wait_log(f"the scaling command: .*{complaint}.*; the last good answer stays")
    assert queue(commanded)["target"] == 2
    assert complaint in queue(commanded)["command_error"]
    assert commanded.ask("ping")["ok"]  # nobody has waited
    commanded.answer("echo 4")
    wait_target(commanded, 4)
    assert queue(commanded)["command_error"] == ""


def test_a_command_that_wants_a_million(commanded):
    commanded.answer("echo 1000000")
    wait_target(commanded, 4)
    assert history(commanded)[-1]["reason"] == "The scaling command's answer; it asked for 1e+06, max_workers is 4"


# --- input that is wrong ---


@pytest.mark.parametrize("keys, message", [
    ("min_workers = 5\nmax_workers = 2\n", "min_workers (5) is more than max_workers (2)"),
    ("scale_up_threshold = 5\nscale_down_threshold = 50\n", "scale_down_threshold (50) is not below scale_up_threshold (5)"),
    ("cooldown_period = -1\n", "cooldown_period"),
    ("scale_up_cooldown = -5s\n", "scale_up_cooldown"),
    ("policy = command\n", "scaling_command"),
    ("max_workers = 5000\n", "max_workers"),
    ("scale_up_step = 0\n", "scale_up_step"),
])
def test_settings_that_are_refused(muster, keys, message):
    configure(muster, muster.queue("emails") + keys)
    result = muster.run("config:check")
    assert result.returncode == 2 and message in result.stderr and re.search(r"muster\.ini:\d+:", result.stderr)


# --- without a configuration ---


def test_a_master_for_one_queue(tmp_path, muster):
    muster.configure(muster.queue("emails"), muster.queue("other"))
    log = muster.log.open("ab")
    command = [muster.command, "-c", muster.config, "queue:work", "--queue=emails", "--auto-scale", "--max-workers=3",
               "--max-wait-time=500ms"]
    worker = muster.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=muster.environment)
    wait_for(muster.answers, muster.log_text)
    muster.wait_running(1, "emails")
    assert [row["queue"] for row in muster.ask("scaling")["queues"]] == ["emails"]
    muster.bulk(jobs(300, 0.05))
    wait_target(muster, 3)
    result = muster.run("queue:work", "--queue=emails", "--auto-scale")
    assert result.returncode == 1 and str(worker.pid) in result.stderr
    assert muster.ask("reload")["error"]["code"] == "conflict"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0


def test_options_of_work_that_do_not_go_together(muster):
    muster.configure(muster.queue("emails"))
    for arguments, message in ((("--max-workers=3",), "--max-workers needs --auto-scale"),
                               (("--auto-scale", "--once"), "exclude each other"),
                               (("--auto-scale", "--max-workers=0", "--min-workers=2"), "--min-workers (2) is more")):
        result = muster.run("queue:work", "--queue=emails", *arguments)
        assert result.returncode == 2 and message in result.stderr, result.stderr


def test_a_recording_can_be_simulated(running):
    with (running.directory / "trace.csv").open("w") as trace:
        recording = subprocess.Popen([running.command, "-c", running.config, "queue:record", "emails"], stdout=trace,
                                     stderr=subprocess.PIPE, env=running.environment, text=True)
        try:
            for _ in range(6):
                running.bulk(jobs(5, 0.02))
                wait_for(lambda: running.stats("--queue=emails")["total"] == 0)
            lines = running.directory / "trace.csv"
            wait_for(lambda: len(lines.read_text().splitlines()) > 30)
            recording.send_signal(signal.SIGINT)
            assert recording.wait(PATIENCE) == 0
        finally:
            recording.kill()
            recording.communicate()
    rows = lines.read_text().splitlines()
    assert rows[0] == "at,work"
    works = [float(row.split(",")[1]) for row in rows[1:]]
    assert all(0 <= work <= 1 for work in works)
    totals = running.cli("scaler:simulate", f"--trace={lines}", "--policy=latency", "--boot=1")["totals"]
    assert totals[0]["jobs"] == len(rows) - 1


# --- several hosts ---


@pytest.fixture
def pair(tmp_path, store):
    """Two masters over one store, as on two hosts."""
    hosts = []
    for name in ("one", "two"):
        directory = tmp_path / name
        directory.mkdir()
        host = Muster(directory, store=store)
        configure(host, host.queue("emails", min_workers=1, max_workers=6, max_wait_time=2), scaling="max_total_workers = 8")
        hosts.append(host)
    yield hosts
    for host in hosts:
        host.end()


def crews(pair):
    return [len(host.running("emails")) for host in pair]


def stores(host):
    return host.ask("scaling")["stores"][0]


def wait_joined(pair):
    wait_for(lambda: all(len(stores(host)["other_hosts"]) == 1 for host in pair),
             lambda: "".join(host.log_text() for host in pair), LONG)
    wait_for(lambda: sum(stores(host)["leads"] for host in pair) == 1)


def test_two_hosts_share_a_queue(pair):
    one, two = pair
    one.start()
    wait_decided(one)
    two.start()
    wait_joined(pair)
    wait_for(lambda: crews(pair) in ([1, 0], [0, 1]), lambda: crews(pair), LONG)  # one worker is enough for both
    for host in pair:  # the one that decides, and the other one
        assert host.cli("queue:scale", "emails", "--workers=4", "--reason=for both")["to"] == 4
    wait_for(lambda: crews(pair) == [2, 2], lambda: f"{crews(pair)}\n{one.log_text()}\n{two.log_text()}", LONG)
    assert all(queue(host)["reason"] == "for both" for host in pair)
    one.cli("queue:autoscale", "on", "emails")
    one.bulk(jobs(1500, 0.02))
    wait_for(lambda: crews(pair) == [3, 3], lambda: crews(pair), LONG)  # max_workers over both
    one.wait_empty(LONG)
    wait_for(lambda: sum(crews(pair)) == 1, lambda: crews(pair), LONG)
    wait_for(lambda: history(one)[-1]["to_workers"] == history(two)[-1]["to_workers"] == 1)


@pytest.mark.parametrize("which", ["leader", "follower"])
def test_the_share_of_a_dead_host_moves(pair, which):
    for host in pair:
        host.start()
    wait_joined(pair)
    pair[0].cli("queue:scale", "emails", "--workers=4")
    wait_for(lambda: crews(pair) == [2, 2], lambda: crews(pair), LONG)
    dies = next(host for host in pair if stores(host)["leads"] == (which == "leader"))
    lives, = (host for host in pair if host is not dies)
    began = time.monotonic()
    dies.process.kill()
    dies.process.wait()
    wait_target(lives, 4)
    wait_for(lambda: stores(lives)["leads"] and not stores(lives)["other_hosts"])
    print(f"moved within {time.monotonic() - began:.1f} s")
    lives.cli("queue:scale", "emails", "--workers=3")
    wait_target(lives, 3)


def test_a_host_that_stops_leaves_at_once(pair):
    for host in pair:
        host.start()
    wait_joined(pair)
    pair[0].cli("queue:scale", "emails", "--workers=4")
    wait_for(lambda: crews(pair) == [2, 2], lambda: crews(pair), LONG)  # the other host knows of it
    pair[0].stop()
    wait_target(pair[1], 4)
