#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the scripts as a C file: each with the parts of scripts/lib that it uses, and its SHA-1.

usage: embed.py OUTPUT SCRIPT…

A line "-- uses: a b" names parts that are put before a file; parts name others in the same way. What a script
needs only now and then it names in a line "-- later: a": those parts become the function later(), whose first
call makes them and returns a table of their functions. (Making functions costs a short script more than
what it does.)
"""
import hashlib
import pathlib
import re
import sys


def lines_of(path):
    return path.read_text().splitlines()


def named(lines, word):
    for line in lines:
        match = re.match(rf"-- {word}: (.*)$", line)
        if match:
            return match.group(1).split()
    return []


def parts_of(names, library, found):
    """Adds the parts of these names to found, each behind those that it needs itself."""
    for name in names:
        part = library / f"{name}.lua"
        if part not in found:
            parts_of(named(lines_of(part), "uses"), library, found)
            found.append(part)
    return found


def code_of(path):
    stripped = (line.strip() for line in lines_of(path) if not line.startswith("#!"))
    return "".join(line + "\n" for line in stripped if line and not line.startswith("--"))


def later_of(parts):
    functions = [name for part in parts for name in re.findall(r"(?m)^local function (\w+)", code_of(part))]
    table = ", ".join(f"{name} = {name}" for name in functions)
    before = "local made\nlocal function later()\nmade = made or (function()\n"
    after = f"return {{{table}}}\nend)()\nreturn made\nend\n"
    return [("before_later", before)] + pieces_of_parts(parts) + [("after_later_" + parts[-1].stem, after)]


def pieces_of_parts(parts):
    return [(f"lib_{part.stem}", code_of(part)) for part in parts]


def pieces_of(path):
    """The pieces of a script in their order, each with a name."""
    library = path.parent / "lib"
    lines = lines_of(path)
    head = lines[0] if lines[0].startswith("#!lua") else "#!lua"
    head_name = head.replace("#!lua", "head").replace(" flags=", "_").replace("-", "_")
    first = parts_of(["base"] + named(lines, "uses"), library, [])
    later = parts_of(named(lines, "later"), library, list(first))[len(first):]
    pieces = [(head_name, head + "\n")] + pieces_of_parts(first)
    if later:
        pieces += later_of(later)
    return pieces + [(path.stem, code_of(path))]


def text_of(path):
    return "".join(text for _, text in pieces_of(path))


def c_string(text):
    quoted = (line.replace("\\", "\\\\").replace('"', '\\"') for line in text.splitlines())
    return "\n".join(f'    "{line}\\n"' for line in quoted)


def main():
    output, scripts = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    out = ["/* Made by embed.py. SPDX-License-Identifier: MIT */", '#include "drivers/redis/scripts.h"', "", "#include <stddef.h>", ""]
    rows, written = [], set()
    for path in scripts:
        pieces = pieces_of(path)
        for name, text in pieces:
            if name not in written:
                out += [f"static const char text_{name}[] =", c_string(text) + ";", ""]
                written.add(name)
        parts = ", ".join(f"text_{name}" for name, _ in pieces)
        sha = hashlib.sha1(text_of(path).encode()).hexdigest()
        rows.append(f'    [SCRIPT_{path.stem.upper()}] = {{"{path.stem}", "{sha}",')
        rows.append(f"        (const char *const[]){{{parts}, NULL}}}},")
    out += ["const struct script redis_scripts[SCRIPT_COUNT] = {", *rows, "};"]
    output.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
