#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the figures of queues cost (issue: under 2 % of drain throughput): one worker drains the same number of jobs with
[monitoring] on and off by turns, in one run. Processor time is told beside the rate, since a busy machine spoils only the latter.

    tests/bench/metrics.py [--build DIRECTORY] [--jobs N] [--pairs N]

Exit status 1 where the processor time a job is more than 2 % higher with figures than without."""
import argparse
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
LIMIT = 1.02


def configure(directory, enabled):
    config = directory / "muster.ini"
    config.write_text(f"[muster]\ndatadir = {directory}\n[connection:main]\ndriver = sqlite\npath = {directory}/jobs.db\n"
                      f"synchronous = normal\n[monitoring]\nenabled = {'true' if enabled else 'false'}\n"
                      "[queue:default]\nconnection = main\n")
    return config


def drain(build, jobs, enabled):
    """Jobs a second, and microseconds of processor time a job."""
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as place:
        config = configure(pathlib.Path(place), enabled)
        bench = build / "tests" / "bench"
        subprocess.run([bench / "store-bench", config, "push", "default", str(jobs), "1000"], check=True, capture_output=True)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([build / "muster", "-c", config, "queue:work", "--stop-when-empty", "--max-jobs=0", "--memory=0",
                        "--handler=persistent", "--", bench / "noop-handler"], check=True, capture_output=True)
        seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return jobs / seconds, used / jobs * 1e6


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=5)
    options = parser.parse_args()
    os.environ["MUSTER_BUILD"] = str(options.build)
    results = {True: [], False: []}
    for _ in range(options.pairs):
        for enabled in results:
            results[enabled].append(drain(options.build.resolve(), options.jobs, enabled))
    with_, without = ([statistics.median(column) for column in zip(*results[enabled])] for enabled in (True, False))
    print(f"with figures:    {with_[0]:,.0f} jobs/s, {with_[1]:.2f} us of processor time a job")
    print(f"without figures: {without[0]:,.0f} jobs/s, {without[1]:.2f} us of processor time a job")
    ratio = statistics.median(one[1] / other[1] for one, other in zip(results[True], results[False]))
    print(f"processor time with figures: {100 * ratio - 100:+.1f} % (median of {options.pairs} pairs)")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
