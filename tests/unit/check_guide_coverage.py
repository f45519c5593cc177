#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds docs/guide-coverage.md to what is there: every test that it names exists, and every row has one or is open."""
import pathlib
import re
import sys

PAGE = "docs/guide-coverage.md"
TEST = re.compile(r"`(tests/[\w./]+)(?:::(\w+))?`")
STATUSES = {"done", "otherwise", "open"}
CHAPTERS = 12


def rows(text):
    """(line number, cells) of the tables behind the first heading of a chapter."""
    begun = False
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun or line.startswith("## 1. ")
        if begun and line.startswith("| ") and not line.startswith("| the guide |"):
            yield number, [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def has_test(root, path, name):
    """A function of that name in Python or C; without a name the file alone."""
    file = root / path
    if not file.is_file():
        return False
    return not name or re.search(rf"(def|void) {name}\(", file.read_text()) is not None


def check_row(root, number, cells):
    if len(cells) != 4:
        yield f"{PAGE}:{number}: {len(cells)} cells, not 4"
        return
    tests = TEST.findall(cells[2])
    if cells[3] not in STATUSES:
        yield f"{PAGE}:{number}: the status is {cells[3]!r}, not one of {', '.join(sorted(STATUSES))}"
    elif not tests and cells[3] != "open":
        yield f"{PAGE}:{number}: no test shows it"
    for path, name in tests:
        if not has_test(root, path, name):
            yield f"{PAGE}:{number}: there is no {path}::{name}"


def complaints(root):
    text = (root / PAGE).read_text()
    for chapter in range(1, CHAPTERS + 1):
        if f"\n## {chapter}. " not in text:
            yield f"{PAGE}: chapter {chapter} is missing"
    for number, cells in rows(text):
        yield from check_row(root, number, cells)


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else f"every test that {PAGE} names is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
