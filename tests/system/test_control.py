# SPDX-License-Identifier: MIT
"""The control socket: its limits, and clients that mean no good."""
import json
import os
import random
import socket
import stat

import pytest

from support.processes import PATIENCE, descriptors_of, wait_for

KIB = 1024


@pytest.fixture
def quiet(musterd):
    """A daemon without workers."""
    musterd.configure("[queue:emails]\nworkers = 1\n")
    return musterd.start()


class Client:
    def __init__(self, musterd):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(musterd.socket))  # waits where the backlog is full
        self.socket.settimeout(PATIENCE + 10)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def ask(self, line):
        self.socket.sendall(line + b"\n")
        return json.loads(self.file.readline())


def test_only_its_user_may_connect(quiet):
    assert stat.S_IMODE(os.stat(quiet.socket).st_mode) == 0o600


def test_several_requests_of_one_client_are_answered_in_order(quiet):
    with Client(quiet) as client:
        client.socket.sendall(b'{"command":"ping"}\n{"command":"nothing"}\n{"command":"workers"}\n')
        answers = [json.loads(client.file.readline()) for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [True, False, True]
    assert answers[2] == {"ok": True, "workers": []}


def test_a_request_may_come_in_pieces(quiet):
    with Client(quiet) as client:
        for byte in b'{"command":"ping"}\n':
            client.socket.sendall(bytes([byte]))
        assert json.loads(client.file.readline())["pid"] == quiet.pid


@pytest.mark.parametrize("request_line, message", [
    (b"", ""),
    (b"ping", ""),
    (b"[]", "a request is an object"),
    (b'"ping"', "a request is an object"),
    (b"{}", "a request is an object"),
    (b'{"command":7}', "a request is an object"),
    (b'{"command":"pong"}', "did you mean ping"),
    (b'{"command":"workers","queue":5}', "queue: must be a string"),
    (b'{"command":"ping"} {}', ""),
    (b'{"command":"pi\\u0000ng"}', ""),
    (b'{"command":"\xff"}', ""),
    (b"[" * 1000, ""),
], ids=repr)
def test_bad_requests_are_answered_with_what_is_wrong(quiet, request_line, message):
    with Client(quiet) as client:
        answer = client.ask(request_line)
        assert not answer["ok"] and answer["error"]["code"] in ("invalid", "limit")
        assert answer["error"]["message"] and message in answer["error"]["message"]
        assert client.ask(b'{"command":"ping"}')["ok"]  # the connection goes on


def test_a_queue_that_is_not_there(quiet):
    for command in ("workers", "restart"):
        answer = quiet.ask(command, queue="e" * 1000)
        assert answer["error"]["code"] == "not_found" and len(answer["error"]["message"]) < 300


def test_a_request_has_a_limit(quiet):
    with Client(quiet) as client:
        fits = b'{"command":"ping","x":"' + b"x" * (64 * KIB - 25) + b'"}'
        assert len(fits) == 64 * KIB
        assert client.ask(fits)["ok"]
        answer = client.ask(b"x" * (64 * KIB + 1))
        assert answer["error"]["code"] == "limit" and "64 KiB" in answer["error"]["message"]
        with pytest.raises(ConnectionResetError):  # and closed, with the rest unread
            client.file.read()


def test_clients_have_a_limit(quiet):
    clients = [Client(quiet) for _ in range(64)]
    try:
        assert all(client.ask(b'{"command":"ping"}')["ok"] for client in clients)
        with Client(quiet) as extra:
            answer = json.loads(extra.file.readline())
            assert answer["error"]["code"] == "limit"
        clients.pop().__exit__()
        wait_for(quiet.answers)
    finally:
        for client in clients:
            client.__exit__()


def test_who_does_not_take_answers_keeps_nobody_waiting(quiet):
    with Client(quiet) as slow:
        slow.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            while True:
                slow.socket.sendall(b'{"command":"status"}\n' * 1000)
        assert quiet.ask("ping")["ok"]


def test_who_says_nothing_is_disconnected_after_ten_seconds(quiet):
    with Client(quiet) as silent, Client(quiet) as slow:
        slow.socket.sendall(b'{"command":')
        assert silent.file.read() == b"" and slow.file.read() == b""
    assert quiet.ask("ping")["ok"]


def test_noise_does_no_harm(quiet):
    noise = random.Random(7)
    before = len(descriptors_of(quiet.pid))
    for _ in range(200):
        with Client(quiet) as client:
            client.socket.sendall(noise.randbytes(noise.randrange(1, 2000)) + b"\n" * noise.randrange(2))
    assert quiet.ask("ping")["pid"] == quiet.pid
    wait_for(lambda: len(descriptors_of(quiet.pid)) <= before)


def test_a_socket_that_was_left_behind_is_replaced(musterd):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as old:
        old.bind(str(musterd.socket))
    musterd.configure()
    musterd.start()
    assert musterd.ask("ping")["ok"]


def test_a_file_in_its_place_is_not_removed(musterd):
    musterd.socket.write_text("precious")
    musterd.configure()
    musterd.start()
    assert musterd.wait_exit() == 1
    assert str(musterd.socket) in musterd.log_text()
    assert musterd.socket.read_text() == "precious"


def test_a_path_that_is_too_long_is_refused(musterd):
    musterd.configure(socket=musterd.directory / ("x" * 120))
    musterd.start()
    assert musterd.wait_exit() == 2
    assert "x" * 120 in musterd.log_text()
