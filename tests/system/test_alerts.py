# SPDX-License-Identifier: MIT
"""Alerts: raised, resolved, and delivered to a real HTTP server, a command and a sendmail."""
import http.server
import json
import os
import signal
import stat
import subprocess
import threading

import pytest

from support.http import UnixConnection
from support.processes import PATIENCE, PROGRAMS, wait_for


class Receiver:
    """An HTTP server that takes what is posted; answers the first requests with `failures`."""

    def __init__(self, failures=()):
        receiver = self
        self.posts, self.failures = [], list(failures)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.failures.pop(0) if receiver.failures else 204
                receiver.posts.append((status, self.path, self.headers, json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def taken(self, **members):
        """The events that were accepted and have these members."""
        return [event for status, _, _, event in list(self.posts)
                if status < 300 and all(event.get(key) == value for key, value in members.items())]

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.close()


def configure(muster, *queues, notify="", **keys):
    keys = {"metrics_interval": "1s", "alert_interval": "100ms", "alert_clear": "500ms", **keys}
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    muster.environment["MUSTER_NOTIFIER"] = str(PROGRAMS / "muster-notifier")
    muster.configure(*queues)
    muster.write_config(muster.config.read_text() + f"\n[monitoring]\n{lines}\n{notify}")


def webhook(receiver, more="", name="hook", kind="webhook"):
    return f"[notify:{name}]\nkind = {kind}\nurl = {receiver.url}/{name}\nretry_delay = 50ms\n{more}\n"


def active(muster):
    return {alert["type"]: alert for alert in muster.ask("alerts")["alerts"]}


def wait_active(muster, kind):
    return wait_for(lambda: active(muster).get(kind), lambda: f"{kind}: {muster.ask('alerts')}\n{muster.log_text()}")


def wait_taken(receiver, muster, **members):
    return wait_for(lambda: receiver.taken(**members), lambda: f"{members} in {receiver.posts}\n{muster.log_text()}")[0]


def test_a_large_queue_is_raised_and_resolved(muster, receiver):
    configure(muster, muster.queue("mails", workers=0, alert_queue_size=2), muster.queue("images", workers=0),
              notify=webhook(receiver, "token = secret"))
    muster.start()
    assert muster.run("queue:check-alerts").returncode == 0
    for queue in ("mails", "images"):
        muster.bulk([{"job": "A", "queue": queue}] * 3)
    event = wait_taken(receiver, muster, type="large_queue_size", state="raised")
    assert (event["queue"], event["severity"], event["value"], event["threshold"]) == ("mails", "warning", 3, 2)
    assert event["message"] == "Queue mails has 3 pending jobs" and event["host"] and event["since"] == event["time"]
    path, headers = receiver.posts[0][1:3]
    assert path == "/hook" and headers["Authorization"] == "Bearer secret" and headers["Content-Type"] == "application/json"
    result = muster.run("queue:check-alerts", "--json")
    told = json.loads(result.stdout)
    assert result.returncode == 1 and told["status"] == "WARNING"
    assert [(row["type"], row["queue"]) for row in told["alerts"]] == [("large_queue_size", "mails")]
    assert muster.cli("queue:overview")["system_health"] == "degraded"
    muster.run("queue:purge", "--queue=mails", "--yes")
    wait_taken(receiver, muster, type="large_queue_size", state="resolved")
    assert muster.run("queue:check-alerts").returncode == 0
    states = [event["state"] for event in receiver.taken()]
    assert states == ["raised", "resolved"], "each is told once"
    history = muster.cli("queue:check-alerts", "--history")["history"]
    assert [row["state"] for row in history] == states
    assert "raised: Queue mails has 3 pending jobs" in muster.log_text()


def test_failures(muster, receiver):
    configure(muster, muster.queue("mails", alert_failure_jobs=4), notify=webhook(receiver))
    muster.start()
    muster.bulk([{"job": "A", "queue": "mails", "max_attempts": 1, "data": {"do": "fail"}}] * 3 + [{"job": "A", "queue": "mails"}])
    event = wait_taken(receiver, muster, type="high_failure_rate")
    assert event["value"] == 75 and event["threshold"] == 10


def test_oldest_wait_is_repeated(muster, receiver):
    configure(muster, muster.queue("mails", workers=0, alert_oldest_wait="100ms"), notify=webhook(receiver), alert_repeat="300ms")
    muster.start()
    muster.push(queue="mails")
    wait_taken(receiver, muster, type="long_wait", state="raised")
    wait_taken(receiver, muster, type="long_wait", state="repeated")


def test_memory(muster, receiver):
    configure(muster, muster.queue("mails", memory="200", alert_worker_memory=20), notify=webhook(receiver))
    muster.start()
    muster.push({"do": "eat", "megabytes": 60, "seconds": 60}, queue="mails")
    event = wait_taken(receiver, muster, type="high_worker_memory")
    assert 20 < event["value"] <= 100


def test_a_crash_loop_and_no_workers(muster, receiver):
    configure(muster, muster.queue("mails"), notify=webhook(receiver))
    muster.environment["MUSTER_WORKER"] = "/bin/false"
    muster.start()
    event = wait_taken(receiver, muster, type="crash_loop")
    assert event["severity"] == "error" and event["value"] >= 3
    wait_taken(receiver, muster, type="no_workers")
    assert muster.run("queue:check-alerts").returncode == 2


def test_stalled_workers(muster, receiver):
    configure(muster, muster.queue("mails"), notify=webhook(receiver), health_check_interval="1s")
    muster.start()
    (_, pid), = muster.wait_running(1).items()
    os.kill(pid, signal.SIGSTOP)
    event = wait_taken(receiver, muster, type="stalled_workers")
    assert (event["severity"], event["value"], event["queue"]) == ("error", 1, "mails")
    assert event["message"] == "Queue mails: 1 workers appear to be stalled"
    assert muster.run("queue:check-alerts").returncode == 2


def test_a_store_that_is_away(muster, receiver, store):
    http = muster.directory / "http.sock"
    configure(muster, muster.queue("mails"), f"[unix_http_server]\nfile = {http}\n", notify=webhook(receiver))
    muster.start()
    muster.wait_running(1)

    def ready():
        connection = UnixConnection(http)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    wait_for(lambda: ready() == (200, "ready\n"), ready)
    with store.away():
        wait_for(lambda: ready() == (503, "the store of connection main is away\n"), ready)
        event = wait_taken(receiver, muster, type="store_down", state="raised")
        assert event["connection"] == "main" and "queue" not in event
    wait_taken(receiver, muster, type="store_down", state="resolved")
    wait_for(lambda: ready() == (200, "ready\n"), ready)


def test_what_fails_is_tried_again(muster):
    receiver = Receiver(failures=[500, 429, 503])
    try:
        configure(muster, muster.queue("mails", workers=0, alert_queue_size=1), notify=webhook(receiver))
        muster.start()
        muster.bulk([{"job": "A", "queue": "mails"}] * 3)
        wait_taken(receiver, muster, type="large_queue_size")
        assert [status for status, *_ in receiver.posts] == [500, 429, 503, 204]
    finally:
        receiver.close()


def test_what_is_refused_is_given_up(muster):
    receiver = Receiver(failures=[404])
    try:
        configure(muster, muster.queue("mails", workers=0, alert_queue_size=1), notify=webhook(receiver))
        muster.start()
        muster.bulk([{"job": "A", "queue": "mails"}] * 3)
        muster.wait_log("given up: the server answers with status 404")
        assert len(receiver.posts) == 1
    finally:
        receiver.close()


def test_severities_go_their_ways(muster, receiver):
    written = muster.directory / "written"
    mails = muster.directory / "mails"
    script = muster.directory / "sendmail"
    script.write_text(f'#!/bin/sh\necho "ARGUMENTS $*" >> {mails}\ncat >> {mails}\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    configure(muster, muster.queue("mails", workers=0, alert_queue_size=1), notify=(
        webhook(receiver, "severities = error", name="errors") +
        webhook(receiver, name="chat", kind="slack") +
        f"[notify:own]\nkind = command\ncommand = sh -c 'cat >> {written}; echo $MUSTER_ALERT_STATE $MUSTER_ALERT_TYPE >> {written}'\n"
        f"[notify:post]\nkind = email\nto = ops@example.com\nfrom = muster@example.com\nsendmail = {script}\n"))
    muster.start()
    muster.bulk([{"job": "A", "queue": "mails"}] * 3)
    wait_for(lambda: any(path == "/chat" for _, path, _, _ in receiver.posts) and mails.exists() and written.exists()
             and "raised" in written.read_text().splitlines()[-1] and "Queue" in mails.read_text(), lambda: muster.log_text())
    assert [path for _, path, _, _ in receiver.posts] == ["/chat"]
    text = receiver.posts[0][3]["text"]
    assert text.startswith("[WARNING] Queue mails has 3 pending jobs (")
    lines = written.read_text().splitlines()
    assert json.loads(lines[0])["type"] == "large_queue_size" and lines[1] == "raised large_queue_size"
    mail = mails.read_text()
    assert mail.startswith("ARGUMENTS -t -i\nFrom: muster@example.com\nTo: ops@example.com\nSubject: [WARNING] Queue mails has 3")
    assert "\n\nQueue mails has 3 pending jobs\n" in mail


def test_a_hanging_command_holds_up_nothing_else(muster, receiver):
    configure(muster, muster.queue("mails", workers=0, alert_queue_size=1), notify=(
        "[notify:slow]\nkind = command\ncommand = sleep 1000\ntimeout = 300ms\nretries = 0\n" + webhook(receiver)))
    muster.start()
    muster.bulk([{"job": "A", "queue": "mails"}] * 3)
    wait_taken(receiver, muster, type="large_queue_size")
    muster.wait_log("notify slow: given up: it took too long")
    assert muster.answers()


def test_no_musterd_is_unknown(muster):
    configure(muster, muster.queue("mails"))
    result = muster.run("queue:check-alerts")
    assert result.returncode == 3 and "MUSTER UNKNOWN" in result.stdout


@pytest.mark.parametrize("section, message", [
    ("[notify:x]\nkind = webhook\n", "url"),
    ("[notify:x]\nkind = slack\nurl = ftp://x\n", "http://"),
    ("[notify:x]\nkind = command\n", "command"),
    ("[notify:x]\nkind = email\n", "to"),
    ("[notify:x]\nkind = pigeon\n", "webhook"),
    ("[notify:x]\nurl = http://x\nseverities = loud\n", "severities"),
    ("[monitoring]\nalert_failure_rate = 101\n", "alert_failure_rate"),
    ("[queue:a]\nalert_queue_size = -1\n", "alert_queue_size"),
])
def test_bad_settings(muster, section, message):
    muster.configure(muster.queue("mails"))
    muster.write_config(muster.config.read_text() + section)
    result = muster.run("config:check")
    assert result.returncode == 2 and message in result.stderr, result


def test_overview_has_the_guides_members(muster):
    configure(muster, muster.queue("mails", workers=2))
    muster.start()
    muster.wait_running(2)
    told = wait_for(lambda: (now := muster.cli("queue:overview"))["workers"]["resource_usage"]["memory"] > 0 and now)
    assert told["workers"]["total"] == 2 and told["workers"]["by_queue"] == {"mails": 2}
    row, = told["queues"]
    assert row["connection"] == "main" and row["health"]["healthy"] and row["stats"]["total"] == 0 and "throughput" in row
    assert told["timestamp"] and told["system_health"] == "healthy"
    muster.stop()
    assert muster.cli("queue:overview")["workers"] is None


def test_workers_are_watched(muster):
    configure(muster, muster.queue("mails"))
    muster.start()
    muster.wait_running(1)
    process = subprocess.Popen([muster.command, "-c", muster.config, "--json", "queue:workers", "--watch", "--interval=100ms"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=muster.environment)
    try:
        pictures = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [picture["workers"][0]["queue"] for picture in pictures] == ["mails"] * 3
        muster.stop()
        assert process.wait(PATIENCE) == 4
    finally:
        process.kill()
        process.communicate()
