# SPDX-License-Identifier: MIT
"""Fixtures of all tests in Python."""
import pathlib
import tempfile

import pytest

from support.http import Daemon
from support.muster import Muster
from support.musterd import Musterd
from support.processes import WRAPPER
from support.programs import Programs
from support.stores import STORES
from support.worker import Site


def pytest_addoption(parser):
    parser.addoption("--store", default="sqlite", choices=sorted(STORES), help="the store that jobs are in")


def pytest_collection_modifyitems(items):
    """Under valgrind what says nothing there is left out: @pytest.mark.no_valgrind("why")."""
    for item in items:
        marker = item.get_closest_marker("no_valgrind")
        if marker and WRAPPER:
            item.add_marker(pytest.mark.skip(reason=f"under valgrind: {marker.args[0]}"))


@pytest.fixture
def everybodys():
    """A directory that other users may use. Those above tmp_path are closed to them by each pytest that begins."""
    with tempfile.TemporaryDirectory(prefix="muster-test.") as name:
        directory = pathlib.Path(name)
        directory.chmod(0o777)
        yield directory


@pytest.fixture
def musterd(tmp_path):
    """A daemon with fake workers, that has yet to be configured and started."""
    daemon = Musterd(tmp_path)
    yield daemon
    daemon.end()


@pytest.fixture
def programs(musterd):
    """A daemon that runs programs and no queues, that has yet to be configured and started."""
    return Programs(musterd)


@pytest.fixture
def daemon(tmp_path):
    """A daemon with real workers that speaks HTTP, and has yet to be configured and started."""
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.end()


@pytest.fixture
def store(tmp_path, request):
    store = STORES[request.config.getoption("--store")](tmp_path)
    store.start()
    yield store
    store.stop()


@pytest.fixture
def muster(tmp_path, store):
    """All of Muster over the store of --store, that has yet to be configured and started."""
    muster = Muster(tmp_path, store=store)
    yield muster
    muster.end()


@pytest.fixture
def site(tmp_path):
    """A store, and workers on it without a master; it has yet to be configured."""
    place = Site(tmp_path)
    yield place
    place.end()
