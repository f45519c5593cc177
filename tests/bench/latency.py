#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How long after the call of a push its job comes to a handler, with idle workers and 50 pushes a second.

usage: tests/bench/latency.py [BUILD-DIRECTORY] [COUNT]
"""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.muster import Muster  # noqa: E402
from support.processes import BUILD, wait_for  # noqa: E402
from support.stores import Sqlite  # noqa: E402

A_SECOND = 50


def quantile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] / 1000


def measure(directory, build, count, handler, connection):
    build = pathlib.Path(build).resolve()
    stamps = pathlib.Path(directory) / "stamps"
    muster = Muster(directory, build, Sqlite(directory))
    program = build / "tests" / "bench" / "stamp-handler"
    muster.configure(muster.queue(handler=handler, workers=2, command=f"{program}{' --exec' if handler == 'exec' else ''}",
                                  environment=f"STAMPS={stamps}"), connection=connection)
    muster.start()
    try:
        muster.wait_running(2)
        pushed = subprocess.run([build / "tests" / "bench" / "stamp-push", muster.config, "default", str(count),
                                 str(A_SECOND)], check=True, capture_output=True, text=True).stdout.split()
        wait_for(lambda: stamps.exists() and len(stamps.read_text().split()) == count)
    finally:
        muster.end()
    return [int(us) for us in pushed], [int(us) for us in stamps.read_text().split()]


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else BUILD
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    print(f"{'handler':12} {'synchronous':>12} {'push p50 ms':>12} {'start p50 ms':>13} {'p99 ms':>8} {'max ms':>8}")
    for handler in ("persistent", "exec"):
        for synchronous in ("full", "normal"):
            with tempfile.TemporaryDirectory(prefix="muster-bench-") as directory:
                pushes, starts = measure(directory, build, count, handler, {"synchronous": synchronous})
            print(f"{handler:12} {synchronous:>12} {quantile(pushes, .5):12.3f} {quantile(starts, .5):13.3f} "
                  f"{quantile(starts, .99):8.3f} {max(starts) / 1000:8.3f}", flush=True)


if __name__ == "__main__":
    main()
