#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How exactly delayed jobs run, and whether very many that come due together disturb others: docs/benchmarks.md.

usage: tests/bench/delayed.py [--quick] [--write] [--build DIRECTORY] [STORE…]

Prints the table, and with --write puts it into docs/benchmarks.md. STORE is redis, pgsql, sqlite-full, sqlite-normal
(default: all).
"""
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench.places import PLACES  # noqa: E402
from bench.table import Table, arguments, number, verdict  # noqa: E402
from support.muster import Muster  # noqa: E402
from support.processes import wait_for  # noqa: E402

LATE_MS = 5  # after its time, where a worker is idle
TOGETHER = 10_000  # jobs that are due in the same second
A_SECOND = 200  # pushes of others
APART_MS = 20  # from one delayed job to the next
PRELUDE_S = 2  # of others alone, before those are due


class Bench:
    def __init__(self, name, build, quick, table):
        self.name, self.quick, self.table = name, quick, table
        self.build = pathlib.Path(build).resolve()
        self.programs = self.build / "tests" / "bench"

    @contextlib.contextmanager
    def place(self):
        """Two queues with idle workers: `due` runs what is due, `other` notes when its jobs start."""
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
            place = PLACES[self.name](directory)
            place.start()
            muster = Muster(directory, self.build, place)
            muster.configure(muster.queue("due", command=self.programs / "noop-handler", workers=2),
                             muster.queue("other", command=self.programs / "stamp-handler", workers=2,
                                          environment=f"STAMPS={directory}/stamps"), options={"max_jobs": 0})
            muster.start()
            try:
                muster.wait_running(4)
                yield muster
            finally:
                muster.end()
                place.stop()

    def push(self, muster, count, a_second, delay_ms):
        return subprocess.Popen([self.programs / "stamp-push", muster.config, "other", str(count), str(a_second), str(delay_ms)],
                                stdout=subprocess.DEVNULL)

    @staticmethod
    def stamps(muster, count):
        """Milliseconds after its time of each start, in the order of the starts."""
        path = muster.directory / "stamps"
        wait_for(lambda: path.exists() and len(path.read_text().split()) == count)
        return [int(us) / 1000 for us in path.read_text().split()]

    def add(self, what, values, target=None):
        values = sorted(values)
        middle, high, worst = values[len(values) // 2], values[len(values) * 99 // 100], values[-1]
        self.table.put(self.name, what, str(len(values)), *(f"{value:.2f} ms" for value in (middle, high, worst)),
                       "" if target is None else f"≤ {number(target)} ms",
                       "" if target is None else verdict(worst, target, at_least=False))

    def measure_exactness(self):
        """Each job finds idle workers."""
        count = 100 if self.quick else 500
        with self.place() as muster:
            assert self.push(muster, count, 1000 // APART_MS, 1000).wait() == 0
            self.add("start after the due time, idle workers", self.stamps(muster, count), LATE_MS)

    def measure_together(self):
        """Immediate jobs of another queue before and while 10,000 come due."""
        with self.place() as muster:
            delay = 4 if self.quick else 8
            lines = "".join(json.dumps({"job": "Due", "data": {}, "delay": delay}) + "\n" for _ in range(TOGETHER))
            begun = time.monotonic()
            muster.cli("queue:bulk", "--queue=due", "-", input=lines)
            pushed = time.monotonic()
            time.sleep(max(0, begun + delay - PRELUDE_S - time.monotonic()))
            start = time.monotonic()
            count = int(A_SECOND * (PRELUDE_S + 3))
            pushes = self.push(muster, count, A_SECOND, 0)
            wait_for(lambda: muster.cli("queue:stats", "--queue=due")["total"] == 0)
            gone = time.monotonic()
            assert pushes.wait() == 0
            values = self.stamps(muster, count)
        first, last = (int((at - start) * A_SECOND) for at in (begun + delay, gone))
        self.add("immediate jobs of another queue, before", values[:first])
        self.add(f"the same while {TOGETHER:,} come due within {pushed - begun:.1f} s, gone after {gone - begun - delay:.1f} s",
                 values[first:last + 1])


def main():
    options = arguments(__doc__, lambda parser: parser.add_argument("stores", nargs="*", metavar="STORE"))
    table = Table(["store", "what"], ["jobs", "median", "99 %", "worst", "target", "reached"])
    for name in options.stores or PLACES:
        bench = Bench(name, options.build, options.quick, table)
        bench.measure_exactness()
        bench.measure_together()
    table.show("delayed", options.write)


if __name__ == "__main__":
    main()
