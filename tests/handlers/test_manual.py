# SPDX-License-Identifier: MIT
"""What docs/jobs.md names, in the table of the guide's methods, is there in each language."""
import re
import subprocess

from support.handler import LIBRARIES
from support.processes import PATIENCE, ROOT

LANGUAGES = ["C", "PHP", "Python", "Node", "Ruby"]
WORDS = re.compile(r"`([^`]*)`")


def rows():
    """The cells of each row, by language."""
    lines = (ROOT / "docs" / "jobs.md").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| the guide |"))
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            return
        yield dict(zip(["guide", *LANGUAGES], (cell.strip() for cell in line.strip("| ").split(" | "))))


def members(language):
    """The names of the members of a job that the table shows; the first row is about classes."""
    for row in list(rows())[1:]:
        assert len(row) == 6, row
        for code in WORDS.findall(row[language]):
            yield re.match(r"(?:await )?([\w.]+\??)", code)[1]


def run(*command):
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=LIBRARIES)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_public_method_of_the_guides_job_has_a_row():
    guide = {name for row in rows() for code in WORDS.findall(row["guide"]) for name in re.findall(r"(\w+)\(", code)}
    assert guide >= {"handle", "failed", "getData", "getUuid", "getAttempts", "getMaxAttempts", "getTimeout",
                     "shouldRetry", "release", "getBatchUuid", "serialize", "unserialize", "fromArray", "toArray",
                     "toJson", "push", "later"}


def test_c():
    header = (ROOT / "worker" / "include" / "muster" / "job.h").read_text()
    for name in members("C"):
        if name == "batch_uuid":  # a member of an object
            continue
        pattern = rf"\b{name}\(" if name.startswith("muster_") else rf"\b{name.lstrip('.')}\b"
        assert re.search(pattern, header), name


def test_php():
    names = ", ".join(f"'{name}'" for name in members("PHP"))
    run("php", "-r", "require 'muster.php'; foreach ([" + names + "] as $name) "
        "if (!method_exists(Muster\\Job::class, $name)) throw new Exception($name);")


def test_python():
    run("/usr/bin/python3", "-B", "-c", "import muster, sys\njob = muster.Job()\njob.batch_uuid = 'B'\n"
        "for name in sys.argv[1:]:\n    at = job\n    for part in name.split('.'):\n        at = getattr(at, part)",
        *(name for name in members("Python")))


def test_node():
    run("node", "-e", "const { Job } = require('./muster.js'); const job = new Job(); "
        "for (const name of ['uuid', 'queue', 'maxAttempts', 'timeout']) job[name] = 1; job.batchUuid = 'B'; "
        "for (const name of process.argv.slice(1)) { let at = job; for (const part of name.split('.')) "
        "{ at = part in at ? at[part] : Job[part]; if (at === undefined) throw new Error(name); } }",
        *members("Node"))


def test_ruby():
    run("ruby", "-e", "require './muster'; ARGV.each { |name| "
        "Muster::Job.method_defined?(name) || Muster::Job.respond_to?(name) || raise(name) }",
        *(name.partition(".")[0] for name in members("Ruby")))
