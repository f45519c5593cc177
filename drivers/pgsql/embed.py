#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes a text file as a C string: embed.py NAME IN OUT. As bytes, for a literal may not be so long."""
import sys

name, source, target = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read() + b"\0"
with open(target, "w", encoding="ascii") as file:
    file.write(f"static const char {name}[] = {{\n")
    for start in range(0, len(data), 20):
        file.write("    " + ", ".join(str(byte) for byte in data[start:start + 20]) + ",\n")
    file.write("};\n")
