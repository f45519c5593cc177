# SPDX-License-Identifier: MIT
"""HTTP listeners follow the configuration while musterd runs."""
import os
import socket

from support.http import UnixConnection, basic, free_port


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
