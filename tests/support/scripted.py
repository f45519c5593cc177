#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A persistent handler that does what the data of its jobs say: {"do": [[VERB, ARGUMENT…], …]}. What it does is noted in
the file $HISTORY, a line each. The first argument is its hello, "" for the usual one."""
import json
import os
import signal
import sys
import time

history = os.open(os.environ["HISTORY"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
given = b""


def note(*words):
    os.write(history, " ".join(map(str, words)).encode() + b"\n")


def raw(text):
    data = text.encode()
    while data:
        data = data[os.write(4, data):]


def say(**frame):
    raw(json.dumps(frame) + "\n")


def line():
    """The next line, None at the end."""
    global given
    while b"\n" not in given:
        data = os.read(3, 65536)
        if not data:
            return None
        given += data
    first, given = given.split(b"\n", 1)
    return first


def grandchild(ignores):
    """A child of a child, in the same group, that lives on."""
    if os.fork() == 0:
        if os.fork() == 0:
            for number in ignores:
                signal.signal(number, signal.SIG_IGN)
            note("grandchild", os.getpid())
            time.sleep(1000)
        time.sleep(1000)


def wait_file(path):
    while not os.path.exists(path):
        time.sleep(0.005)


def wait_cancel(uuid):
    while True:
        frame = json.loads(line())
        if frame["type"] == "cancel" and frame["uuid"] == uuid:
            note("cancel", uuid)
            return


def step(job, verb, *arguments):
    uuid = job["uuid"]
    if verb == "done":
        say(type="done", uuid=uuid)
    elif verb == "release":
        say(type="release", uuid=uuid, **(arguments[0] if arguments else {}))
    elif verb == "fail":
        say(type="fail", uuid=uuid, **arguments[0])
    elif verb == "say":  # a frame about this job
        say(uuid=uuid, **arguments[0])
    elif verb == "raw":
        raw(arguments[0].replace("UUID", uuid))
    elif verb == "bytes":
        os.write(4, bytes(arguments[0]))
    elif verb == "long":
        raw("x" * arguments[0])
    elif verb == "sleep":
        time.sleep(arguments[0])
    elif verb == "exit":
        os._exit(arguments[0])
    elif verb == "kill":
        os.kill(os.getpid(), arguments[0])
    elif verb == "ignore":
        signal.signal(arguments[0], signal.SIG_IGN)
    elif verb == "grandchild":
        grandchild(arguments)
    elif verb == "allocate":
        step.memory = bytearray(os.urandom(1 << 20)) * arguments[0]
    elif verb == "print":
        print(arguments[0], flush=True)
    elif verb == "error":
        print(arguments[0], file=sys.stderr, flush=True)
    elif verb == "wait":
        wait_file(arguments[0])
    elif verb == "first":  # what follows is for the first attempt alone
        return job["attempts"] == 1
    elif verb == "wait_cancel":
        wait_cancel(uuid)
    elif verb == "hang_up":
        os.close(4)
    elif verb == "mute":  # never answers anything again
        while line() is not None:
            pass
    return True


def run(job):
    note("begin", job["uuid"], job["attempts"], os.getpid(), time.monotonic())
    steps = job["data"].get("do", [["done"]])
    for words in steps:
        if not step(job, *words):
            say(type="done", uuid=job["uuid"])
            break
    note("end", job["uuid"], job["attempts"], os.getpid(), time.monotonic())


note("start", os.getpid())
hello = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] else '{"type":"hello","version":1,"name":"scripted"}'
if hello != "none":
    raw(hello + "\n")
while True:
    text = line()
    if text is None:
        break
    frame = json.loads(text)
    if frame["type"] == "job":
        run(frame)
    elif frame["type"] == "failed":  # where its hello wants to be told
        note("failed", frame["uuid"], frame["cause"])
        say(type="done", uuid=frame["uuid"])
    elif frame["type"] == "ping":
        note("ping", os.getpid())
        say(type="pong")
    elif frame["type"] == "drain":
        note("drain", os.getpid())
        break
