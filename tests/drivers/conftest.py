# SPDX-License-Identifier: MIT
"""Servers of a test's own. The module says by make_server(tmp_path, …) which kind."""
import pytest


@pytest.fixture
def servers(tmp_path, request):
    """Makes servers, each in a directory of its own, starts them, and ends them with the test."""
    made = []

    def make(*arguments, **options):
        made.append(request.module.make_server(tmp_path, *arguments, **options))
        return made[-1].start()
    yield make
    for server in made:
        server.end()


@pytest.fixture
def server(servers):
    return servers()
