#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Brings files that follow from tables in the code in line with them: the sample configuration, tables in manuals, the
description of the HTTP interface, the completions of the command line.

usage: generate.py GENERATE MUSTER ROOT [--check]     GENERATE is the program built from generate.c
"""
import json
import pathlib
import subprocess
import sys

import generate_cli


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def between(page, what, tables):
    """The page with these tables between its marks."""
    begin, end = f"<!-- {what}: begin -->\n", f"<!-- {what}: end -->\n"
    before, rest = page.split(begin)
    return before + begin + tables + "\n" + end + rest.split(end)[1]


def wanted_files(generate, muster, root):
    commands = json.loads(output(muster, "help", "--json"))["commands"]
    configuration, cli = root / "docs/configuration.md", root / "docs/cli.md"
    return {
        root / "etc/muster.ini": output(generate, "sample"),
        configuration: between(configuration.read_text(), "keys", output(generate, "manual")),
        root / "docs/openapi.json": output(generate, "openapi") + "\n",
        cli: between(cli.read_text(), "commands", generate_cli.manual(commands)),
        root / "etc/completions/muster.bash": generate_cli.bash(commands),
        root / "etc/completions/_muster": generate_cli.zsh(commands),
        root / "etc/completions/muster.fish": generate_cli.fish(commands),
    }


def main():
    generate, muster, root = sys.argv[1:4]
    wanted = wanted_files(generate, muster, pathlib.Path(root))
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(root)} is not what the tables say; run: ninja -C build samples")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
