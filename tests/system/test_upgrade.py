# SPDX-License-Identifier: MIT
"""Becoming another musterd in place: what runs goes on, and nothing that is written or worked on is lost."""
import os
import re
import shutil
import signal
import socket
import xmlrpc.client

import pytest

from support.processes import PATIENCE, children_of, descriptors_of, process_lives, wait_for
from support.programs import SLEEP, Speaker, program
from support.supervisors import INTERFACE

TIMES = 20
COUNTER = "i=0; while :; do i=$((i+1)); echo line $i; done"


def wait_failed(daemon):
    return wait_for(lambda: (now := daemon.upgrade_status()).get("state") == "failed" and now,
                    lambda: f"a refusal\n{daemon.log_text()}")["error"]


def zombies(pid):
    return [child for child in children_of(pid) if not process_lives(child)]


def check_lines(path):
    """All that was written is there, in its order, each once."""
    for number, line in enumerate(path.read_text().splitlines()[:-1], 1):
        assert line == f"line {number}"


# --- programs ---

@pytest.mark.no_valgrind("valgrind has descriptors of its own, and more with each exec")
def test_twenty_upgrades_in_a_row_under_load(programs):
    programs.start("[unix_http_server]\nfile = %(here)s/s.sock\n"
                   + program("count", f"sh -c '{COUNTER}'", stdout_logfile=programs.path("count.log"), stdout_logfile_maxbytes="0")
                   + program("idle", SLEEP, numprocs="5", process_name="idle%(process_num)d", startsecs="0")
                   + program("dies", "sh -c 'sleep 0.05'", startsecs="0", autorestart="true"))
    daemon = programs.musterd
    wait_for(lambda: all(row["state"] == "RUNNING" for name, row in programs.rows().items() if name != "dies"))
    before = {name: row["pid"] for name, row in programs.rows().items() if name != "dies"}
    daemon.upgrade()
    descriptors = len(descriptors_of(daemon.pid))
    for _ in range(TIMES - 1):
        daemon.upgrade()
    assert {name: row["pid"] for name, row in programs.rows().items() if name != "dies"} == before
    assert programs.rows()["dies"]["state"] in ("STARTING", "RUNNING", "BACKOFF")
    wait_for(lambda: not zombies(daemon.pid), "no zombie")
    wait_for(lambda: len(descriptors_of(daemon.pid)) <= descriptors + 6, lambda: f"{descriptors_of(daemon.pid)}")
    daemon.stop()
    check_lines(programs.path("count.log"))


def test_states_times_and_faults_go_on(programs):
    programs.start(program("runs", SLEEP, startsecs="0") + program("stopped", SLEEP, autostart="false")
                   + program("fatal", "false", startretries="0") + program("paused", "false", startretries="100", startsecs="5")
                   + program("exited", "true", startsecs="0", autorestart="false")
                   + program("slow", SLEEP, startsecs="3600"))
    programs.wait_log("gave up: fatal")
    programs.wait_log("exited: exited")

    def rows():
        return {name: {key: row[key] for key in ("state", "pid", "started_at", "stopped_at", "exit_status", "error")}
                for name, row in programs.rows().items() if name != "paused"}
    before = rows()
    programs.musterd.upgrade()
    assert rows() == before
    assert programs.rows()["paused"]["state"] in ("BACKOFF", "STARTING")
    programs.wait_log("spawned: 'paused'", 3)
    programs.carry_out("programs-stop", names=["runs"])
    assert not process_lives(before["runs"]["pid"])


def test_standard_input_goes_on(programs):
    SupervisorTransport = pytest.importorskip("supervisor.xmlrpc").SupervisorTransport
    programs.start("[unix_http_server]\nfile = %(here)s/s.sock\n" + INTERFACE
                   + program("echo", "cat", startsecs="0", stdout_logfile=programs.path("out")))
    pid = programs.rows()["echo"]["pid"]
    for word in ("one", "two"):
        transport = SupervisorTransport(None, None, f"unix://{programs.directory}/s.sock")
        xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor.sendProcessStdin("echo", f"{word}\n")
        programs.wait_text("out", f"{word}\n")
        programs.musterd.upgrade()
    assert programs.rows()["echo"]["pid"] == pid
    assert programs.text("out") == "one\ntwo\n"


LISTENER = """
import os, sys
while True:
    print("READY", flush=True)
    header = dict(word.split(":") for word in sys.stdin.readline().split())
    payload = sys.stdin.read(int(header["len"]))
    with open(sys.argv[1], "a") as out:
        out.write(f"{header['poolserial']} {os.getpid()}\\n")
    print("RESULT 2\\nOK", end="", flush=True)
"""


def test_event_listeners_miss_nothing(programs):
    script = programs.path("listener.py")
    script.write_text(LISTENER)
    programs.start(f"[eventlistener:l]\ncommand = /usr/bin/python3 {script} {programs.path('events')}\nevents = PROCESS_STATE\n"
                   "buffer_size = 1000\nstartsecs = 0\n"
                   + program("dies", "sh -c 'sleep 0.02'", startsecs="0", autorestart="true"))
    for _ in range(5):
        lines = programs.text("events").count("\n")
        programs.musterd.upgrade()
        wait_for(lambda: programs.text("events").count("\n") > lines + 3)
    lines = [line.split() for line in programs.text("events").splitlines()]
    assert [int(serial) for serial, _ in lines] == list(range(len(lines)))
    assert len({pid for _, pid in lines}) == 1


def test_readiness_and_logs_of_lines_go_on(programs):
    go, out = programs.path("go"), programs.path("out")
    wait_and_say = f"while [ ! -e {go} ]; do sleep 0.02; done; echo >&7; printf end; echo; exec sleep 600"
    programs.start(program("a", f"sh -c 'printf be; {wait_and_say}'", ready="fd:7", ready_timeout="60", stdout_logfile=out,
                           log_json="true"))
    pid = programs.wait_pid("a")
    programs.musterd.upgrade()
    assert programs.rows()["a"]["state"] == "STARTING"
    go.touch()
    wait_for(lambda: programs.rows()["a"]["state"] == "RUNNING")
    assert programs.rows()["a"]["pid"] == pid
    programs.wait_text("out", '"beend"')


def test_what_programs_say_of_themselves_is_heard(programs):
    speaker = Speaker(programs)
    daemon = programs.musterd
    programs.start(speaker.section(ready="notify", watchdog="1h"))
    speaker.say("STATUS=begins")
    pid = speaker.wait_status("begins")["pid"]
    daemon.upgrade()
    assert speaker.row()["state"] == "STARTING"
    before = daemon.ask_upgrade()
    speaker.say("READY=1")  # before, between or behind
    daemon.wait_upgraded(before)
    speaker.wait_state("RUNNING")
    for number in range(3):
        before = daemon.ask_upgrade()
        speaker.say(f"WATCHDOG=1;STATUS=upgrade {number}")
        daemon.wait_upgraded(before)
        assert speaker.wait_status(f"upgrade {number}")["pid"] == pid
    speaker.tell("WATCHDOG=trigger")
    programs.wait_log(rf"watchdog: a .pid {pid}. is ended: it says so itself")
    programs.wait_pid("a", 2)
    assert not re.search("not_ready|no sign of life", daemon.log_text())


def test_a_silent_program_is_still_not_well(programs):
    speaker = Speaker(programs)
    programs.start(speaker.section(ready="notify", watchdog="300ms"))
    pid = programs.wait_pid("a")
    programs.musterd.upgrade()
    speaker.say("READY=1")
    programs.wait_log(rf"watchdog: a .pid {pid}. is ended: no sign of life for 0.3 s")
    programs.wait_pid("a", 2)


@pytest.mark.parametrize("kind, state", [("health", "RUNNING"), ("ready", "STARTING")])
def test_a_check_under_way_is_begun_anew(programs, kind, state):
    keys = {"health": {"health_interval": "20ms", "startsecs": "0"}, "ready": {}}[kind]
    check = "command sh -c 'echo $$ >>checks; exec sleep 600'"
    programs.start(program("a", SLEEP, health_timeout="1h", directory=programs.directory, **keys, **{kind: check}))
    pid = programs.wait_pid("a")
    for number in range(1, 3):
        wait_for(lambda: programs.text("checks").count("\n") == number, f"check {number}")
        checks = [int(text) for text in programs.text("checks").split()]
        assert process_lives(checks[-1])
        programs.musterd.upgrade()
        wait_for(lambda: not process_lives(checks[-1]), "the end of a check that nobody waits for")
    assert programs.rows()["a"]["pid"] == pid and programs.rows()["a"]["state"] == state
    assert "unhealthy" not in programs.musterd.log_text()


@pytest.mark.parametrize("kind", ["pre_start", "stop_command", "post_stop"])
def test_a_hook_is_waited_for(programs, kind):
    os.mkfifo(programs.path("go"))
    programs.path("hook.sh").write_text(f"echo {kind} >>{programs.path('out')}\nread line <{programs.path('go')}\n"
                                        f"echo done >>{programs.path('out')}\n"
                                        f"test {kind} != stop_command || kill $MUSTER_PID\n")
    programs.start(program("a", SLEEP, startsecs="0", **{kind: f"sh {programs.path('hook.sh')}"}))
    daemon = programs.musterd
    if kind != "pre_start":
        wait_for(lambda: programs.rows()["a"]["state"] == "RUNNING")
        assert programs.ask("programs-stop", names=["a"])["ok"]
    programs.wait_text("out", kind)
    before = daemon.ask_upgrade()
    wait_for(lambda: daemon.upgrade_status().get("state") == "waiting", "one that waits")
    programs.path("go").write_text("\n")
    daemon.wait_upgraded(before)
    assert programs.text("out") == f"{kind}\ndone\n"
    expected = "RUNNING" if kind == "pre_start" else "STOPPED"
    wait_for(lambda: programs.rows()["a"]["state"] == expected, expected)
    assert len(programs.pids("a")) == 1


def test_a_fastcgi_socket_goes_on(programs):
    path = programs.path("fcgi.sock")
    programs.start(f"[fcgi-program:f]\ncommand = {SLEEP}\nsocket = unix://{path}\nnumprocs = 2\n"
                   "process_name = f%(process_num)d\nstartsecs = 0\n")
    wait_for(lambda: all(row["state"] == "RUNNING" for row in programs.rows().values()))
    before = path.stat().st_ino
    programs.musterd.upgrade()
    assert path.stat().st_ino == before
    pid = programs.rows()["f0"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: programs.rows()["f0"]["pid"] not in (None, pid) and programs.rows()["f0"]["state"] == "RUNNING")
    wait_for(lambda: len({os.readlink(f"/proc/{row['pid']}/fd/0") for row in programs.rows().values()}) == 1)


ACCEPT = """
import os, socket
with socket.socket(fileno=3) as server:
    while True:
        client, _ = server.accept()
        client.sendall(str(os.getpid()).encode())
        client.close()
"""


@pytest.mark.parametrize("activation", ["false", "true"], ids=["from the start", "by a connection"])
def test_sockets_of_programs_go_on(programs, activation):
    path, script = programs.path("p.sock"), programs.path("accept.py")
    script.write_text(ACCEPT)
    programs.start(program("a", f"/usr/bin/python3 {script}", sockets=f"unix://{path}", socket_activation=activation,
                           startsecs="0"))

    def connect():
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(path))
        return client
    wait_for(path.exists)
    inode = path.stat().st_ino
    programs.musterd.upgrade()
    pids = set()
    for _ in range(3):
        with connect() as client:
            pids.add(client.recv(100))
        programs.musterd.upgrade()
    assert pids == {str(programs.rows()["a"]["pid"]).encode()}
    assert path.stat().st_ino == inode


def test_what_is_under_way_is_finished_first(programs):
    programs.start(program("a", "sh -c 'trap \"sleep 0.3; exit\" TERM; while :; do sleep 0.02; done'", startsecs="0"))
    programs.wait_pid("a")
    answer = programs.ask("programs-restart", names=["a"])
    programs.musterd.upgrade()
    operation = programs.ask("operation", operation=answer["operation"])
    assert operation["done"] and programs.rows()["a"]["state"] == "RUNNING"
    assert len(programs.pids("a")) == 2


# --- the ways to ask for it ---

def test_the_signal(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    pid = programs.wait_pid("a")
    programs.musterd.signal(signal.SIGRTMIN)
    programs.musterd.wait_upgraded(0)
    assert programs.rows()["a"]["pid"] == pid


@pytest.mark.no_valgrind("the file that runs is valgrind")
def test_a_file_that_was_replaced_is_what_it_becomes(programs):
    daemon = programs.musterd
    binary = programs.path("musterd")
    shutil.copy(daemon.program, binary)
    daemon.program = binary
    programs.start(program("a", SLEEP, startsecs="0"))
    pid = programs.wait_pid("a")
    shutil.copy(binary, programs.path("new"))
    os.rename(programs.path("new"), binary)
    assert os.readlink(f"/proc/{daemon.pid}/exe").endswith("(deleted)")
    daemon.upgrade()
    assert os.readlink(f"/proc/{daemon.pid}/exe") == str(binary)
    assert programs.rows()["a"]["pid"] == pid


# --- what is wrong leaves all as it is ---

def refuse(programs, text, script):
    broken = programs.path("broken")
    broken.write_text(script)
    broken.chmod(0o755)
    answer = programs.ask("upgrade", program=str(broken))
    assert answer["ok"], answer
    assert re.search(text, wait_failed(programs.musterd))


@pytest.mark.no_valgrind("valgrind refuses another program before the kernel does, in other words")
def test_a_program_that_cannot_take_over_is_refused(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    pid = programs.wait_pid("a")
    refuse(programs, "exit status 3.*I am broken", "#!/bin/sh\necho I am broken; exit 3\n")
    refuse(programs, "signal 11", "#!/bin/sh\nkill -SEGV $$\n")
    refuse(programs, "exit status 127", "#!/nonexistent\n")
    assert programs.ask("upgrade", program="/nonexistent")["error"]["message"].startswith("cannot run /nonexistent")
    assert programs.ask("upgrade", program="musterd")["error"]["code"] == "invalid"
    programs.musterd.upgrade()  # the next one is none the worse for it
    assert programs.rows()["a"]["pid"] == pid


def test_a_program_that_fails_later_goes_back(programs):
    """It says that it can, and cannot: the former program goes on with all that it had."""
    programs.start(program("count", f"sh -c '{COUNTER}'", stdout_logfile=programs.path("count.log"), startsecs="0",
                           stdout_logfile_maxbytes="0"))
    daemon = programs.musterd
    pid = programs.wait_pid("count")
    liar = programs.path("liar")
    liar.write_text("#!/bin/sh\ncase \"$*\" in *--check-state*) exit 0;; esac\n"
                    f"echo broken = > {daemon.config}\nexec {daemon.program} \"$@\"\n")
    liar.chmod(0o755)
    text = daemon.config.read_text()
    assert programs.ask("upgrade", program=str(liar))["ok"]
    programs.wait_text("s.log", "the former musterd goes on")
    daemon.write_config(text)
    daemon.wait_upgraded(0)
    assert programs.rows()["count"]["pid"] == pid
    daemon.stop()
    check_lines(programs.path("count.log"))


def test_another_configuration_is_read_first(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    programs.wait_pid("a")
    text = programs.musterd.config.read_text()
    programs.configure(program("a", "sleep 700", startsecs="0"))
    answer = programs.ask("upgrade")
    assert answer["error"]["code"] == "conflict" and "master:reload" in answer["error"]["message"]
    programs.musterd.write_config(text + "[program:b]\nnonsense")
    answer = programs.ask("upgrade")
    assert "muster.ini" in answer["error"]["message"]
    programs.musterd.write_config(text)
    programs.musterd.upgrade()


# --- workers ---

def test_workers_in_the_middle_of_jobs(muster):
    muster.configure(muster.queue(workers=2))
    muster.start()
    before = muster.wait_running(2)
    go = muster.directory / "go"
    uuids = [muster.push({"do": "wait", "file": str(go)}) for _ in range(2)]
    for uuid in uuids:
        muster.wait_begun(uuid)
    for _ in range(3):
        result = muster.run("upgrade")
        assert result.returncode == 0, result.stderr
        assert "nothing was restarted" in result.stdout
    more = [muster.push({}) for _ in range(20)]
    go.touch()
    for uuid in uuids + more:
        muster.wait_done(uuid)
        assert muster.history.attempts(uuid) == [1]
    assert muster.running() == before
    wait_for(lambda: muster.ask("status")["maintenance"]["state"] == "RUNNING", "a maintenance process")


def test_the_jobs_of_a_worker_that_dies_later_come_back(muster):
    muster.configure(muster.queue(workers=1))
    muster.start()
    [pid] = muster.wait_running(1).values()
    go = muster.directory / "go"
    uuid = muster.push({"do": "wait", "file": str(go)})
    muster.wait_begun(uuid)
    assert muster.cli("upgrade")["upgraded"]
    go.touch()
    os.kill(pid, signal.SIGKILL)
    muster.wait_done(uuid)
    assert 1 <= len(muster.history.attempts(uuid)) <= 2


def test_the_command_says_what_is_wrong(muster):
    muster.configure()
    muster.start()
    result = muster.run("upgrade", "--program=/bin/false")
    assert result.returncode != 0 and "cannot take over (exit status 1)" in result.stderr
    muster.stop()
    assert muster.run("upgrade").returncode == 4
