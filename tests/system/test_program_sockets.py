# SPDX-License-Identifier: MIT
"""[program:x] sockets: listening sockets that musterd hands over, and starts by the first connection."""
import os
import socket
import stat
import sys

import pytest

from support.processes import PATIENCE, free_port, wait_for
from support.programs import program

# Answers each connection, at whichever socket, with who it is; "end" ends it.
SERVER = """
import os, selectors, socket, sys
assert os.environ["LISTEN_PID"] == str(os.getpid()), os.environ["LISTEN_PID"]
selector = selectors.DefaultSelector()
for number, name in enumerate(os.environ["LISTEN_FDNAMES"].split(":")):
    selector.register(socket.socket(fileno=3 + number), selectors.EVENT_READ, name)
assert len(selector.get_map()) == int(os.environ["LISTEN_FDS"])
while True:
    for key, _ in selector.select():
        client = key.fileobj.accept()[0]
        said = client.recv(100)
        client.sendall(f"{os.getpid()} {key.data}".encode())
        client.close()
        if said == b"end":
            sys.exit(0)
"""


@pytest.fixture
def server(programs):
    programs.path("server.py").write_text(SERVER)
    return f"{sys.executable} {programs.path('server.py')}"


def ask(address, text=b"x"):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(address)
        client.sendall(text)
        pid, name = client.makefile().read().split()
    return int(pid), name


def test_sockets_stay_open_while_the_program_is_started_again(programs, server):
    port = free_port()
    path = str(programs.path("x.sock"))
    programs.start(program("a", server, sockets=f"web=tcp://127.0.0.1:{port} unix://{path}", startsecs="0", autorestart="true"))
    first, name = ask(("127.0.0.1", port))
    assert name == "web" and ask(path) == (first, "a")
    with socket.socket(socket.AF_UNIX) as early:
        os.kill(first, 19)
        early.connect(path)  # before the new process is there: it is served by that
        os.kill(first, 9)
        second, _ = ask(("127.0.0.1", port))
        early.settimeout(PATIENCE)
        early.sendall(b"x")
        assert early.recv(100).decode() == f"{second} a"
    assert second != first


def test_a_connection_starts_it_and_again_when_it_has_ended(programs, server):
    path = str(programs.path("x.sock"))
    programs.start(program("a", server, sockets=f"unix://{path}", socket_activation="true", startsecs="0"))
    assert programs.rows()["a"]["state"] == "STOPPED" and programs.pids("a") == []
    first, _ = ask(path, b"end")
    programs.wait_log("exited: a .exit status 0; expected.")
    second, _ = ask(path)
    assert programs.pids("a") == [first, second]
    programs.carry_out("programs-stop", names=["a"])
    assert programs.rows()["a"]["state"] == "STOPPED"


def test_a_socket_that_is_taken_is_an_error_of_the_start(programs, server):
    path = str(programs.path("x.sock"))
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        programs.start(program("a", server, sockets=f"unix://{path}", startretries="0"))
        programs.wait_log(f"spawnerr: cannot listen at unix://{path}: Address already in use")
    programs.carry_out("programs-start", names=["a"])  # what is left of the other is no hindrance
    assert ask(path)[1] == "a"


def test_what_systemd_has_passed_is_passed_on(programs, server):
    path = str(programs.path("s.sock"))
    wrapper = programs.path("wrapper")
    wrapper.write_text(f"""#!{sys.executable}
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind({path!r})
listener.listen()
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {{"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "api"}}
os.execv({str(programs.musterd.program)!r}, ["musterd", *sys.argv[1:]])
""")
    wrapper.chmod(0o755)
    programs.musterd.program = wrapper
    programs.start(program("a", server, sockets="systemd://api", startsecs="0")
                   + program("b", server, sockets="systemd://other", startretries="0"))
    assert ask(path)[1] == "a"
    programs.wait_log("spawnerr: the service manager has passed no socket of the name other .FileDescriptorName=.")


def test_the_file_of_a_socket_goes_with_its_program(programs, server):
    path = programs.path("x.sock")
    programs.start(program("a", server, sockets=f"unix://{path}", startsecs="0"))
    ask(str(path))
    assert stat.S_ISSOCK(path.stat().st_mode)
    programs.configure("")
    assert programs.ask("programs-reread")["ok"] and programs.ask("group-update", name="a")["ok"]
    wait_for(lambda: not path.exists(), "the end of the socket")
