# SPDX-License-Identifier: MIT
"""Becoming another musterd in place: what its HTTP clients see of that."""
import contextlib
import http.client
import os
import threading
import xmlrpc.client

from support.http import Events, UnixConnection, basic
from support.processes import wait_for
from support.programs import program
from support.supervisors import INTERFACE

CUT = (http.client.HTTPException, ConnectionResetError, BrokenPipeError)
SAYS = "sh -c 'echo hello; exec sleep 600'"


class Transport(xmlrpc.client.Transport):
    """As Supervisor's: XML-RPC over a unix socket. It keeps its connection."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        if not self._connection or self._connection[0] != host:
            self._connection = host, UnixConnection(self.path)
        return self._connection[1]


def rpc(daemon):
    return xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=Transport(daemon.http)).supervisor


class Visitor(threading.Thread):
    """Asks again and again, each time by a new connection."""

    def __init__(self, daemon):
        super().__init__()
        self.daemon_asked, self.answers, self.cuts, self.refusals = daemon, 0, 0, []
        self.leaves = threading.Event()

    def run(self):
        while not self.leaves.is_set():
            with contextlib.closing(UnixConnection(self.daemon_asked.http)) as connection:
                try:
                    connection.connect()
                except OSError as error:
                    self.refusals.append(error)
                    continue
                try:
                    connection.request("GET", "/healthz")
                    assert connection.getresponse().read() == b"ok\n"
                    self.answers += 1
                except CUT:
                    self.cuts += 1


def test_nobody_who_connects_is_refused(daemon):
    daemon.configure()
    daemon.start()
    visitor = Visitor(daemon)
    visitor.start()
    try:
        for _ in range(5):
            daemon.upgrade()
            before = visitor.answers
            wait_for(lambda: visitor.answers > before, lambda: f"an answer after {visitor.cuts} cuts, {visitor.refusals}")
    finally:
        visitor.leaves.set()
        visitor.join()
    assert not visitor.refusals


def test_who_has_asked_gets_the_answer(daemon):
    """That to a wrong password comes late."""
    daemon.configure("username = ann\npassword = secret")
    daemon.start()
    connection = UnixConnection(daemon.http)
    connection.request("GET", "/api/v1/status", headers={"Authorization": basic("ann", "wrong")})
    daemon.upgrade()
    assert connection.getresponse().status == 401
    connection.close()


def test_who_waits_for_an_operation_hears_its_end(daemon):
    os.mkfifo(daemon.directory / "go")
    daemon.configure(INTERFACE + program("slow", "sh -c 'trap \"read line <go; exit\" TERM; touch began; while :; do sleep 0.02; done'",
                                         startsecs="0", directory=daemon.directory, stopwaitsecs="1h"))
    daemon.start()
    wait_for((daemon.directory / "began").exists)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(rpc(daemon).stopProcess("slow")))
    thread.start()
    wait_for(lambda: rpc(daemon).getProcessInfo("slow")["statename"] == "STOPPING")
    before = daemon.ask_upgrade()
    (daemon.directory / "go").write_text("\n")
    daemon.wait_upgraded(before)
    thread.join()
    assert answers == [True]


def test_a_client_that_keeps_its_connection_goes_on(daemon):
    daemon.configure(INTERFACE)
    daemon.start()
    proxy = rpc(daemon)
    for _ in range(3):
        assert proxy.getState()["statename"] == "RUNNING"
        daemon.upgrade()


def test_who_listens_to_events_is_told_that_it_missed_some(daemon):
    daemon.configure(program("a", SAYS, startsecs="0"))
    daemon.start()
    last = None
    for _ in range(3):
        events = Events(daemon, **({"Last_Event_ID": last} if last else {}))
        name, data = events.next()
        assert name == ("reset" if last else "hello")
        last = data["id"]
        daemon.upgrade()
        with contextlib.suppress(*CUT):
            while events.answer.readline():
                pass
        events.close()


def test_who_follows_a_log_can_follow_it_again(daemon):
    daemon.configure(program("a", SAYS, startsecs="0", stdout_logfile=daemon.directory / "out"))
    daemon.start()
    for _ in range(2):
        connection = UnixConnection(daemon.http)
        connection.request("GET", "/logtail/a")
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read(5)
        daemon.upgrade()
        with contextlib.suppress(*CUT):
            while answer.read(1000):
                pass
        connection.close()
