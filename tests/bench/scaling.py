#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the tables and pictures of docs/scaling.md with `muster scaler:simulate`.

usage: tests/bench/scaling.py [MUSTER]      MUSTER is the program, build/muster by default
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/scaling.md"
SEEDS = "8"
PICTURES = ["bursts", "diurnal", "on_off", "long_jobs"]
IN_TIME = 0.99  # part of the jobs that a policy must begin in time to be counted as a cheap one


def simulate(muster, *options):
    command = [muster, "scaler:simulate", *options, "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def totals(answer):
    header = ["policy", "over the promise, s", "late jobs", "p50 s", "p95 s", "p99 s", "worker seconds", "busy",
              "started", "reversals", "interrupted"]
    return table(header, [
        [f"**{row['policy']}**" if row["policy"] == "latency" else row["policy"], f"{row['over_s']:,}",
         f"{100 * row['late'] / row['jobs']:.2f} %", f"{row['p50_s']:.1f}", f"{row['p95_s']:.1f}", f"{row['p99_s']:.1f}",
         f"{row['worker_s'] / 1000:,.0f} k", f"{row['busy_percent']} %", f"{row['spawns']:,}", f"{row['reversals']:,}",
         f"{row['interrupted']:,}"] for row in answer["totals"]])


def by_workload(answer):
    """What latency did with each workload, beside the best of the others."""
    cases = {}
    for row in answer["runs"]:
        cases.setdefault((row["workload"], row["boot_s"]), {})[row["policy"]] = row
    rows = []
    for (workload, boot), policies in cases.items():
        own = policies.pop("latency")
        over = min(policies.values(), key=lambda row: (row["over_s"], row["worker_s"]))
        in_time = [row for row in policies.values() if row["late"] <= (1 - IN_TIME) * row["jobs"]]
        cheap = min(in_time, key=lambda row: row["worker_s"], default=None)
        rows.append([workload, f"{boot:.0f} s", f"{own['over_s']:,}", f"{over['over_s']:,} ({over['policy']})",
                     f"{own['worker_s'] / 1000:,.0f} k",
                     f"{cheap['worker_s'] / 1000:,.0f} k ({cheap['policy']})" if cheap else "none",
                     f"{own['worker_s'] / cheap['worker_s']:.2f}" if cheap else "–"])
    return table(["workload", "start takes", "over, s", "the least of others", "worker seconds",
                  "the cheapest other with 99 % in time", "ratio"], rows)


def replace(page, name, text):
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, rest = page.split(begin)
    return before + begin + text + end + rest.split(end)[1]


def main():
    muster = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/muster").resolve()
    training = simulate(muster, "--seeds", SEEDS)
    validation = simulate(muster, "--seeds", SEEDS, "--validation")
    simulate(muster, *(f"--workload={name}" for name in PICTURES), "--policy=latency", "--policy=horizon",
             "--policy=celery", "--seeds=1", "--length=1h", "--boot=15", f"--plot={ROOT}/docs/images")
    page = PAGE.read_text()
    page = replace(page, "training", totals(training))
    page = replace(page, "validation", totals(validation))
    page = replace(page, "workloads", by_workload(validation))
    PAGE.write_text(page)


if __name__ == "__main__":
    main()
