# SPDX-License-Identifier: MIT
"""HTTP listeners follow the configuration while musterd runs."""
import contextlib
import http.client
import json
import os
import socket

import pytest

from support.http import Events, UnixConnection, basic, free_port
from support.processes import PATIENCE, descriptors_of, wait_for


def inet(port, user="ann", password="secret", name=""):
    return f"[inet_http_server{name}]\nport = 127.0.0.1:{port}\nusername = {user}\npassword = {password}\n"


def status(daemon, port, user="ann", password="secret"):
    try:
        return daemon.call("GET", "/api/v1/status", port=port, Authorization=basic(user, password))[0]
    except (ConnectionRefusedError, ConnectionResetError):  # a child has the socket until it is exec'd
        return None


def test_listeners_come_change_and_go(daemon):
    one, other = free_port(), free_port()
    daemon.configure(inet(one))
    daemon.start()
    kept = UnixConnection(daemon.http)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() == b"ok\n"
    its_socket = kept.sock
    assert status(daemon, one) == 200
    daemon.configure(inet(one, password="changed") + inet(other, user="bob", name=":second"))
    assert daemon.ask("reload")["ok"]
    assert (status(daemon, one), status(daemon, one, password="changed"), status(daemon, other, user="bob")) == (401, 200, 200)
    daemon.configure(inet(other, user="bob"))
    assert daemon.ask("reload")["ok"]
    assert (status(daemon, one, password="changed"), status(daemon, other, user="bob")) == (None, 200)
    kept.request("GET", "/healthz")
    assert kept.getresponse().read() == b"ok\n" and kept.sock is its_socket


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
def test_a_listener_with_an_ipv6_address(daemon):
    port = free_port()
    daemon.configure(inet(port).replace("127.0.0.1", "[::1]"))
    daemon.start()
    client = http.client.HTTPConnection("::1", port, timeout=PATIENCE)
    client.request("GET", "/api/v1/status", headers={"Authorization": basic("ann", "secret")})
    assert client.getresponse().status == 200
    client.close()
    assert status(daemon, port) is None  # it is no other address


def test_a_unix_socket_changes_its_mode_and_goes(daemon):
    daemon.configure()
    daemon.start()
    assert os.stat(daemon.http).st_mode & 0o777 == 0o770
    before = os.stat(daemon.http).st_ino
    daemon.write_config(daemon.config.read_text().replace("0770", "0700"))
    daemon.ask("reload")
    assert os.stat(daemon.http).st_mode & 0o777 == 0o700 and os.stat(daemon.http).st_ino == before
    daemon.write_config(daemon.config.read_text().replace("http.sock", "new.sock"))
    daemon.ask("reload")
    assert not daemon.http.exists()
    daemon.http = daemon.directory / "new.sock"
    assert daemon.call("GET", "/healthz") == (200, b"ok\n")


def test_who_asks_for_it_is_answered_by_the_listener_that_goes(daemon):
    port = free_port()
    daemon.configure(inet(port))
    daemon.start()
    daemon.configure()
    code, answer = daemon.call("POST", "/api/v1/reload", {}, port=port, Authorization=basic("ann", "secret"))
    assert code == 200 and answer["ok"]
    assert status(daemon, port) is None


def test_what_cannot_be_opened_changes_nothing(daemon):
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        daemon.configure(inet(port))
        daemon.start()
        daemon.configure(inet(port, password="changed") + inet(taken.getsockname()[1], name=":taken"))
        error = daemon.ask("reload")["error"]
        assert "the configuration stays as it was" in error["message"] and "[inet_http_server" in error["message"]
        assert (status(daemon, port), status(daemon, port, password="changed")) == (200, 401)
    assert daemon.ask("reload")["ok"] and status(daemon, port, password="changed") == 200


# Streams

PROGRAM = "[program:web]\ncommand = sh -c 'echo here; exec sleep 600'\nstartsecs = 0\n"
CLIENTS = 20


@contextlib.contextmanager
def listen(daemon, port=None, password="secret", path="/api/v1/events", **headers):
    if port:
        headers["Authorization"] = basic("ann", password)
    with contextlib.closing(Events(daemon, path, port, **headers)) as events:
        assert events.answer.status == 200
        yield events


def test_a_stream_ends_with_its_listener_and_goes_on_at_another(daemon):
    port = free_port()
    daemon.configure(inet(port) + PROGRAM)
    daemon.start()
    with listen(daemon, port) as events, listen(daemon) as other, listen(daemon, port, path="/logtail/web") as tail:
        events.next()
        daemon.configure(PROGRAM)
        assert daemon.ask("reload")["ok"]
        events.wait_end()
        tail.wait_end()
        daemon.post("/programs/stop", {"names": ["web"]})
        other.wait("audit", lambda data: data["action"] == "programs-stop")
    with listen(daemon, Last_Event_ID=events.id) as again:
        name, data = again.next()
        assert name != "reset"
        if (name, data.get("action")) != ("audit", "programs-stop"):
            again.wait("audit", lambda data: data["action"] == "programs-stop")


def test_a_stream_ends_where_others_may_look_now(daemon):
    port = free_port()
    daemon.configure(inet(port) + PROGRAM)
    daemon.start()
    with listen(daemon, port) as events, listen(daemon, port, path="/logtail/web") as tail:
        events.next()
        daemon.configure(inet(port) + PROGRAM + "[program:more]\ncommand = sleep 600\n")
        assert daemon.ask("reload")["ok"]
        events.wait("audit", lambda data: data["action"] == "reload")
        daemon.configure(inet(port, password="changed") + PROGRAM)
        assert daemon.ask("reload")["ok"]
        events.wait_end()
        tail.wait_end()
    assert status(daemon, port) == 401
    with listen(daemon, port, password="changed", Last_Event_ID=events.id) as again:
        assert again.next()[0] != "reset"


def test_listeners_that_go_leave_nothing(daemon):
    """More clients in all than there may be at a time, and no more descriptors at the end."""
    port = free_port()
    daemon.configure(PROGRAM)
    daemon.start()
    with listen(daemon) as events:
        events.next()
    before = None
    for _ in range(3):
        daemon.configure(inet(port) + PROGRAM)
        assert daemon.ask("reload")["ok"]
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(listen(daemon, port)) for _ in range(CLIENTS)]
            daemon.configure(PROGRAM)
            assert daemon.ask("reload")["ok"]
            for client in clients:
                client.wait_end()
        wait_for(lambda: status(daemon, port) is None, "nobody to listen")
        now = lambda: len(descriptors_of(daemon.pid))
        before = before or now()
        wait_for(lambda: now() <= before, lambda: descriptors_of(daemon.pid))


def test_an_answer_that_is_being_taken_is_given_whole(daemon):
    """It is larger than what a unix socket holds."""
    port = free_port()
    daemon.configure(inet(port))
    daemon.start()
    for _ in range(80):
        daemon.post("/queues/quick/scale", {"workers": 1, "reason": "x" * 3900})
    idle = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    idle.request("GET", "/healthz")
    assert idle.getresponse().read() == b"ok\n"
    with socket.socket(socket.AF_UNIX) as client, contextlib.closing(idle.sock) as its_socket:
        client.settimeout(PATIENCE)
        client.connect(str(daemon.http))
        client.sendall(b"GET /api/v1/audit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        text = client.recv(1024)
        daemon.config.write_text(daemon.config.read_text().replace("http.sock", "new.sock").replace(str(port), str(free_port())))
        assert daemon.ask("reload")["ok"]
        assert its_socket.recv(1) == b""  # both have been looked at: nobody waits at this one
        while got := client.recv(1 << 20):
            text += got
    head, _, body = text.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and len(json.loads(body)["audit"]) == 80
    assert len(body) > 300_000
