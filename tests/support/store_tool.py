# SPDX-License-Identifier: MIT
"""A connection to a store at the end of a pipe (tests/drivers/store_tool.c)."""
import json
import signal
import subprocess

from support.musterd import clean_environment
from support.processes import BUILD, WRAPPER

PROGRAM = BUILD / "tests" / "drivers" / "store-tool"


class StoreTool:
    def __init__(self, keys, is_open=True):
        self.process = subprocess.Popen([*WRAPPER, PROGRAM, *(f"{key}={value}" for key, value in keys.items())], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment())
        self.is_killed = False
        if is_open:
            self.ok("open")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        assert status == (-signal.SIGKILL if self.is_killed else 0)

    def kill(self):
        """In the middle of what it does; no more can be asked of it."""
        self.process.kill()
        self.process.wait()
        self.is_killed = True

    def send(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def receive(self):
        return json.loads(self.process.stdout.readline())

    def call(self, *words):
        """The answer, whether it is good or not."""
        self.send(*words)
        return self.receive()

    def ok(self, *words):
        answer = self.call(*words)
        assert answer["ok"], answer
        return answer

    def fails(self, code, *words):
        """The answer of a call that must fail in this way."""
        answer = self.call(*words)
        assert not answer["ok"] and answer["code"] == code, answer
        return answer

    def take(self, queue="q", count=1, owner="w", done=()):
        """The uuids of reserved jobs; those in done, all in their first attempt, end with it."""
        answer = self.ok("turn", owner, queue, count, *(f"{uuid}:1:d" for uuid in done))
        assert all(answer["applied"]), answer
        return [uuid for uuid, _ in answer["jobs"]]

    def stats(self, queue=""):
        answer = self.ok("stats", queue)
        return tuple(answer[key] for key in ("pending", "reserved", "delayed", "failed"))
