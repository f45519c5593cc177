# SPDX-License-Identifier: MIT
"""A table of figures, on the screen and in docs/benchmarks.md; what a process uses."""
import argparse
import contextlib
import pathlib
import sys

from support.processes import BUILD, ROOT

PAGE = ROOT / "docs" / "benchmarks.md"


def arguments(doc, add):
    """The command line of a benchmark, as its documentation shows it; add(parser) puts in what it has of its own."""
    parser = argparse.ArgumentParser(usage=doc.split("usage: ")[1].split("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--build", default=BUILD)
    add(parser)
    return parser.parse_args()


def parts_of(bench):
    """The measurements of a class, by the names of its parts."""
    return {name.removeprefix("measure_"): name for name in vars(bench) if name.startswith("measure_")}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


class Table:
    """Lines of Markdown. The first columns are text, the others figures."""

    def __init__(self, texts, figures):
        self.header = [*texts, *figures]
        self.rule = [*["---"] * len(texts), *["---:"] * len(figures)]
        self.rows = []

    def put(self, *cells):
        self.rows.append([str(cell) for cell in cells])
        print(" | ".join(self.rows[-1]), file=sys.stderr, flush=True)

    def __str__(self):
        return "\n".join("| " + " | ".join(line) + " |" for line in [self.header, self.rule, *self.rows])

    def show(self, name, write):
        """Prints it, and writes it too where that is wanted."""
        print(self)
        if write:
            self.write(name)

    def write(self, name):
        """Between the two marks of this name on the page."""
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
        before, rest = PAGE.read_text().split(begin)
        PAGE.write_text(f"{before}{begin}{self}\n{end}{rest.split(end)[1]}")


def verdict(value, target, at_least):
    """Whether a figure is what it should be, in words; "" where nothing is asked of it."""
    if target is None:
        return ""
    return "yes" if (value >= target if at_least else value <= target) else "**no**"


def cpu_ns(pid):
    """What all threads of a process have used; 0 where it has ended."""
    total = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


def pss_mib(pid):
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0


def switches(pid):
    """How often a process has waited for something and was woken, in all its threads."""
    count = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches:"):
                count += int(line.split()[1])
    return count
