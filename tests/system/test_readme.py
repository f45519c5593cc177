# SPDX-License-Identifier: MIT
"""The tour of the README runs as it is written, and what it names exists."""
import os
import re
import signal
import subprocess

import pytest

from support.musterd import clean_environment
from support.processes import BUILD, PATIENCE, ROOT, wait_for

README = (ROOT / "README.md").read_text()


def tour():
    """Its blocks of commands, for the tree and the build that are tested."""
    part = README.split("<!-- tour: begin -->")[1].split("<!-- tour: end -->")[0]
    script = "\n".join(re.findall(r"```sh\n(.*?)```", part, re.S))
    return script.replace("$MUSTER/build", str(BUILD)).replace("$MUSTER", str(ROOT))


@pytest.fixture
def directory(tmp_path):
    yield tmp_path
    pidfile = tmp_path / "data" / "musterd.pid"
    if pidfile.exists():
        os.kill(int(pidfile.read_text()), signal.SIGKILL)


def test_the_tour(directory):
    result = subprocess.run(["bash", "-euo", "pipefail", "-c", tour()], cwd=directory, env=clean_environment(),
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * PATIENCE)
    log = (directory / "musterd.log").read_text()
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}\n{log}"
    assert "nobody is not an address" in result.stdout
    assert "sent to ann@example.org" in log
    wait_for(lambda: not (directory / "data" / "musterd.pid").exists(), "the end of musterd")


def test_its_links_lead_somewhere():
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / name).exists(), name
