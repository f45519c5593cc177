#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A persistent handler for tests, without the library: does what the data of a job says, and writes down what it did.

data is an object {"do": ACTION, …}; without "do" the job succeeds. $HISTORY gets a line "WHAT UUID ATTEMPT PID" at the
beginning and the end of each attempt, in one write, so that the file tells their order. $EFFECTS names a queue to which
each success pushes a job: it is stored together with the acknowledgement, so there is one for each that took effect.
"""
import json
import os
import signal
import sys
import time

to_muster = open(4, "wb", buffering=0)
history = os.open(os.environ.get("HISTORY", "/dev/null"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
effects = os.environ.get("EFFECTS")


def send(**frame):
    to_muster.write(json.dumps(frame).encode() + b"\n")


def note(what, job):
    os.write(history, f"{what} {job['uuid']} {job['attempts']} {os.getpid()}\n".encode())


class Failed(Exception):
    pass


# --- actions: data and job in, an exception where the job fails ---


def sleep(data, job):
    time.sleep(data["seconds"])


def wait(data, job):
    """Until a file is there."""
    while not os.path.exists(data["file"]):
        time.sleep(0.005)


def fail(data, job):
    if job["attempts"] <= data.get("times", 10**9):
        raise Failed(data.get("message", "told to fail"))


def kill(data, job):
    """A process by a signal: itself, or "parent", the worker."""
    if job["attempts"] <= data.get("times", 10**9):
        os.kill(os.getppid() if data.get("whom") == "parent" else os.getpid(), data.get("signal", signal.SIGKILL))
        time.sleep(60)


def leave(data, job):
    """Exits without an answer."""
    os._exit(data.get("status", 0))


def stay(data, job):
    """Ignores TERM, as do a child in the same group and one in a group of its own, which are written down."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for what in ("child", "escaped"):
        if os.fork() == 0:
            if what == "escaped":
                os.setpgid(0, 0)
            note(what, job)
            while True:
                time.sleep(60)
    while True:
        time.sleep(60)


def say(data, job):
    """Sends bytes as they are, in hexadecimal."""
    to_muster.write(bytes.fromhex(data["bytes"]))


def flood(data, job):
    """A frame that does not end."""
    for _ in range(17 << 4):
        to_muster.write(b"x" * 65536)


def write(data, job):
    """To standard output or error."""
    stream = sys.stderr if data.get("to") == "stderr" else sys.stdout
    stream.write(data["text"] * data.get("times", 1))
    stream.flush()


def eat(data, job):
    """Memory, in MB, until it is told to stop."""
    eaten = []
    for _ in range(data["megabytes"]):
        eaten.append(bytearray(os.urandom(4096) * 256))
    time.sleep(data.get("seconds", 0))


ACTIONS = {function.__name__: function for function in
           (sleep, wait, fail, kill, leave, stay, say, flood, write, eat)}


def handle(job):
    data = job["data"] if isinstance(job["data"], dict) else {}
    note("begin", job)
    try:
        if "do" in data:
            ACTIONS[data["do"]](data, job)
    except Failed as failure:
        note("fail", job)
        send(type="fail", uuid=job["uuid"], exception=str(failure), retry=data.get("retry", True))
        return
    note("done", job)
    if effects:
        send(type="push", uuid=job["uuid"], push={"job": "Effect", "queue": effects,
                                                  "data": {"uuid": job["uuid"], "attempt": job["attempts"]}})
    send(type="done", uuid=job["uuid"])


def main():
    if "BOOT_EXIT" in os.environ:
        sys.exit(int(os.environ["BOOT_EXIT"]))
    send(type="hello", version=1, name="handler.py", window=int(os.environ.get("WINDOW", "0")))
    for line in open(3, "rb"):
        frame = json.loads(line)
        if frame["type"] == "job":
            handle(frame)
        elif frame["type"] == "ping":
            send(type="pong")
        elif frame["type"] == "drain":
            break


main()
