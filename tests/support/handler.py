# SPDX-License-Identifier: MIT
"""Speaks the handler protocol with a program, in the place of a worker."""

import json
import os
import select
import subprocess
import time

from support.processes import PATIENCE, ROOT

LIBRARIES = ROOT / "worker" / "handlers"
INTERPRETERS = {"php": ["php"], "py": ["/usr/bin/python3", "-B"], "js": ["node"], "rb": ["ruby"], "sh": ["bash"]}


def interpreter_of(path):
    return INTERPRETERS[str(path).rpartition(".")[2]]


def library_environment(**variables):
    """This process's, in which the handler libraries are found."""
    return dict(os.environ, PYTHONPATH=str(LIBRARIES), MUSTER_HANDLERS=str(LIBRARIES), **variables)


class Handler:
    """A handler process: frames go to its descriptor 3 and come from its descriptor 4."""

    def __init__(self, argv, env=None, cwd=None):
        child_in, self.to = os.pipe()
        self.of, child_out = os.pipe()
        self.lines, self.rest = [], b""
        script = 'exec "$@" 3<&%d 4>&%d %d<&- %d>&-' % (child_in, child_out, child_in, child_out)
        self.process = subprocess.Popen(["bash", "-c", script, "handler", *argv], env=env, cwd=cwd,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        pass_fds=(child_in, child_out))
        os.close(child_in)
        os.close(child_out)

    def send(self, *frames):
        data = b"".join(json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for frame in frames)
        while data:
            data = data[os.write(self.to, data):]

    def give(self, name, data=None, **members):
        """Sends a job. Returns its uuid."""
        uuid = members.pop("uuid", "U%d" % time.monotonic_ns())
        self.send({"type": "job", "uuid": uuid, "job": name, "queue": "mail", "attempts": 1, "max_attempts": 3,
                   "timeout": 60, "priority": 0, "pushed_at": 1795494243.007, **members,
                   "data": {} if data is None else data})
        return uuid

    def tell_failed(self, name, data=None, exception="it failed", cause="exception", **members):
        """Tells that a job has failed for good. Returns all frames until its answer."""
        uuid = members.pop("uuid", "U%d" % time.monotonic_ns())
        self.send({"type": "failed", "uuid": uuid, "job": name, "queue": "mail", "attempts": 3, "max_attempts": 3,
                   "timeout": 60, "priority": 0, "pushed_at": 1795494243.007, "cause": cause, "exception": exception,
                   **members, "data": {} if data is None else data})
        return self.answer(uuid)

    def next(self):
        """The next frame; None at the end."""
        deadline = time.monotonic() + PATIENCE
        while not self.lines:
            if not select.select([self.of], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("no frame came; " + self.end())
            chunk = os.read(self.of, 65536)
            if not chunk:
                return None
            *lines, self.rest = (self.rest + chunk).split(b"\n")
            self.lines += lines
        return json.loads(self.lines.pop(0).decode())

    def answer(self, uuid):
        """All frames until the answer to a job, which is the last of them."""
        frames = []
        while True:
            frame = self.next()
            assert frame, "it ended without an answer; " + self.end()
            assert frame["type"] == "leaving" or frame.get("uuid") == uuid, frame
            frames.append(frame)
            if frame["type"] in ("done", "release", "fail"):
                return frames

    def run(self, name, data=None, **members):
        return self.answer(self.give(name, data, **members))

    def close_input(self):
        if self.to >= 0:
            os.close(self.to)
        self.to = -1

    def wait(self):
        """Its exit status, with what it had printed in output and errors."""
        self.output, self.errors = (text.decode() for text in self.process.communicate(timeout=PATIENCE))
        return self.process.returncode

    def end(self):
        self.process.kill()
        self.wait()
        return "status %d, errors: %s" % (self.process.returncode, self.errors)

    def finish(self):
        self.close_input()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        os.close(self.of)
