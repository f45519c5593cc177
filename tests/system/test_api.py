# SPDX-License-Identifier: MIT
"""The HTTP interface: what the master and the stores answer, to whom, and what is refused."""
import os
import signal
import socket
import stat

import pytest

from support.http import basic, free_port
from support.processes import wait_for


@pytest.fixture
def running(daemon):
    daemon.configure()
    daemon.start()
    daemon.wait_store()
    return daemon


def test_what_the_master_knows(running):
    assert running.call("GET", "/healthz") == (200, b"ok\n")
    wait_for(lambda: running.call("GET", "/readyz") == (200, b"ready\n"), "the first figures")
    assert running.get("/status")["pid"] == running.pid
    running.wait_running(1, "quick")
    assert [worker["queue"] for worker in running.get("/workers?queue=quick")["workers"]] == ["quick"]
    before = running.running("quick")
    running.post("/workers/restart", {"queue": "quick"})
    wait_for(lambda: (now := running.running("quick")) and not now.keys() & before.keys(), "another worker")


def test_jobs_of_a_store(running):
    pushed = running.post("/queues/mails/jobs", {"job": "Mail", "data": {"to": "a", "n": 12345678901234567}})
    assert pushed["stored"]
    running.post("/queues/mails/jobs", {"job": "Mail", "delay": 1000, "priority": 5})
    assert {row["queue"]: (row["pending"], row["delayed"]) for row in running.get("/queues")["queues"]}["mails"] == (1, 1)
    assert running.post("/queues/mails/purge") == {"count": 2}


def test_failed_jobs(running):
    for number in range(3):
        running.post("/queues/broken/jobs", {"job": "Mail", "max_attempts": 1, "data": number})
    failed = wait_for(lambda: len(rows := running.get("/failed?queue=broken")["failed"]) == 3 and rows, "the failures")
    assert {(row["job"], row["queue"], row["attempts"]) for row in failed} == {("Mail", "broken", 1)}
    assert running.post("/failed/remove", {"uuid": failed[0]["uuid"]}) == {"count": 1}
    assert running.get("/failed?text=nowhere")["failed"] == []
    assert running.post("/failed/retry", {"queue": "broken"}) == {"count": 2}
    again = wait_for(lambda: len(rows := running.get("/failed")["failed"]) == 2 and rows, "the failures again")
    assert {row["uuid"] for row in again} == {row["uuid"] for row in failed[1:]}


def test_a_store_call_of_another_connection(running):
    status, answer = running.call("GET", "/api/v1/queues?connection=nothing")
    assert (status, answer["status"]) == (404, 404)
    assert "nothing" in answer["detail"]


@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "/api/v1/nothing", None, 404),
    ("GET", "/nothing", None, 404),
    ("DELETE", "/api/v1/status", None, 409),
    ("GET", "/api/v1/jobs?limit=x", None, 400),
    ("GET", "/api/v1/jobs?state=odd", None, 400),
    ("POST", "/api/v1/failed/retry", {"uuid": "unknown"}, 404),
    ("POST", "/api/v1/failed/retry", {"queue": 5}, 400),
    ("POST", "/api/v1/failed/retry", "{", 400),
    pytest.param("POST", "/api/v1/failed/retry", "[" * 100000, 413, id="deep"),
    ("POST", "/api/v1/queues/mails/jobs", {"data": {}}, 400),
    ("POST", "/api/v1/queues/-bad/jobs", {"job": "X"}, 400),
    ("POST", "/api/v1/workers/restart", {"queue": "unknown"}, 404),
    pytest.param("POST", "/api/v1/failed/retry", b"x" * (3 << 20), 413, id="long"),
])
def test_what_is_refused(running, method, path, body, status):
    got, answer = running.call(method, path, body)
    if isinstance(answer, dict):
        assert (answer["status"], answer["type"]) == (got, "about:blank")
        assert answer["detail"]
    assert got == status, answer
    assert all(row["pending"] == 0 for row in running.get("/queues")["queues"])


def test_other_pages_change_nothing(running):
    assert running.call("POST", "/api/v1/reload", {}, Sec_Fetch_Site="cross-site")[0] == 403
    assert running.call("POST", "/api/v1/reload", "{}", Content_Type="text/plain")[0] == 403
    assert running.call("POST", "/api/v1/reload", {}, Sec_Fetch_Site="same-origin")[0] == 200


def test_users(daemon):
    port = free_port()
    daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{port}\nusername = u\n"
                     "password = {SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n")
    daemon.start()
    ask = lambda **headers: daemon.call("GET", "/api/v1/status", port=port, **headers)[0]
    assert ask(Authorization=basic("u", "thepassword")) == 200
    assert ask(Authorization=basic("u", "wrong")) == 401
    assert ask(Authorization=basic("v", "thepassword")) == 401
    assert ask() == 401
    assert daemon.headers["WWW-Authenticate"] == 'Basic realm="default"'
    assert daemon.call("GET", "/healthz", port=port)[0] == 200


def test_the_socket_has_its_mode_and_goes_with_its_owner(running):
    assert stat.S_IMODE(os.stat(running.http).st_mode) == 0o770
    running.stop()
    assert not running.http.exists()


def test_an_old_socket_is_replaced_and_one_in_use_is_not(daemon):
    daemon.configure()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(daemon.http))
        other.listen()
        daemon.start()
        assert daemon.wait_exit() != 0
        assert f"another process listens at {daemon.http}" in daemon.log_text()
    daemon.start()
    assert daemon.call("GET", "/healthz")[0] == 200


def test_a_store_that_was_never_there_makes_nobody_ready(daemon):
    """Nothing listens at its address."""
    daemon.configure(f"[connection:far]\ndriver = redis\nhost = 127.0.0.1\nport = {free_port()}\n[queue:far]\nconnection = far\nworkers = 0\n")
    daemon.start()
    daemon.wait_store()
    assert daemon.call("GET", "/healthz") == (200, b"ok\n")
    status, answer = wait_for(lambda: (now := daemon.call("GET", "/readyz")) and b"far" in now[1] and now, lambda: daemon.call("GET", "/readyz"))
    assert status == 503 and answer in (b"the store of connection far is away\n", b"nothing was heard of queue far lately\n")
    daemon.configure()
    daemon.ask("reload")
    wait_for(lambda: daemon.call("GET", "/readyz") == (200, b"ready\n"), lambda: daemon.call("GET", "/readyz"))


def test_a_dead_maintenance_process_is_told(running):
    os.kill(running.get("/status")["maintenance"]["pid"], signal.SIGKILL)
    wait_for(lambda: running.call("GET", "/api/v1/queues")[0] == 200, "the store again")
