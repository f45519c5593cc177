#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the files of the dashboard as a table in C, plain and compressed.

usage: embed.py OUTPUT FILE…
"""
import gzip
import hashlib
import pathlib
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def array(name, data):
    lines = (",".join(map(str, data[at:at + 32])) for at in range(0, len(data), 32))
    return f"static const unsigned char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main():
    output, *paths = map(pathlib.Path, sys.argv[1:])
    arrays, rows = [], []
    for number, path in enumerate(paths):
        plain = path.read_bytes()
        packed = gzip.compress(plain, 9, mtime=0)
        tag = hashlib.sha256(plain).hexdigest()[:16]
        arrays += [array(f"plain_{number}", plain), array(f"packed_{number}", packed)]
        rows.append(f'    {{"{path.name}", "{TYPES[path.suffix]}", "\\"{tag}\\"", plain_{number}, {len(plain)}, '
                    f'packed_{number}, {len(packed)}}},\n')
    output.write_text('/* made by embed.py */\n#include "supervisor/control/dashboard.h"\n\n' + "\n".join(arrays) +
                      "\nconst struct dashboard_file dashboard_files[] = {\n" + "".join(rows) + "    {.name = NULL},\n};\n")


if __name__ == "__main__":
    main()
