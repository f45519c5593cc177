#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What keeping programs costs, beside Debian's supervisord and a bare C loop in the same run: docs/benchmarks.md.

usage: tests/bench/programs.py [--quick] [--write] [--build DIRECTORY] [--only PART]…

Prints the table of docs/benchmarks.md, and with --write puts it there. PART is one of memory, start, idle, replace, lines,
bulk, info, stop.
"""
import os
import pathlib
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench.daemons import DAEMONS, Bare  # noqa: E402
from bench.table import Table, arguments, cpu_ns, number, parts_of, pss_mib, switches, verdict  # noqa: E402
from support.processes import children_of, wait_for  # noqa: E402
from support.supervisors import is_installed  # noqa: E402

MANY = 1_000
WRITERS, LINES_A_SECOND, LINE_BYTES = 100, 100, 100
CALL = b"<methodCall><methodName>supervisor.getAllProcessInfo</methodName><params/></methodCall>"


class Sizes:
    def __init__(self, quick):
        self.kills = 8 if quick else 60
        self.seconds = 4 if quick else 20
        self.idle_seconds = 5 if quick else 60
        self.bulk = (256 << 20) if quick else (2 << 30)
        self.calls = 5 if quick else 21
        self.runs = 1 if quick else 5


class ProgramTable(Table):
    """A figure of each, and the target of ours: most is an amount, ratio a multiple of the floor's."""

    def __init__(self):
        super().__init__(["what"], [*DAEMONS, "target", "reached"])

    def add(self, what, figures, unit, most=None, ratio=None, at_least=False):
        ours, floor = figures["Muster"], figures.get("bare loop")
        target = most if most is not None else ratio * floor if ratio is not None else None
        sign = "≥" if at_least else "≤"
        said = f"{sign} {number(most)} {unit}" if most is not None else f"{sign} {ratio:g} × bare" if ratio is not None else ""
        self.put(what, *(f"{number(figures[name])} {unit}" if name in figures else "–" for name in DAEMONS), said,
                 verdict(ours, target, at_least))


class Bench:
    def __init__(self, build, sizes, table):
        self.build, self.sizes, self.table = pathlib.Path(build).resolve(), sizes, table
        self.program = self.build / "tests" / "bench" / "bench-program"
        self.daemons = {name: kind for name, kind in DAEMONS.items() if name != "supervisord" or is_installed()}

    def each(self, measure, runs=None, bare=True):
        """The median of what measure returns for each of them; by turns, so that a noisy minute is everybody's."""
        values = {name: [] for name, kind in self.daemons.items() if bare or kind is not Bare}
        for _ in range(runs or self.sizes.runs):
            for name, figures in values.items():
                with self.daemons[name](self.build) as daemon:
                    figures.append(measure(daemon))
        return {name: statistics.median(figures) for name, figures in values.items()}

    def pause(self):
        return f"{self.program} pause"

    @staticmethod
    def fifo(daemon):
        """A named pipe in its directory, and what reads it."""
        path = daemon.directory / "fifo"
        os.mkfifo(path)
        return path, os.fdopen(os.open(path, os.O_RDWR), "r")

    # --- at rest ---

    def measure_memory(self):
        def memory(count):
            def measure(daemon):
                daemon.run(count, self.pause())
                wait_for(lambda: len(daemon.programs()) == count)
                time.sleep(2)  # at rest
                return pss_mib(daemon.pid)
            return measure
        for count, most in ((0, None), (100, None), (MANY, 3)):
            self.table.add(f"memory (PSS), {count:,} programs", self.each(memory(count), 1), "MiB", most)

    def measure_idle(self):
        seconds, used = self.sizes.idle_seconds, {}

        def measure(daemon):
            daemon.run(MANY, self.pause())
            time.sleep(2)
            before = switches(daemon.pid), cpu_ns(daemon.pid)
            time.sleep(seconds)
            used[type(daemon)] = (cpu_ns(daemon.pid) - before[1]) / seconds / 1e6
            return (switches(daemon.pid) - before[0]) / seconds
        wakes = self.each(measure, 1)
        self.table.add(f"idle, {MANY:,} programs: wake-ups a second", wakes, "", 1)
        self.table.add(f"idle, {MANY:,} programs: processor time a second",
                       {name: used[kind] for name, kind in self.daemons.items()}, "ms", 1)

    # --- starts and ends ---

    def measure_start(self):
        for count, ratio in ((100, None), (MANY, 1.5)):
            self.table.add(f"exec to all RUNNING, {count:,} programs, startsecs = 0",
                           self.each(lambda daemon: daemon.run(count, self.pause()) * 1000), "ms", ratio=ratio)

    def measure_stop(self):
        for what, numprocs, ratio in ((f"stop, {MANY:,} sections", False, None), (f"stop, one section, numprocs = {MANY:,}", True, 3)):
            def measure(daemon):
                daemon.run(MANY, self.pause(), numprocs)
                wait_for(lambda: len(daemon.programs()) == MANY)
                return daemon.stop() * 1000
            self.table.add(what, self.each(measure), "ms", ratio=ratio)

    def replacements(self, daemon):
        """Milliseconds from SIGKILL until the new process says so itself."""
        path, stamps = self.fifo(daemon)
        count = min(self.sizes.kills, 20)
        daemon.run(count, f"{self.program} stamp {path}", startsecs=1)
        for _ in range(count):
            stamps.readline()
        times = []
        for _ in range(-(-self.sizes.kills // count)):
            time.sleep(1.2)
            for pid in children_of(daemon.pid)[:count]:
                before = time.monotonic_ns()
                os.kill(pid, 9)
                times.append((int(stamps.readline().split()[1]) - before) / 1e6)
                time.sleep(.02)
        return sorted(times)

    def measure_replace(self):
        times = {}
        for name, kind in self.daemons.items():
            with kind(self.build) as daemon:
                times[name] = self.replacements(daemon)
        for what, place, most in (("median", 50, 2), ("99th percentile", 99, None)):
            self.table.add(f"kill -9 to replacement, {what}",
                           {name: values[len(values) * place // 100] for name, values in times.items()}, "ms", most)

    # --- logs ---

    def measure_lines(self):
        def measure(daemon):
            daemon.run(WRITERS, f"{self.program} lines {LINES_A_SECOND} {LINE_BYTES}")
            time.sleep(1)
            before = cpu_ns(daemon.pid)
            time.sleep(self.sizes.seconds)
            return (cpu_ns(daemon.pid) - before) / self.sizes.seconds / 1e7
        self.table.add(f"{WRITERS} programs × {LINES_A_SECOND} lines a second captured, of a core",
                       self.each(measure, 1), "%", ratio=1.3)

    def measure_bulk(self):
        def measure(daemon):
            path, stamps = self.fifo(daemon)
            daemon.run(1, f"{self.program} flood {path} {self.sizes.bulk}")
            before = int(stamps.readline().split()[1])
            while not daemon.log_of(0).exists() or daemon.log_of(0).stat().st_size < self.sizes.bulk:
                time.sleep(.001)
            return self.sizes.bulk / ((time.monotonic_ns() - before) / 1e9) / 1e6
        self.table.add("log of one program that writes 64 KiB pieces", self.each(measure), "MB/s", ratio=.95, at_least=True)

    # --- questions ---

    @staticmethod
    def ask(path):
        """Milliseconds of one call, until the last byte of its answer."""
        before = time.monotonic()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/xml\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(CALL) + CALL)
            answer = b""
            while b"</methodResponse>" not in answer[-64:]:
                piece = client.recv(1 << 20)
                assert piece, answer
                answer += piece
        return (time.monotonic() - before) * 1000

    def measure_info(self):
        def measure(daemon):
            daemon.run(MANY, self.pause())
            return statistics.median(self.ask(daemon.here / "s.sock") for _ in range(self.sizes.calls))
        self.table.add(f"getAllProcessInfo, {MANY:,} programs", self.each(measure, 1, bare=False), "ms", 15)


PARTS = parts_of(Bench)


def main():
    options = arguments(__doc__, lambda parser: parser.add_argument("--only", choices=PARTS, action="append"))
    table = ProgramTable()
    bench = Bench(options.build, Sizes(options.quick), table)
    for part in options.only or PARTS:
        getattr(bench, PARTS[part])()
    table.show("programs", options.write)


if __name__ == "__main__":
    main()
