# SPDX-License-Identifier: MIT
"""Fixtures of all tests in Python."""
import pytest

from support.musterd import Musterd
from support.processes import BUILD, PATIENCE, wait_for  # noqa: F401


@pytest.fixture
def musterd(tmp_path):
    """A daemon with fake workers, that has yet to be configured and started."""
    daemon = Musterd(tmp_path)
    yield daemon
    daemon.end()
