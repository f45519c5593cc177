# SPDX-License-Identifier: MIT
"""A musterd that speaks HTTP, and a client of it."""
import base64
import http.client
import json
import socket

from support.musterd import Musterd
from support.processes import PATIENCE, PROGRAMS, free_port, wait_for  # noqa: F401


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Daemon(Musterd):
    """A musterd with real workers and HTTP on a unix socket."""

    def __init__(self, directory, worker=PROGRAMS / "muster-worker"):
        super().__init__(directory, worker)

    def configure(self, more=""):
        self.http = self.directory / "http.sock"
        super().configure("[queue:mails]\nworkers = 0\n[queue:quick]\ncommand = true\n"
                          "[queue:broken]\ncommand = false\n"
                          f"[unix_http_server]\nfile = {self.http}\nchmod = 0770\n{more}\n")

    def call(self, method, path, body=None, port=None, **headers):
        """Status and decoded answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE) if port else UnixConnection(self.http)
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        sent = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.headers = answer.headers
        return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text

    def request(self, method, path, body=None):
        """The answer that is due. Who is told that others held the store's lock too long asks again, as a client would."""
        def answered():
            status, answer = self.call(method, "/api/v1" + path, body)
            return (status, answer) if status != 503 or "held its lock" not in answer["detail"] else None
        status, answer = wait_for(answered, f"the store's lock for {method} {path}")
        assert status == 200, answer
        return answer

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def wait_store(self):
        wait_for(lambda: self.call("GET", "/api/v1/queues")[0] == 200, lambda: f"the store\n{self.log_text()}")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Events:
    """One who listens to the events of a daemon."""

    def __init__(self, daemon, path="/api/v1/events", port=None, **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE) if port else UnixConnection(daemon.http)
        self.connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        self.answer = self.connection.getresponse()
        self.id = None

    def next(self):
        """Name and data of the next event."""
        name, data = None, None
        while True:
            line = self.answer.readline().decode()
            assert line, "the events have ended"
            key, _, value = line.rstrip("\n").partition(": ")
            if key == "event":
                name = value
            elif key == "id":
                self.id = value
            elif key == "data":
                data = json.loads(value)
            elif not key and name:
                return name, data

    def wait(self, name, condition=lambda data: True):
        """The data of the next event of this name for which the condition holds; others are passed over."""
        while True:
            got, data = self.next()
            if got == name and condition(data):
                return data

    def wait_end(self):
        """Reads on until the daemon ends it as it should: read() would not take less."""
        self.answer.read()

    def close(self):
        self.connection.close()
