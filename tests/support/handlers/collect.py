#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A persistent handler that appends the data of each job to the file $COLLECTED, a line each."""
import json
import os

to_muster = open(4, "w", buffering=1, encoding="utf-8")
collected = open(os.environ["COLLECTED"], "a", buffering=1, encoding="utf-8")

print('{"type":"hello","version":1,"window":100}', file=to_muster)
for line in open(3, encoding="utf-8"):
    frame = json.loads(line)
    if frame["type"] == "job":
        print(json.dumps(frame["data"]), file=collected)
        print(json.dumps({"type": "done", "uuid": frame["uuid"]}), file=to_muster)
    elif frame["type"] == "ping":
        print('{"type":"pong"}', file=to_muster)
    elif frame["type"] == "drain":
        break
