# SPDX-License-Identifier: MIT
"""`ready`, `watchdog` and `health` of programs: when one counts as running, and when it is not well."""
import contextlib
import http.server
import os
import shutil
import socket
import sys
import threading

import pytest

from support.processes import process_lives, wait_dead, wait_for
from support.programs import SLEEP, program

# Says what its arguments are to $NOTIFY_SOCKET, and stays.
NOTIFIER = """import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for text in sys.argv[1:]:
    s.sendto(text.encode().decode("unicode_escape").encode(), "\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(600)
"""

# Says that it is ready to a musterd that has been stopped, and lets that go on when the time is over.
HOLDS_UP = """import os, signal, socket, time
if "NOTIFY_SOCKET" in os.environ:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.sendto(b"READY=1", chr(0) + os.environ["NOTIFY_SOCKET"][1:])
else:
    os.write(5, b"ready" + bytes([10]))
time.sleep(0.7)
os.kill(os.getppid(), signal.SIGCONT)
time.sleep(600)
"""

# An event listener that writes what it is told.
LISTENER = """import sys
while True:
    print("READY", flush=True)
    head = sys.stdin.readline()
    body = sys.stdin.read(int(head.rsplit(":", 1)[1]))
    open("events", "a").write(body + chr(10))
    print("RESULT 2" + chr(10) + "OK", end="", flush=True)
"""


@pytest.fixture
def notifier(programs):
    path = programs.path("notifier.py")
    path.write_text(NOTIFIER)
    return f"{sys.executable} {path}"


@contextlib.contextmanager
def tcp_server():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def http_server(answer):
    """answer(path) gives a status."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer(self.path))
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def row(programs, name="a"):
    return programs.rows()[name]


def wait_state(programs, state, name="a"):
    return wait_for(lambda: (now := row(programs, name))["state"] == state and now,
                    lambda: f"{name} {state}\n{programs.musterd.log_text()}")


def wait_ready(programs, how):
    programs.wait_log(rf"success: a entered RUNNING state, it is ready \({how}")


# --- readiness ---

def test_a_line_on_a_descriptor(programs):
    os.mkfifo(programs.path("go"))
    programs.start(program("a", "sh -c 'read line <go; echo >&5; exec sleep 600'", ready="fd:5", directory=programs.directory))
    pid = programs.wait_pid("a")
    assert row(programs)["state"] == "STARTING"
    assert row(programs)["description"] == f"pid {pid}, not ready yet"
    programs.path("go").write_text("\n")
    wait_ready(programs, "fd:5")


def test_a_connection_by_tcp(programs):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        programs.start(program("a", SLEEP, ready=f"tcp:localhost:{port}"))
        wait_for(lambda: "Connection refused" in row(programs)["description"], "a refusal")
        server.listen()
        wait_ready(programs, "tcp")
    assert row(programs)["health_error"] is None


def test_a_connection_to_a_unix_socket(programs):
    path = programs.path("sock")
    programs.start(program("a", SLEEP, ready=f"unix:{path}"))
    wait_for(lambda: "No such file" in row(programs)["description"], "a refusal")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        wait_ready(programs, "unix")


def test_an_answer_by_http(programs):
    status = [503]
    with http_server(lambda path: status[0] if path == "/up?x=1" else 404) as port:
        programs.start(program("a", SLEEP, ready=f"http://127.0.0.1:{port}/up?x=1"))
        wait_for(lambda: "HTTP status 503" in row(programs)["description"], "a refusal")
        status[0] = 204
        wait_ready(programs, "http")


def test_what_speaks_no_http_is_not_ready(programs):
    def talk(server):
        with contextlib.suppress(OSError):
            while True:
                with server.accept()[0] as client:
                    client.sendall(b"SSH-2.0-x\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk, args=[server], daemon=True)
        thread.start()
        programs.start(program("a", SLEEP, ready=f"http://127.0.0.1:{server.getsockname()[1]}/"))
        wait_for(lambda: "the answer is no HTTP" in row(programs)["description"], "a refusal")
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_command_in_the_directory_and_environment_of_the_program(programs):
    programs.start(program("a", SLEEP, ready="command sh -c 'test \"$OWN\" = 1 -a -e flag || exit 3'", environment="OWN=1",
                           directory=programs.directory))
    wait_for(lambda: "exit status 3" in row(programs)["description"], "a refusal")
    programs.path("flag").touch()
    wait_ready(programs, "command")


def test_a_command_that_hangs_is_killed(programs):
    programs.start(program("a", SLEEP, ready="command sh -c 'echo $$ >>pids; sleep 600'", health_timeout="200ms",
                           directory=programs.directory))
    wait_for(lambda: "no answer within 0.2 s" in row(programs)["description"], "a refusal")
    programs.wait_text("pids", "\n")
    wait_dead([int(programs.text("pids").splitlines()[0])])


def test_notify(programs, notifier):
    programs.start(program("a", f"{notifier} 'STATUS=warming up' 'STATUS=serving\\nREADY=1'", ready="notify"))
    wait_ready(programs, "notify")
    assert row(programs)["status_text"] == "serving"
    assert row(programs)["description"].endswith(", serving")


def test_notify_by_a_child_of_the_process(programs, notifier):
    programs.start(program("a", f"sh -c '{notifier} READY=1; true'", ready="notify"))
    wait_ready(programs, "notify")


def test_notify_by_the_real_thing(programs):
    if not shutil.which("systemd-notify"):
        pytest.skip("systemd-notify is not installed")
    programs.start(program("a", "sh -c 'systemd-notify --ready --status=up; exec sleep 600'", ready="notify"))
    wait_ready(programs, "notify")
    assert row(programs)["status_text"] == "up"


def test_nobody_speaks_for_another(programs, notifier):
    programs.start(program("a", "sh -c 'echo $NOTIFY_SOCKET >name; exec sleep 600'", ready="notify",
                           directory=programs.directory) + program("b", SLEEP, startsecs=0))
    name = programs.wait_text("name", "@(.+)\n").group(1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"READY=1", b"\0" + name.encode())
        stranger.sendto(b"x" * 10000, b"\0" + name.encode())
    programs.wait_log("is longer than 4096 bytes")
    assert row(programs)["state"] == "STARTING"


def test_the_end_of_a_job_that_is_ready_by_it(programs):
    programs.start(program("a", "sh -c 'exit 4'", ready="exit", exitcodes="4") +
                   program("b", "sh -c 'exit 5'", ready="exit", exitcodes="4", startretries=0))
    wait_state(programs, "EXITED")
    wait_ready(programs, "exit")
    wait_state(programs, "FATAL", "b")


def test_who_is_not_ready_in_time_has_failed_to_start(programs):
    programs.start(program("a", SLEEP, stopsignal="URG", ready="fd:3", ready_timeout="200ms",  # a signal that does nothing
                           stopwaitsecs="100ms", startretries=0))
    pid = programs.wait_pid("a")
    now = wait_state(programs, "FATAL")
    assert now["error"] == now["description"] == now["ended_because"] == "not ready within 0.2 s"
    assert not process_lives(pid)
    log = programs.musterd.log_text()
    assert f"not_ready: a (pid {pid}) is ended: not ready within 0.2 s" in log
    assert f"killing 'a' ({pid}) with SIGKILL" in log


@pytest.mark.parametrize("how", ["notify", "fd:5"])
def test_what_waits_is_heard_before_anybody_is_blamed(programs, how):
    programs.path("holds_up.py").write_text(HOLDS_UP)
    programs.start(program("a", f"sh -c 'kill -STOP $PPID; exec {sys.executable} {programs.path('holds_up.py')}'", ready=how,
                           ready_timeout="600ms", startretries=1000))
    wait_ready(programs, how)  # one in which even sh comes too late is tried again


def test_an_end_before_it_is_ready_is_a_failed_start_however_late(programs):
    programs.start(program("a", "sleep 0.2", ready="fd:3", startsecs=0, startretries=0))
    assert wait_state(programs, "FATAL")["error"] == "Exited too quickly (process log may have details)"


def test_a_start_waits_until_it_is_ready(programs):
    programs.start(program("a", "sh -c 'sleep 0.2; touch flag; exec sleep 600'", ready="command test -e flag", autostart="false",
                           directory=programs.directory))
    assert programs.carry_out("programs-start", names=["a"])["results"][0]["result"] == "SUCCESS"
    assert programs.path("flag").exists()
    programs.carry_out("programs-stop", names=["a"])
    assert row(programs)["state"] == "STOPPED"


# --- watchdog and health ---

def test_a_silent_program_is_restarted(programs, notifier):
    programs.start(program("a", f"{notifier} READY=1 WATCHDOG=1", ready="notify", watchdog="300ms", stdout_logfile="NONE"))
    first = programs.wait_pid("a")
    programs.wait_pid("a", 2)
    assert f"watchdog: a (pid {first}) is ended: no sign of life for 0.3 s (watchdog)" in programs.musterd.log_text()
    wait_dead([first])


def test_one_that_says_that_it_is_not_well_is_restarted(programs, notifier):
    programs.start(program("a", f"{notifier} READY=1 WATCHDOG=trigger", ready="notify", watchdog="1h"))
    programs.wait_pid("a", 2)
    assert "it says so itself (WATCHDOG=trigger)" in row(programs)["ended_because"]


def test_failed_checks_in_a_row_restart_it(programs):
    programs.path("listener.py").write_text(LISTENER)
    programs.path("flag").touch()
    programs.start(program("a", SLEEP, startsecs=0, health="command test -e flag", health_interval="50ms", health_retries=2,
                           directory=programs.directory) +
                   f"[eventlistener:l]\ncommand = {sys.executable} listener.py\nevents = PROCESS_STATE_EXITED\ndirectory = {programs.directory}\n")
    wait_for(lambda: row(programs)["health"] == "healthy", "a check")
    assert len(programs.pids("a")) == 1
    programs.path("flag").unlink()
    first = programs.wait_pid("a")
    programs.wait_pid("a", 2)
    programs.path("flag").touch()
    now = row(programs)
    assert now["ended_because"] == "2 checks of its health failed in a row: exit status 1"
    assert now["ended_by_watch"] >= 1
    log = programs.musterd.log_text()
    assert "unhealthy: a: check 1 of 2: exit status 1" in log
    assert f"unhealthy: a (pid {first}) is ended: 2 checks" in log
    programs.wait_text("events", rf"processname:a groupname:a from_state:RUNNING expected:0 pid:{first} reason:unhealthy\n")


def test_a_passed_check_forgets_those_that_failed(programs):
    answers = iter([500, 200] * 1000)
    with http_server(lambda path: next(answers)) as port:
        programs.start(program("a", SLEEP, startsecs=0, health=f"http://127.0.0.1:{port}/", health_interval="20ms",
                               health_retries=2))
        programs.wait_log("unhealthy: a: check 1 of 2: HTTP status 500", 3)
        assert len(programs.pids("a")) == 1


def test_checks_do_not_count_at_the_start(programs):
    programs.start(program("a", SLEEP, startsecs=0, health="command false", health_interval="20ms", health_retries=1,
                           health_start="1h"))
    programs.wait_log("unhealthy: a: check 0 of 1", 3)
    assert len(programs.pids("a")) == 1


def test_a_check_changes_without_a_new_process(programs):
    programs.start(program("a", SLEEP, startsecs=0, health="command true", health_interval="20ms"))
    wait_for(lambda: row(programs)["health"] == "healthy", "a check")
    programs.configure(program("a", SLEEP, startsecs=0, health="command sh -c 'exit 9'", health_interval="20ms",
                               health_retries=1000))
    assert programs.ask("programs-reread")["ok"] and programs.ask("group-update", name="a")["ok"]
    programs.wait_log("unhealthy: a: check 2 of 1000: exit status 9")
    programs.configure(program("a", SLEEP, startsecs=0))
    assert programs.ask("programs-reread")["ok"] and programs.ask("group-update", name="a")["ok"]
    assert row(programs)["health"] is None
    assert len(programs.pids("a")) == 1


def test_a_check_under_way_does_not_hold_up_a_shutdown(programs):
    programs.start(program("a", SLEEP, startsecs=0, health="command sh -c 'touch began; sleep 600'", health_interval="10ms",
                           health_timeout="1h", directory=programs.directory))
    wait_for(lambda: programs.path("began").exists(), "a check")
    assert programs.musterd.stop() == 0


@pytest.mark.parametrize("keys, complaint", [
    ({"health": "ping"}, "tcp:HOST:PORT"),
    ({"health": "notify"}, "tcp:HOST:PORT"),
    ({"ready": "tcp:example.org:80"}, "address in digits"),
    ({"ready": "tcp:127.0.0.1"}, "HOST:PORT"),
    ({"ready": "fd:2"}, "3 to 255"),
    ({"ready": "unix:socket"}, "absolute"),
    ({"ready": "command 'x"}, "quotation"),
    ({"ready": "http://127.0.0.1:80/a b"}, "space"),
    ({"ready": "http://127.0.0.1:80/" + "a" * 3000}, "2000 bytes"),
    ({"ready_timeout": "0"}, "ready_timeout"),
])
def test_wrong_values_are_refused_with_file_and_line(programs, keys, complaint):
    programs.configure(program("a", SLEEP, **keys))
    key, value = next(iter(keys.items()))
    programs.check_refused(f"{key} = {value}", complaint)
