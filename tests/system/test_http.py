# SPDX-License-Identifier: MIT
"""The HTTP layer (supervisor/control/http.h) by real connections."""
import base64
import http.client
import pathlib
import os
import signal
import socket
import subprocess

import pytest

from support.processes import BUILD, PATIENCE, wait_for

SERVER = BUILD / "tests" / "system" / "http-server"


class Server:
    def __init__(self):
        self.process = subprocess.Popen([SERVER], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())

    def open(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method, path, body=None, headers={}):
        connection = self.open()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as client:
            client.sendall(data)
            return client.recv(65536)

    def cpu_ticks(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])


@pytest.fixture
def server():
    server = Server()
    yield server
    server.process.send_signal(signal.SIGTERM)
    try:
        assert server.process.wait(PATIENCE) == 0
    finally:
        server.process.kill()
        server.process.stdout.close()


def test_requests_and_answers(server):
    assert server.ask("POST", "/echo", b"hello") == (200, b"hello")
    assert server.ask("GET", "/say?text=a%20b&x=1") == (200, b"a b")
    assert server.ask("GET", "/nothing")[0] == 404
    assert server.ask("HEAD", "/say?text=abc") == (200, b"")
    assert server.ask("POST", "/echo", iter([b"in", b" chunks"])) == (200, b"in chunks")


def test_a_connection_is_kept(server):
    connection = server.open()
    for i in range(50):
        connection.request("POST", "/echo", str(i))
        assert connection.getresponse().read() == str(i).encode()
    connection.close()


def test_limits(server):
    assert server.ask("POST", "/echo", b"x" * 1000) == (200, b"x" * 1000)
    assert server.ask("POST", "/echo", b"x" * 1001)[0] == 413
    assert server.ask("GET", "/say?text=a", headers={"X-Long": "x" * 40000})[0] in (413, 431)


@pytest.mark.parametrize("headers", [
    b"Content-Length: 2\r\nContent-Length: 2\r\n",
    b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
])
def test_two_lengths_are_refused(server, headers):
    answer = server.raw(b"POST /echo HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n2\r\nab\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_credentials_and_a_late_refusal(server):
    word = base64.b64encode(b"me:a:b").decode()
    assert server.ask("GET", "/user", headers={"Authorization": "Basic " + word}) == (200, b"me/a:b")
    assert server.ask("GET", "/user") == (401, b"no")
    assert server.ask("GET", "/user", headers={"Authorization": "Basic !!!"}) == (401, b"no")


def test_a_stream_goes_on_until_its_end(server):
    connection = server.open()
    connection.request("GET", "/stream")
    for text in b"one", b"two", b"x" * 900:
        assert server.ask("POST", "/write", text) == (200, b"written")
    answer = connection.getresponse()
    assert answer.read(6) == b"onetwo"
    assert server.ask("POST", "/end")[0] == 200
    assert answer.read() == b"x" * 900
    assert server.ask("GET", "/gone") == (200, b"0")
    connection.close()


def test_a_client_that_leaves_a_stream_is_noticed(server):
    connection = server.open()
    connection.request("GET", "/stream")
    server.ask("POST", "/write", b"one")
    assert connection.getresponse().read(3) == b"one"
    connection.close()
    wait_for(lambda: server.ask("GET", "/gone") == (200, b"1"), "the end of the stream")


def test_a_stream_that_waits_costs_nothing(server):
    connection = server.open()
    connection.request("GET", "/stream")
    server.ask("POST", "/write", b"one")
    connection.sock.sendall(b"GET /say?text=next HTTP/1.1\r\nHost: x\r\n\r\n")
    before = server.cpu_ticks()
    for _ in range(20):
        server.ask("GET", "/say?text=a")
    assert server.cpu_ticks() - before < os.sysconf("SC_CLK_TCK")
    connection.close()


def test_more_connections_than_allowed_wait_and_harm_nobody(server):
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) for _ in range(60)]
    for client in idle:
        client.close()
    wait_for(lambda: server.ask("GET", "/say?text=a") == (200, b"a"), "an answer")


def test_rubbish_is_refused(server):
    answer = server.raw(b"rubbish\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert server.ask("GET", "/say?text=a") == (200, b"a")
