# SPDX-License-Identifier: MIT
"""Server-sent events: what changes is told as it changes, to whom may know it, at a bounded price."""
import contextlib
import signal
import socket

import pytest

from support.http import Daemon, Events, basic, free_port
from support.processes import PATIENCE, wait_for

PROGRAM = "[program:web]\ncommand = sleep 600\nstartsecs = 0\n"
MAX_CLIENTS = 32


@pytest.fixture
def daemon(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.configure(PROGRAM)
    daemon.start()
    daemon.wait_store()
    yield daemon
    daemon.end()


@contextlib.contextmanager
def listen(daemon, **headers):
    events = Events(daemon, **headers)
    yield events
    events.close()


def test_programs_workers_and_queues(daemon):
    with listen(daemon) as events:
        assert events.answer.getheader("Content-Type") == "text/event-stream"
        name, data = events.next()
        assert (name, data["id"]) == ("hello", events.id)
        daemon.post("/programs/stop", {"names": ["web"]})
        row = events.wait("programs", lambda data: data["programs"][0]["state"] == "STOPPED")["programs"][0]
        assert row == next(row for row in daemon.get("/overview")["programs"] if row["name"] == "web")
        old = set(daemon.running("quick"))
        daemon.post("/workers/restart", {"queue": "quick"})
        told = events.wait("workers", lambda data: data["queue"] == "quick" and
                           [row["state"] for row in data["workers"]] == ["RUNNING"] and
                           data["workers"][0]["id"] not in old)
        assert [row["id"] for row in told["workers"]] == list(daemon.running("quick"))
        daemon.post("/queues/mails/jobs", {"job": "Mail"})
        events.wait("queues", lambda data: any(row["queue"] == "mails" and row["metrics"]["ready"] == 1
                                               for row in data["queues"]))


def test_orders_pauses_and_scaling(daemon):
    with listen(daemon) as events:
        daemon.post("/queues/quick/scale", {"workers": 2, "reason": "more work"})
        scaled = events.wait("scaling")
        assert (scaled["queue"], scaled["from_workers"], scaled["to_workers"], scaled["reason"]) == ("quick", 1, 2, "more work")
        assert events.wait("audit")["action"] == "scale"
        daemon.post("/queues/quick/pause", {})
        assert events.wait("audit")["action"] == "queue.pause"
        events.wait("queues", lambda data: any(row["queue"] == "quick" and row["paused"] for row in data["queues"]))
        daemon.post("/reload", {})


def test_alerts(tmp_path):
    daemon = Daemon(tmp_path)
    try:
        daemon.configure("[monitoring]\nalert_interval = 100ms\nalert_queue_size = 2\n")
        daemon.start()
        daemon.wait_store()
        with listen(daemon) as events:
            events.next()
            for _ in range(3):
                daemon.post("/queues/mails/jobs", {"job": "Mail"})
            alert = events.wait("alert", lambda data: data["type"] == "large_queue_size")
            assert (alert["queue"], alert["state"]) == ("mails", "raised")
    finally:
        daemon.end()


def test_who_was_away_goes_on_where_it_was(daemon):
    with listen(daemon) as first:
        first.next()
        daemon.post("/programs/stop", {"names": ["web"]})
        first.wait("audit")
        seen = first.id
        first.wait("programs", lambda data: data["programs"][0]["state"] == "STOPPED")
        all_there = first.id
    daemon.post("/programs/start", {"names": ["web"]})
    with listen(daemon, Last_Event_ID=seen) as again:
        again.wait("programs", lambda data: data["programs"][0]["state"] == "STOPPED")
        assert again.id == all_there
        again.wait("audit", lambda data: data["action"] == "programs-start")
    with contextlib.closing(Events(daemon, f"/api/v1/events?last_event_id={seen}")) as by_query:
        assert by_query.next()[0] != "reset"


@pytest.mark.parametrize("wrong", ["0-0", "x", "-", "ffffffffffff-1", "%00"])
def test_who_was_away_too_long_begins_anew(daemon, wrong):
    with listen(daemon, Last_Event_ID=wrong) as events:
        name, data = events.next()
        assert (name, data["id"]) == ("reset", events.id)


def test_programs_that_come_and_go_are_a_refresh(daemon):
    with listen(daemon) as events:
        events.next()
        daemon.configure(PROGRAM + "[program:more]\ncommand = sleep 600\n")
        daemon.post("/reload", {})
        assert events.wait("refresh") == {"cause": "list"}


def test_clients_have_a_limit_and_leave_room(daemon):
    clients = [Events(daemon) for _ in range(MAX_CLIENTS)]
    status, answer = daemon.call("GET", "/api/v1/events")
    assert (status, answer["status"]) == (503, 503)
    for client in clients:
        client.close()
    wait_for(lambda: probe(daemon) == 200, "room for a client")


def probe(daemon):
    with listen(daemon) as events:
        return events.answer.status


def test_a_slow_client_is_dropped(daemon):
    """It takes nothing; others get all that there is."""
    slow = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(str(daemon.http))
    slow.settimeout(PATIENCE)
    slow.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    with listen(daemon) as quick:
        quick.next()
        for number in range(1, 241):
            daemon.post("/queues/quick/scale", {"workers": 1, "reason": str(number) + "x" * 3900})
            if number % 20 == 0:
                quick.wait("audit", lambda data: data["order"]["reason"].startswith(f"{number}x"))
    text = b""
    while not text.endswith(b"0\r\n\r\n"):
        got = slow.recv(1 << 20)
        assert got, text[-200:]
        text += got
    assert b"event: dropped" in text
    slow.close()


def test_only_who_may_look_is_told(tmp_path):
    daemon = Daemon(tmp_path)
    try:
        port = free_port()
        daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{port}\nusername = ann\npassword = secret\n"
                         "reader = bob\nreader_password = look\n")
        daemon.start()
        assert daemon.call("GET", "/api/v1/events", port=port)[0] == 401
        ask = lambda user, password: daemon.call("GET", "/api/v1/session", port=port, Authorization=basic(user, password))
        assert ask("bob", "look")[1]["role"] == "reader"
        assert ask("ann", "secret")[1] == {**ask("ann", "secret")[1], "role": "operator", "user": "ann"}
        assert daemon.call("POST", "/api/v1/programs/stop", {"names": []}, port=port,
                           Authorization=basic("bob", "look"))[0] == 403
        assert daemon.call("POST", "/api/v1/events", {}, port=port, Authorization=basic("ann", "secret"))[0] == 409
    finally:
        daemon.end()


def test_it_ends_with_the_daemon(daemon):
    with listen(daemon) as events:
        events.next()
        daemon.signal(signal.SIGTERM)
        while events.answer.readline():
            pass
    assert daemon.wait_exit() == 0
