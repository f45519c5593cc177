#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The handler protocol in Python, without a library."""
import json
import traceback

to_muster = open(4, "w", encoding="utf-8")


def send(**frame):
    to_muster.write(json.dumps(frame) + "\n")
    to_muster.flush()


def handle(job):
    print("job", job["uuid"], "says", job["data"]["text"])


send(type="hello", version=1, name="persistent.py")
for line in open(3, encoding="utf-8"):
    frame = json.loads(line)
    if frame["type"] == "job":
        try:
            handle(frame)
            send(type="done", uuid=frame["uuid"])
        except Exception as exception:
            send(type="fail", uuid=frame["uuid"], exception=f"{exception!r}\n{traceback.format_exc()}")
    elif frame["type"] == "ping":
        send(type="pong")
    elif frame["type"] == "drain":
        break
