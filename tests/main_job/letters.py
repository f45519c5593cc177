#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The persistent handler of the main job: sends letters, some of which cannot be sent."""
import os
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "worker" / "handlers"))
import muster

HISTORY = open(os.environ["HISTORY"], "a", buffering=1, encoding="utf-8")


def note(what, job):
    HISTORY.write(f"{what} {job.uuid} {job.attempts} {time.time():.6f}\n")


def is_repaired():
    return os.path.exists(os.environ["REPAIRED"])


@muster.job("SendLetter")
def send_letter(job):
    note("begin", job)
    note("done", job)


@muster.job("SendParcel")
def send_parcel(job):
    """Takes so long at first that its worker can be killed meanwhile."""
    note("parcel", job)
    if job.attempts == 1:
        time.sleep(30)
    note("done", job)


@muster.job("SendAtSecondTry")
def send_at_second_try(job):
    note("begin", job)
    if job.attempts == 1:
        raise ConnectionError("the post office is closed")
    note("done", job)


@muster.job("SendToNowhere")
def send_to_nowhere(job):
    note("begin", job)
    if not is_repaired():
        raise muster.Fail(f"there is no town named {job.data['to']}")
    note("done", job)


@muster.job("SendBomb")
def send_bomb(job):
    note("begin", job)
    if not is_repaired():
        os.kill(os.getpid(), signal.SIGKILL)
    note("done", job)


muster.run()
