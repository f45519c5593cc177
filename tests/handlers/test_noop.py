# SPDX-License-Identifier: MIT
"""The handler of the benchmarks answers for the jobs that it was given, in their order."""
import pytest

from support.handler import Handler
from support.processes import BUILD


@pytest.fixture
def noop():
    handler = Handler([BUILD / "tests" / "bench" / "noop-handler", "64"])
    yield handler
    handler.finish()


def test_it_answers_in_order(noop):
    assert noop.next() == {"type": "hello", "version": 1, "name": "noop", "window": 64}
    uuids = [noop.give("X", {"text": "\"uuid\":\"" + "x" * (i % 7 * 30000)}, uuid=f"U{i}\\\"") for i in range(300)]
    noop.send({"type": "ping"}, {"type": "drain"})
    noop.close_input()
    assert [noop.next() for _ in uuids] == [{"type": "done", "uuid": uuid} for uuid in uuids]
    assert noop.next() == {"type": "pong"}
    assert noop.next() is None and noop.wait() == 0
