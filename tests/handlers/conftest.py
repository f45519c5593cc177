# SPDX-License-Identifier: MIT
import shutil

import pytest

from support.handler import Handler, interpreter_of, library_environment
from support.processes import ROOT


@pytest.fixture
def start():
    """Starts handlers: start(path, *arguments) with the interpreter of its ending; they are ended with the test."""
    started = []

    def starter(path, *arguments):
        program = interpreter_of(path)
        if not shutil.which(program[0]):
            pytest.skip(f"{program[0]} is not installed")
        handler = Handler([*program, ROOT / path, *arguments], env=library_environment())
        started.append(handler)
        return handler

    yield starter
    for handler in started:
        handler.finish()
