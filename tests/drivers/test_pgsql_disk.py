# SPDX-License-Identifier: MIT
"""PostgreSQL whose disk is full: a real server on a small file system of its own."""
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from support.postgres import Postgres, find_programs, give
from support.processes import wait_for
from support.store_tool import StoreTool

pytestmark = pytest.mark.skipif(not find_programs(), reason="there is no PostgreSQL server here")

BATCH, DATA = 200, 2000  # jobs in a push, bytes in a job


def size_kib(path):
    return int(subprocess.run(["du", "-sk", path], check=True, capture_output=True, text=True).stdout.split()[0])


class Disk:
    """A file system in memory."""

    def __init__(self, kib):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="muster-disk."))
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=0755", "tmpfs", self.path], check=False,
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.path.rmdir()
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
        give(self.path)

    def grow(self, kib):
        subprocess.run(["mount", "-o", f"remount,size={kib}k", self.path], check=True)

    def end(self):
        subprocess.run(["umount", "-l", self.path], check=True)
        self.path.rmdir()


@pytest.fixture
def disk():
    """Makes one of this size."""
    made = []

    def make(kib):
        made.append(Disk(kib))
        return made[-1]
    yield make
    for each in made:
        each.end()


@pytest.fixture
def server():
    made = Postgres()
    yield made
    made.end()


def fill(store):
    """Pushes until that fails. Returns the prefixes of what was stored, the one that was not, and its answer."""
    for number in range(1000):
        prefix = f"n{number}_"
        answer = store.call("push", "q", BATCH, prefix, 0, DATA)
        if not answer["ok"]:
            return [f"n{done}_" for done in range(number)], prefix, answer
        assert answer["stored"] == BATCH
    raise AssertionError("the disk does not fill up")


def take_all(store):
    taken = []
    while more := store.take(count=100):
        taken += more
    return sorted(taken)


def names(prefixes):
    return sorted(f"{prefix}{number}" for prefix in prefixes for number in range(BATCH))


def test_the_tables_have_no_room(server, disk):
    """A push fails loudly and as a whole, what was stored before stays, and all goes on when there is room."""
    small = disk(8 * 1024)
    server.start()
    server.sql(f"CREATE TABLESPACE small LOCATION '{small.path}'")
    server.sql("ALTER ROLE postgres SET default_tablespace = small")
    with StoreTool(server.keys) as store:
        stored, refused, answer = fill(store)
        assert answer["code"] == "full" and "No space left" in answer["error"], answer
        assert stored and store.stats() == (len(stored) * BATCH, 0, 0, 0)
        store.fails("full", "push", "q", BATCH, refused, 0, DATA)
        small.grow(64 * 1024)
        assert store.ok("push", "q", BATCH, refused, 0, DATA)["stored"] == BATCH
        assert take_all(store) == names([*stored, refused])


def test_the_log_has_no_room(server, disk):
    """The server stops, as it must. What was stored is there when it is started with more room."""
    kib = size_kib(server.data) + 8 * 1024
    small = disk(kib)
    shutil.rmtree(small.path / "data", ignore_errors=True)
    subprocess.run(["cp", "-a", server.data, small.path / "data"], check=True)
    server.data = small.path / "data"
    server.start()
    with StoreTool({**server.keys, "timeout": "5s"}) as store:
        stored, refused, answer = fill(store)
        assert answer["code"] in ("full", "unavailable"), answer
        small.grow(kib + 64 * 1024)
        if server.process.poll() is None:
            server.kill()
        server.start()
        wait_for(lambda: store.call("push", "q", BATCH, refused, 0, DATA)["ok"], server.log_text)
        assert take_all(store) == names([*stored, refused])
