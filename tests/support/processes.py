# SPDX-License-Identifier: MIT
"""Waiting with a deadline, and looking at processes."""
import itertools
import os
import pathlib
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where meson has built, $MUSTER_BUILD, or else build/ of this tree.
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build"))
# The programs that are tested, where they are not those of the build: support/valgrind.py sets it.
PROGRAMS = pathlib.Path(os.environ.get("MUSTER_PROGRAMS", BUILD))
# What is put before a program of the tests that drives stores itself; support/valgrind.py sets it.
WRAPPER = os.environ.get("MUSTER_WRAPPER", "").split()
# Slow machines and sanitizers take their time; a test that passes never waits for it.
PATIENCE = float(os.environ.get("MUSTER_PATIENCE", "30"))
# Of jobs, in seconds: one may run while a test gives several commands.
JOB_TIMEOUT = max(60, round(2 * PATIENCE))


def wait_for(condition, what="", timeout=PATIENCE, poll=0.01):
    """Polls until condition() is true, and returns what it returned; what() or what says what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"not within {timeout} s: {what() if callable(what) else what}"
        time.sleep(poll)


# Below those that the kernel gives to clients, and apart from those of other tests that run now.
PORTS = itertools.cycle(15000 + (os.getpid() * 16 + number) % 16000 for number in range(16000))


def free_port():
    """A port of 127.0.0.1 that nobody listens at."""
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def process_lives(pid):
    """True where the process has not ended (a zombie has)."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def wait_dead(pids):
    """Until none of them lives."""
    wait_for(lambda: not any(map(process_lives, pids)), lambda: f"the end of {list(filter(process_lives, pids))}")


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def descendants_of(pid):
    found = []
    for child in children_of(pid):
        found += [child, *descendants_of(child)]
    return found


def descriptors_of(pid):
    """What its open descriptors are, by number."""
    found = {}
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found[int(entry.name)] = os.readlink(entry)
        except FileNotFoundError:
            pass
    return found


def processes_with(text):
    """The pids of all living processes that were started with this text in their environment."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text.encode() in (entry / "environ").read_bytes() and \
                    process_lives(int(entry.name)):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            pass
    return found
