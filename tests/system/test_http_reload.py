# SPDX-License-Identifier: MIT
"""HTTP listeners follow the configuration while musterd runs."""
import http.client
import os
import socket

import pytest

from support.http import UnixConnection, basic, free_port
from support.processes import PATIENCE


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
    daemon.config.write_text(daemon.config.read_text().replace("0770", "0700"))
    daemon.ask("reload")
    assert os.stat(daemon.http).st_mode & 0o777 == 0o700 and os.stat(daemon.http).st_ino == before
    daemon.config.write_text(daemon.config.read_text().replace("http.sock", "new.sock"))
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
