# SPDX-License-Identifier: MIT
"""[program:x]: what logs have beyond Supervisor's: times, JSON, rotation at a time of the day, compression, mode and owner."""
import contextlib
import gzip
import json
import os
import pathlib
import re
import stat

import pytest

from support.processes import wait_for
from support.programs import SLEEP, program

FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
ONCE = {"startsecs": "0", "autorestart": "false"}


def test_times_before_lines(programs):
    programs.start(program("a", "sh -c 'echo one; echo two'", log_timestamps="local", stdout_logfile=programs.path("out"), **ONCE))
    programs.wait_log("exited: a")
    lines = programs.text("out").splitlines()
    assert len(lines) == 2 and all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (one|two)", line) for line in lines), lines


def test_json_lines_of_both_streams(programs):
    programs.start(program("a", "sh -c 'echo \"say \\\"hi\\\"\"; printf \"no end\" >&2'", log_json="true",
                           stdout_logfile=programs.path("out"), stderr_logfile=programs.path("err"), **ONCE))
    programs.wait_log("exited: a")
    for name, stream, text in [("out", "stdout", 'say "hi"'), ("err", "stderr", "no end")]:
        row = json.loads(wait_for(lambda: programs.text(name), name))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row.pop("time"))
        assert row == {"program": "a", "stream": stream, "text": text}


def test_many_short_lines_for_a_slow_reader_become_json_without_loss(programs):
    """What waits for the reader is many times what was written."""
    count = 60000
    fifo = programs.path("fifo")
    os.mkfifo(fifo)
    with os.fdopen(os.open(fifo, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        programs.start(program("a", f"sh -c 'yes \"\" | head -n {count}; exec sleep 600'", log_json="true", stdout_logfile=fifo, stderr_logfile="NONE"))
        os.set_blocking(reader.fileno(), True)
        programs.wait_log("spawned: 'a'")
        lines = [json.loads(reader.readline())["text"] for _ in range(count)]
    assert lines == [""] * count
    assert programs.rows()["a"]["lost_output"] == 0


def test_rotated_logs_are_compressed_and_move_on(programs):
    """Each write of 1,000 bytes rotates; all that is kept is there in its order, compressed or not yet."""
    programs.start(program("a", "cat", startsecs=0, log_compress="true", stdout_logfile=programs.path("out"), stdout_logfile_maxbytes=1000,
                           stdout_logfile_backups=3))
    programs.wait_log("success: a")
    names = lambda: sorted(path.name for path in programs.directory.glob("out*"))

    def newest():
        with contextlib.suppress(FileNotFoundError):
            return programs.path("out.1").read_text()
        with contextlib.suppress(FileNotFoundError):
            return gzip.decompress(programs.path("out.1.gz").read_bytes()).decode()
    for digit in range(1, 9):  # one after the other: several at once would be one write
        programs.ask("programs-write", names=["a"], text=f"{digit:01000d}")
        wait_for(lambda: newest() == f"{digit:01000d}", lambda: f"{digit} in {names()}\n{programs.musterd.log_text()}")
    wait_for(lambda: names() == ["out", "out.1.gz", "out.2.gz", "out.3.gz"], lambda: f"{names()}\n{programs.musterd.log_text()}")
    for number, digit in [(1, 8), (2, 7), (3, 6)]:
        assert gzip.decompress(programs.path(f"out.{number}.gz").read_bytes()) == b"%01000d" % digit
    assert programs.text("out") == ""


@pytest.mark.skipif(not FAKETIME.exists(), reason="needs the package faketime")
def test_rotation_at_a_time_of_the_day(programs):
    programs.path("clock").write_text("@2026-03-10 03:29:58")
    programs.musterd.environment |= {
        "LD_PRELOAD": str(FAKETIME), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        "FAKETIME_TIMESTAMP_FILE": str(programs.path("clock")), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", "TZ": "UTC"}
    programs.start(program("a", "sh -c 'echo before; exec sleep 600'", stdout_logfile_rotate="03:30", stdout_logfile=programs.path("out")))
    programs.wait_text("out.1", "^before\n$")
    assert programs.text("out") == ""


def test_mode_and_owner(programs):
    owner = "nobody" if os.getuid() == 0 else str(os.getuid())
    programs.start(program("a", SLEEP, log_mode="0604", log_owner=owner, stdout_logfile=programs.path("out"))
                   + program("b", SLEEP, log_mode="0640"))
    programs.wait_pid("b")
    status = programs.path("out").stat()
    assert stat.S_IMODE(status.st_mode) == 0o604
    assert status.st_uid == (65534 if os.getuid() == 0 else os.getuid())
    log = pathlib.Path(programs.rows()["b"]["stdout_logfile"])
    assert stat.S_IMODE(log.stat().st_mode) == 0o640
    programs.musterd.process.send_signal(12)  # USR2: what is opened again is as before
    programs.path("out").unlink()
    programs.musterd.process.send_signal(12)
    wait_for(lambda: programs.path("out").exists() and stat.S_IMODE(programs.path("out").stat().st_mode) == 0o604, "the new log")
