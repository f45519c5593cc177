#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What looking at everything costs the master: CPU time of one answer with 100 queues, a worker each, and 1,000 programs, and of
the events while nothing happens.

usage: PYTHONPATH=tests tests/bench/dashboard.py [--json]      of a built Muster (MUSTER_BUILD, or build/)
"""
import json
import pathlib
import sys
import tempfile
import time

from support.http import Daemon, Events
from support.musterd import FAKE_WORKER
from support.processes import wait_for

QUEUES, PROGRAMS, REQUESTS = 100, 1000, 100


def cpu_ms(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def cost(daemon, act, times):
    before = cpu_ms(daemon.pid)
    for _ in range(times):
        act()
    return (cpu_ms(daemon.pid) - before) / times


def measure(daemon):
    status, answer = daemon.call("GET", "/api/v1/overview")
    assert status == 200 and len(answer["programs"]) == PROGRAMS and len(answer["workers"]) >= QUEUES
    found = {"overview_ms": cost(daemon, lambda: daemon.call("GET", "/api/v1/overview"), REQUESTS),
             "overview_bytes": int(daemon.headers["Content-Length"]),
             "page_ms": cost(daemon, lambda: daemon.call("GET", "/dashboard/app.js"), REQUESTS)}
    events = Events(daemon)
    events.next()
    before, began = cpu_ms(daemon.pid), time.monotonic()
    time.sleep(5)
    found["listening_ms_a_second"] = (cpu_ms(daemon.pid) - before) / (time.monotonic() - began)
    events.close()
    return found


def main():
    with tempfile.TemporaryDirectory(prefix="muster-dashboard-") as scratch:
        daemon = Daemon(scratch, worker=FAKE_WORKER)
        queues = "".join(f"[queue:queue-{number:03}]\ncommand = true\nworkers = 1\n" for number in range(QUEUES - 2))
        daemon.configure(f"{queues}[program:many]\ncommand = sleep 600\nnumprocs = {PROGRAMS}\nprocess_name = p%(process_num)04d\n"
                         "autostart = false\nstdout_logfile = /dev/null\nredirect_stderr = true\n")
        text = daemon.config.read_text().replace("[queue:mails]\nworkers = 0", "[queue:mails]\ncommand = true\nworkers = 1")
        daemon.config.write_text(text)
        try:
            daemon.start()
            wait_for(lambda: sum(row["state"] == "RUNNING" for row in daemon.get("/workers")["workers"]) == QUEUES, "the workers", 120)
            found = measure(daemon)
        finally:
            daemon.end()
    print(json.dumps(found) if "--json" in sys.argv else "\n".join(f"{name:24} {value:10.2f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
