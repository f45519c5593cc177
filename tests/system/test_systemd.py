# SPDX-License-Identifier: MIT
"""What the service manager is told, and the unit that it starts musterd by."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest

from support.processes import BUILD, PATIENCE, children_of, wait_for

UNIT = BUILD / "etc" / "musterd.service"


class Manager:
    """Listens where the service manager would."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(name)
        self.socket.settimeout(PATIENCE)

    def hear(self):
        return self.socket.recv(4096).decode().split("\n")

    def hear_but_signs_of_life(self):
        while (lines := self.hear()) == ["WATCHDOG=1"]:
            pass
        return lines


@pytest.fixture(params=["path", "abstract"])
def manager(request, musterd, tmp_path):
    abstract = f"muster-test-{os.getpid()}"
    manager = Manager(str(tmp_path / "notify") if request.param == "path" else "\0" + abstract)
    musterd.environment["NOTIFY_SOCKET"] = str(tmp_path / "notify") if request.param == "path" else "@" + abstract
    with manager.socket:
        yield manager


def test_it_is_told_of_the_start_of_reloads_and_of_the_end(musterd, manager):
    musterd.configure("[queue:emails]\n")
    musterd.start()
    ready = ["READY=1", f"MAINPID={musterd.pid}"]
    assert manager.hear() == ready
    musterd.process.send_signal(signal.SIGHUP)
    reloading = manager.hear()
    assert reloading[0] == "RELOADING=1" and reloading[1].startswith("MONOTONIC_USEC=")
    assert manager.hear() == ready
    musterd.write_config("this is no configuration\n")
    musterd.process.send_signal(signal.SIGHUP)
    assert manager.hear()[0] == "RELOADING=1" and manager.hear() == ready
    musterd.process.send_signal(signal.SIGTERM)
    assert manager.hear() == ["STOPPING=1"]


def test_signs_of_life_come_in_time_and_children_do_not_speak_for_it(musterd, manager):
    musterd.environment["WATCHDOG_USEC"] = "200000"
    musterd.configure("[program:listens]\ncommand = sleep 1000\n")
    musterd.start()
    assert manager.hear_but_signs_of_life()[0] == "READY=1"
    assert manager.hear() == manager.hear() == ["WATCHDOG=1"]
    # until it has become its program a child has what musterd was given
    pid = wait_for(lambda: next((child for child in children_of(musterd.pid)
                                 if pathlib.Path(f"/proc/{child}/comm").read_text() == "sleep\n"), None))
    environment = wait_for(pathlib.Path(f"/proc/{pid}/environ").read_bytes)
    assert b"NOTIFY_SOCKET" not in environment and b"WATCHDOG" not in environment


def test_a_watchdog_of_another_process_is_not_served(musterd, manager):
    musterd.environment |= {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}
    musterd.configure("[queue:emails]\n")
    musterd.start()
    assert manager.hear()[0] == "READY=1"
    manager.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        manager.hear()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_the_unit_is_valid(tmp_path):
    text = UNIT.read_text()
    program, = re.findall(r"^ExecStart=(\S+)", text, re.M)
    unit = tmp_path / "musterd.service"
    unit.write_text(text.replace(program, str(BUILD / "musterd")))
    result = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 0 and "musterd.service" not in result.stderr, result.stderr
