# SPDX-License-Identifier: MIT
"""Redis servers of a test's own: on a Unix socket or a free port of 127.0.0.1, each in a directory of its own."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess

from support.processes import PATIENCE, free_port, wait_for  # noqa: F401


class RedisError(Exception):
    pass


def encode(words):
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


def read_reply(stream):
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server has gone")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b"$" and int(rest) >= 0:
        return stream.read(int(rest) + 2)[:-2].decode()
    if kind == b"*" and int(rest) >= 0:
        return [read_reply(stream) for _ in range(int(rest))]
    return int(rest) if kind == b":" else rest.decode() if kind == b"+" else None


class RedisServer:
    """One server. options are those of redis.conf, with _ for -; what can be lists comes as several words."""

    def __init__(self, directory, port=0, program="redis-server", **options):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = port
        self.path = self.directory / "redis.sock"
        self.log = self.directory / "redis.log"
        self.program = program
        self.options = {"save": '""', **options}
        self.process = None

    @property
    def keys(self):
        """What [connection:NAME] needs to reach it."""
        return {"driver": "redis", **({"host": "127.0.0.1", "port": self.port} if self.port else {"path": self.path})}

    def write_configuration(self):
        lines = {"port": self.port, "bind": "127.0.0.1", "dir": self.directory, "logfile": self.log, **self.options}
        if not self.port:
            lines["unixsocket"] = self.path
        text = "".join(f"{key.replace('_', '-')} {value}\n" for key, value in lines.items())
        path = self.directory / "redis.conf"
        path.write_text(text)
        return path

    def start(self, wait=True):
        arguments = ["--sentinel"] if self.program == "redis-sentinel" else []
        self.process = subprocess.Popen([shutil.which("redis-server"), self.write_configuration(), *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if wait:
            wait_for(self.answers, lambda: f"an answer of Redis\n{self.log.read_text() if self.log.exists() else ''}")
        return self

    def connect(self):
        if not self.port:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE)
            client.connect(str(self.path))
            return client
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(self, *words):
        """The answer to one command, asked as the default user over a connection of its own."""
        with self.connect() as client, client.makefile("rb") as stream:
            password = str(self.options.get("requirepass", ""))
            if password:
                client.sendall(encode(["AUTH", password]))
                read_reply(stream)
            client.sendall(encode(words))
            return read_reply(stream)

    def answers(self):
        try:
            return self.ask("PING") == "PONG"
        except (OSError, ConnectionError, RedisError):
            return False

    def role(self):
        """master, slave, or None: a Sentinel cuts all clients of a server whose role it changes."""
        try:
            return self.ask("ROLE")[0]
        except OSError:
            return None

    def kill(self):
        """As a crash."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.kill()

    end = stop

    @contextlib.contextmanager
    def paused(self):
        """It hangs: its connections stay, and nothing answers."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)
