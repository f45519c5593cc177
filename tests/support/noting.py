# SPDX-License-Identifier: MIT
"""A persistent handler of a test's own, that writes down what it does."""
import json
import pathlib

# What is before the text of each: say(**frame), note(*words), and frames() but for pings, until it is to drain.
PRELUDE = '''#!/usr/bin/python3 -SEB
import json, os, signal, sys, time

def say(**frame):
    os.write(4, json.dumps(frame).encode() + b"\\n")

def note(*words):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps(words) + "\\n")

def frames():
    for line in open(3):
        frame = json.loads(line)
        if frame["type"] == "drain":
            return
        if frame["type"] == "ping":
            say(type="pong")
        else:
            yield frame

'''


def program(path, text):
    """A program with this text."""
    path.write_text(text)
    path.chmod(0o755)
    return path


class NotingHandler:
    """Its keys of [queue:NAME], and its notes."""

    def __init__(self, directory, text):
        self.notes = pathlib.Path(directory) / "notes"
        self.path = program(pathlib.Path(directory) / "handler.py", PRELUDE + text)
        self.keys = {"handler": "persistent", "command": self.path, "environment": f'NOTES="{self.notes}"'}

    def noted(self):
        """All that was noted, a list of words each."""
        return [json.loads(line) for line in self.notes.read_text().splitlines()] if self.notes.exists() else []
