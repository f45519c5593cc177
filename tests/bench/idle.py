#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What an idle daemon with ten workers costs: wake-ups a second, and memory (PSS).

usage: tests/bench/idle.py [BUILD-DIRECTORY] [SECONDS]
"""
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench.table import pss_mib, switches  # noqa: E402
from support.muster import Muster  # noqa: E402
from support.processes import BUILD, descendants_of, wait_for  # noqa: E402
from support.stores import Sqlite  # noqa: E402

SETTLE_SECONDS = 15  # until workers that have just started are as quiet as they get


def cpu_ms(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 10


def name(pid):
    words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if any(word.startswith(b"--queue=") for word in words):
        return "worker"
    return "maintenance" if b"--maintenance" in words else "musterd" if words[0].endswith(b"musterd") else "handler"


def measure(muster, seconds):
    pids = [muster.pid, *descendants_of(muster.pid)]
    time.sleep(SETTLE_SECONDS)
    before = {pid: (switches(pid), cpu_ms(pid)) for pid in pids}
    time.sleep(seconds)
    kinds = {}
    for pid in pids:
        kinds.setdefault(name(pid), []).append(((switches(pid) - before[pid][0]) / seconds,
                                                (cpu_ms(pid) - before[pid][1]) / seconds, pss_mib(pid)))
    return kinds


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else BUILD
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
        muster = Muster(directory, build, Sqlite(directory))
        muster.configure(muster.queue(handler="exec", workers=10))
        muster.start()
        try:
            muster.wait_running(10)
            wait_for(lambda: muster.ask("status")["maintenance"]["state"] == "RUNNING")
            kinds = measure(muster, seconds)
        finally:
            muster.end()
    print(f"{'':12} {'processes':>9} {'wake-ups/s':>11} {'cpu ms/s':>9} {'PSS MiB each':>13}")
    for kind, figures in kinds.items():
        wakes, cpu, pss = map(sum, zip(*figures))
        print(f"{kind:12} {len(figures):9} {wakes:11.2f} {cpu:9.2f} {pss / len(figures):13.2f}")
    print(f"{'all':12} {sum(map(len, kinds.values())):9} "
          f"{sum(figure[0] for figures in kinds.values() for figure in figures):11.2f}")


if __name__ == "__main__":
    main()
