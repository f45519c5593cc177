#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What Muster reaches on its stores, beside bare statements on the same store in the same run: docs/benchmarks.md.

usage: tests/bench/stores.py [--quick] [--write] [--build DIRECTORY] [--only PART] [--runs N] [STORE…]

Prints the table of docs/benchmarks.md, and with --write puts it there. STORE is redis, pgsql, sqlite-full,
sqlite-normal (default: all); PART is one of drain, exec, latency, enqueue, reserve, killed.
"""
import contextlib
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench.places import PLACES  # noqa: E402
from bench.table import Table, arguments, cpu_ns, number, parts_of, pss_mib, verdict  # noqa: E402
from support.muster import Muster  # noqa: E402
from support.processes import PATIENCE, descendants_of, wait_for  # noqa: E402

# What is aimed at, by store: jobs a second, milliseconds.
TARGETS = {
    "redis": {"drain": 75_000, "one": 3 * 11_012, "p50": .25, "single": 15_000, "bulk": 150_000, "cpu": .015},
    "pgsql": {"drain": 90_000, "one": 3 * 2_399, "p50": .5, "bulk": 150_000, "cpu": .015},
    "sqlite-full": {"drain": 50_000, "one": 3 * 16_756, "p50": .5, "cpu": .025},
    "sqlite-normal": {"drain": 100_000, "one": 3 * 16_756, "p50": .5, "cpu": .025},
}
P99_MS, XARGS, PSS_MIB, BACK_MS, FLAT, FLAT_SNAPSHOT = 1, .9, 5, 1000, 1.3, 2
BATCH = 100  # jobs in a call of a floor, as batch_size is by default
A_SECOND = 50  # pushes, where latency is measured
SLOW_JOB_US, SLOW_JOBS = 20_000, 400  # of the workers that are killed


class Sizes:
    def __init__(self, quick):
        self.drain = 40_000 if quick else 200_000
        self.one_by_one = 400 if quick else 3_000
        self.single = 3_000 if quick else 30_000
        self.latency = 150 if quick else 600
        self.backlogs = [1_000, 10_000, 100_000] if quick else [1_000, 10_000, 100_000, 1_000_000]
        self.rounds = 100 if quick else 300
        self.churn = 2_000 if quick else 20_000


class StoreTable(Table):
    """What a figure should be, is, and its ratio to the floor."""

    def __init__(self):
        super().__init__(["store", "what"], ["Muster", "target", "reached", "floor", "Muster / floor"])

    def add(self, store, what, value, target=None, floor=None, unit="/s", at_least=True):
        self.put(store, what, f"{number(value)}{unit}",
                 "" if target is None else f"{'≥' if at_least else '≤'} {number(target)}{unit}",
                 verdict(value, target, at_least), "" if floor is None else f"{number(floor)}{unit}",
                 "" if not floor else f"{value / floor:.2f}")


class Bench:
    """Everything about one store. A measurement has a store of its own, which is empty at first."""

    def __init__(self, name, build, sizes, runs, table):
        self.name, self.sizes, self.runs, self.table = name, sizes, runs, table
        self.build = pathlib.Path(build).resolve()
        self.bench = self.build / "tests" / "bench"
        self.targets = TARGETS[name]

    @contextlib.contextmanager
    def place(self, *queues, connection=None):
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
            place = PLACES[self.name](directory)
            place.start()
            muster = Muster(directory, self.build, place)
            muster.configure(*[muster.queue(**queue) for queue in queues], options={"max_jobs": 0}, connection=connection)
            try:
                yield place, muster
            finally:
                muster.end()
                place.stop()

    def run(self, *arguments):
        return subprocess.run(list(map(str, arguments)), check=True, capture_output=True, text=True).stdout

    def store(self, muster, *arguments):
        """The answer of store-bench on the queue default."""
        command, *rest = arguments
        return self.run(self.bench / "store-bench", muster.config, command, "default", *rest)

    def floor(self, *arguments):
        """Jobs a second of bare statements, on a store of its own."""
        with self.place() as (place, _):
            return float(self.run(self.bench / "store-floor", *place.floor, *arguments))

    def fill(self, muster, count):
        self.store(muster, "push", count, 1000)

    # --- drain ---

    def drain_once(self, count, queue):
        """Jobs a second; milliseconds of processor time a job, of the store and of all else; MiB of the workers."""
        with self.place(queue) as (place, muster):
            self.fill(muster, count)
            watch = subprocess.Popen([self.bench / "store-bench", muster.config, "watch", "default", str(count)], text=True,
                                     stdout=subprocess.PIPE)
            watch.stdout.readline()
            before = sum(map(cpu_ns, place.pids()))  # the server's own start and the filling
            muster.start()
            pss = 0
            while watch.poll() is None:
                time.sleep(.1)
                pss = max(pss, sum(map(pss_mib, muster.running().values())))
            jobs, seconds = watch.stdout.read().split()
            store = sum(map(cpu_ns, place.pids())) - before
            ours = sum(map(cpu_ns, [muster.pid, *descendants_of(muster.pid)]))
            return int(jobs) / float(seconds), store / count / 1e6, ours / count / 1e6, pss

    def drain(self, count, queue):
        """Medians."""
        return [statistics.median(figures) for figures in zip(*(self.drain_once(count, queue) for _ in range(self.runs)))]

    def measure_drain(self):
        count = self.sizes.drain
        noop = {"command": self.bench / "noop-handler"}
        floor = max(self.floor("cycle", count, BATCH, clients) for clients in (1, 2))
        one, two = (self.drain(count, {**noop, "workers": workers}) for workers in (1, 2))
        self.table.add(self.name, "drain, 1 worker with 1 persistent handler", one[0], self.targets["one"], floor)
        self.table.add(self.name, "drain, 2 workers with 1 persistent handler each", two[0], None, floor)
        rate, of_store, of_us, _ = max(one, two)
        self.table.add(self.name, "drain, the better of these", rate, self.targets["drain"], floor)
        plugin = {"handler": "plugin", "command": self.bench / "noop_plugin.so", "workers": 2}
        self.table.add(self.name, "drain, 2 workers with a plugin each", self.drain(count, plugin)[0], None, floor)
        self.table.add(self.name, f"processor time a job: store {of_store:.4f} + Muster and handlers {of_us:.4f}",
                       of_store + of_us, self.targets["cpu"], unit=" ms", at_least=False)
        self.table.add(self.name, "memory (PSS) of 2 workers together", two[3], PSS_MIB, unit=" MiB", at_least=False)

    # --- the others ---

    def measure_exec(self):
        count = self.sizes.one_by_one
        numbers = "\n".join(map(str, range(count)))
        rates = []
        for _ in range(self.runs):
            before = time.monotonic()
            subprocess.run(["xargs", "-P2", "-n1", "/bin/true"], input=numbers, text=True, check=True)
            rates.append(count / (time.monotonic() - before))
        xargs = statistics.median(rates)
        rate = self.drain(count, {"handler": "exec", "command": "/bin/true", "workers": 2})[0]
        self.table.add(self.name, "drain, 2 workers with `exec` handlers (floor: `xargs -P2`)", rate, XARGS * xargs, xargs)

    def measure_latency(self):
        count = self.sizes.latency
        with self.place() as (_, muster):
            stamps = muster.directory / "stamps"
            muster.configure(muster.queue(command=self.bench / "stamp-handler", workers=2,
                                          environment=f"STAMPS={stamps}"))
            muster.start()
            muster.wait_running(2)
            self.run(self.bench / "stamp-push", muster.config, "default", count, A_SECOND)
            wait_for(lambda: len(stamps.read_text().split()) == count)
            values = sorted(int(us) / 1000 for us in stamps.read_text().split())
        self.table.add(self.name, "push to start, median", values[count // 2], self.targets["p50"], unit=" ms",
                       at_least=False)
        self.table.add(self.name, "push to start, 99th percentile", values[count * 99 // 100], P99_MS, unit=" ms",
                       at_least=False)

    def push_rate(self, count, batch):
        rates = []
        for _ in range(self.runs):
            with self.place(connection={"batch_size": batch}) as (_, muster):
                rates.append(count / float(self.store(muster, "push", count, batch)))
        return statistics.median(rates)

    def measure_enqueue(self):
        single, bulk = self.sizes.single, self.sizes.drain
        self.table.add(self.name, "push, one by one", self.push_rate(single, 1), self.targets.get("single"),
                       self.floor("push", single, 1))
        self.table.add(self.name, "push, 1,000 a call", self.push_rate(bulk, 1000), self.targets.get("bulk"),
                       self.floor("push", bulk, 1000))

    def turn_us(self, muster):
        return statistics.median(int(self.store(muster, "turns", self.sizes.rounds, 10)) for _ in range(self.runs))

    def measure_reserve(self):
        base = 0
        with self.place() as (place, muster):
            there = 0
            for backlog in self.sizes.backlogs:
                self.fill(muster, backlog - there)
                there = backlog
                us = self.turn_us(muster)
                base = base or us
                self.add_reserve(f"reserve 10 and end 10, {backlog:,} waiting", us, base, FLAT)
            if place.snapshot:
                with place.snapshot():
                    self.store(muster, "turns", self.sizes.churn // BATCH, BATCH)
                    us = self.turn_us(muster)
                self.add_reserve("the same, an old snapshot held open", us, base, FLAT_SNAPSHOT)

    def add_reserve(self, what, us, base, most):
        self.table.add(self.name, what, us / 1000, most * base / 1000 if us is not base else None, unit=" ms",
                       at_least=False)

    def measure_killed(self):
        """From the death of all workers until the store has all their jobs back."""
        queue = {"command": f"{self.bench / 'noop-handler'} 256 {SLOW_JOB_US}", "workers": 2}
        with self.place(queue) as (_, muster):
            self.fill(muster, SLOW_JOBS)
            muster.start()
            workers = muster.wait_running(2)
            wait_for(lambda: muster.stats()["total"] < SLOW_JOBS * 3 // 4)
            watch = subprocess.Popen([self.bench / "store-bench", muster.config, "owners", "default", str(int(PATIENCE)),
                                      *workers], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            watch.stdout.readline()
            for pid in workers.values():
                os.kill(pid, signal.SIGKILL)
            ms = float(watch.communicate("killed\n")[0])
            muster.wait_empty()
        self.table.add(self.name, "all workers killed: their jobs are back after", ms, BACK_MS, unit=" ms", at_least=False)


PARTS = parts_of(Bench)


def main():
    def add(parser):
        parser.add_argument("--only", choices=PARTS, action="append")
        parser.add_argument("--runs", type=int)
        parser.add_argument("stores", nargs="*", metavar="STORE")
    options = arguments(__doc__, add)
    table = StoreTable()
    for name in options.stores or PLACES:
        bench = Bench(name, options.build, Sizes(options.quick), options.runs or (1 if options.quick else 3), table)
        for part in options.only or PARTS:
            getattr(bench, PARTS[part])()
    table.show("stores", options.write)


if __name__ == "__main__":
    main()
