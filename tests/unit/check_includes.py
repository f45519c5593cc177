#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the direction of includes between the folders (docs/architecture.md)."""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "common": {"common"},
    "queue": {"queue", "common"},
    "drivers": {"drivers", "queue", "common"},
    "worker": {"worker", "drivers", "queue", "common"},
    "scaler": {"scaler", "common"},
    "supervisor": {"supervisor", "scaler", "common"},
    "library": {"library", "drivers", "queue", "common"},
    "cli": {"cli", "worker", "drivers", "queue", "scaler", "supervisor", "common"},
}
# The master waits for nobody, so no store client may come near it; nobody below cli may draw tables.
LIBRARIES = {
    "sqlite3.h": {"drivers"},
    "hiredis/": {"drivers"},
    "openssl/": {"drivers"},
    "libpq-fe.h": {"drivers"},
    "ev.h": {"worker", "supervisor", "cli"},
    "libsmartcols/": {"cli"},
    "ini.h": {"common"},
    "cjson/": {"common", "worker", "cli", "supervisor"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def complaints(root):
    for folder, allowed in MAY_INCLUDE.items():
        for path in sorted((root / folder).rglob("*.[ch]")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if match:
                    yield from check(path.relative_to(root), number, folder, allowed, *match.groups())


def check(path, number, folder, allowed, quote, name):
    if quote == '"':
        if name.split("/")[0] not in allowed:
            yield f"{path}:{number}: {folder}/ may not include {name}"
        return
    for library, users in LIBRARIES.items():
        if name.startswith(library) and folder not in users:
            yield f"{path}:{number}: {folder}/ may not use <{name}>"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    files = sum(1 for folder in MAY_INCLUDE for _ in (root / folder).rglob("*.[ch]"))
    found = list(complaints(root))
    print("\n".join(found) if found else f"includes of {files} files keep their direction")
    return 1 if found or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
