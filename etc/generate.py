#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Brings etc/muster.ini, the tables of docs/configuration.md and docs/openapi.json in line with the tables in the code.

usage: generate.py GENERATE ROOT [--check]     GENERATE is the program built from generate.c
"""
import pathlib
import subprocess
import sys

MARKS = ("<!-- keys: begin -->\n", "<!-- keys: end -->\n")


def generated(program, what):
    return subprocess.run([program, what], check=True, capture_output=True, text=True).stdout


def with_tables(page, tables):
    before, rest = page.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return before + MARKS[0] + tables + "\n" + MARKS[1] + after


def main():
    program, root = sys.argv[1], pathlib.Path(sys.argv[2])
    sample, manual = root / "etc/muster.ini", root / "docs/configuration.md"
    wanted = {
        sample: generated(program, "sample"),
        manual: with_tables(manual.read_text(), generated(program, "manual")),
        root / "docs/openapi.json": generated(program, "openapi") + "\n",
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(root)} is not what the tables say; run: ninja -C build samples")
        return 1 if stale else 0
    for path in stale:
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
