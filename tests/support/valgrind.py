#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs a command whose tests start Muster's programs under valgrind: valgrind.py BUILD DIRECTORY COMMAND…

DIRECTORY is made anew. It gets a log of each process and, in bin/, programs that start those of BUILD under valgrind
with all that they start themselves, save what is not ours. $MUSTER_PROGRAMS leads the tests there; $MUSTER_WRAPPER is
put before the programs that test drivers. The exit status is
that of the command, or 1 where valgrind has found something.
"""
import os
import pathlib
import shutil
import subprocess
import sys

PROGRAMS = ["muster", "musterd", "muster-worker", "muster-plugin-host", "muster-notifier"]
OTHER_NAMES = {"supervisord": "musterd"}  # by which it behaves otherwise
NOT_OURS = ["/usr/*", "/bin/*", "*.py", "*.sh"]
# A process that is told to end is not waited for by what it started; what is reachable then is no leak.
OPTIONS = ["--quiet", "--vgdb=no", "--trace-children=yes", f"--trace-children-skip={','.join(NOT_OURS)}",
           "--leak-check=full", "--errors-for-leak-kinds=definite", "--show-leak-kinds=definite",
           f"--suppressions={pathlib.Path(__file__).with_suffix('.supp')}"]


def valgrind(log):
    return ["valgrind", *OPTIONS, f"--log-file={log}"]


def make_programs(build, directory):
    for folder in ("bin", "names"):
        (directory / folder).mkdir(parents=True)
    directory.chmod(0o1777)  # programs that become other users have logs, too
    for name in PROGRAMS:
        program = directory / "bin" / name
        log = directory / f"{name}.%p.log"
        program.write_text(f"#!/bin/sh\nexec {' '.join(valgrind(log))} {directory}/names/${{0##*/}} \"$@\"\n")
        program.chmod(0o755)
        (directory / "names" / name).symlink_to(build / name)
    for name, program in OTHER_NAMES.items():
        (directory / "names" / name).symlink_to(build / program)


def findings(directory):
    return [log for log in sorted(directory.glob("*.log")) if log.stat().st_size]


def main():
    build, directory = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(directory, ignore_errors=True)
    make_programs(build, directory)
    environment = {**os.environ, "MUSTER_PROGRAMS": str(directory / "bin"), "MUSTER_PATIENCE": "240",
                   "MUSTER_WRAPPER": " ".join(valgrind(directory / "driver.%p.log"))}
    status = subprocess.run(sys.argv[3:], env=environment).returncode
    found = findings(directory)
    for log in found:
        print(f"{log}:\n{log.read_text()}")
    print(f"valgrind: {len(list(directory.glob('*.log')))} processes, {len(found)} with errors")
    return status or bool(found)


if __name__ == "__main__":
    sys.exit(main())
