# SPDX-License-Identifier: MIT
"""orphans = adopt: who follows a musterd that was killed takes over its programs."""
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import threading

import pytest

from support.processes import PATIENCE, children_of, descriptors_of, process_lives, wait_dead, wait_for
from support.programs import SLEEP, Speaker, program

pytestmark = pytest.mark.no_valgrind("valgrind 3.19 knows no pidfd_open, by which strangers are watched")

ADOPT = "\n[muster]\norphans = adopt\ndatadir = {}\nrestart_delay = 100ms\n"


def are_themselves(pids):
    """Between fork and exec a child still has the lock and the sockets of its master."""
    return all(pathlib.Path(f"/proc/{pid}/comm").read_text() != "musterd\n" for pid in pids)


def kill(programs):
    daemon = programs.musterd
    wait_for(lambda: are_themselves(children_of(daemon.pid)))
    daemon.process.kill()
    daemon.process.wait()


def start_again(programs, **options):
    kill(programs)
    programs.musterd.start(**options)
    wait_for(lambda: all(row["state"] == "RUNNING" for row in programs.rows().values()))


def test_programs_go_on_under_the_next_master(programs):
    daemon = programs.musterd
    programs.start(program("a", SLEEP, startsecs="0") + program("echo", "cat", startsecs="0", stdout_logfile=programs.path("out"))
                   + program("slow", "sh -c 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.005; done'", startsecs="0",
                             stdout_logfile=programs.path("lines"), stdout_logfile_maxbytes="0"), daemon=ADOPT.format(programs.directory))
    programs.wait_log("spawned: 'slow'")
    before = {name: row["pid"] for name, row in programs.rows().items()}
    for _ in range(3):
        start_again(programs)
        assert {name: row["pid"] for name, row in programs.rows().items()} == before
    daemon.upgrade()
    assert {name: row["pid"] for name, row in programs.rows().items()} == before
    size = len(programs.text("lines"))
    wait_for(lambda: len(programs.text("lines")) > size + 100)
    for number, line in enumerate(programs.text("lines").splitlines()[:-1], 1):
        assert line == f"line {number}"
    os.kill(before["a"], signal.SIGKILL)  # its end is seen, and it is started again by us
    wait_for(lambda: programs.rows()["a"]["pid"] not in (None, before["a"]))
    programs.carry_out("programs-stop", names=["echo", "slow"])
    wait_dead([before["echo"], before["slow"]])
    daemon.stop()
    wait_dead(list(before.values()))


def test_what_has_ended_meanwhile_is_started_again(programs):
    programs.start(program("a", SLEEP, startsecs="0"), daemon=ADOPT.format(programs.directory))
    pid = programs.wait_pid("a")
    programs.musterd.process.kill()
    programs.musterd.process.wait()
    os.kill(pid, signal.SIGKILL)
    wait_dead([pid])
    programs.musterd.start()
    wait_for(lambda: programs.rows()["a"]["pid"] not in (None, pid))


def test_by_default_nothing_is_taken_over(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    pid = programs.wait_pid("a")
    start_again(programs)
    assert programs.rows()["a"]["pid"] != pid


# --- a number that belongs to another process by now ---

def take_custody(path):
    """What a custodian hands over, as to a musterd: messages with their descriptors."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        held = []
        while (got := socket.recv_fds(client, 65536, 16))[0]:
            held.append((json.loads(got[0]), got[1]))
        return held


def hand_over(path, held):
    """Is the custodian for the next musterd."""
    os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    server.bind(path)
    server.listen()
    server.settimeout(PATIENCE)

    def serve():
        with server, server.accept()[0] as heir:
            for message, fds in held:
                socket.send_fds(heir, [json.dumps(message).encode()], fds)
        for _, fds in held:
            for fd in fds:
                os.close(fd)
    thread = threading.Thread(target=serve)
    thread.start()
    return thread


@pytest.mark.parametrize("is_reused", [True, False], ids=["reused", "its own"])
def test_a_number_that_was_given_to_another_process_is_left_alone(programs, is_reused):
    programs.start(program("a", SLEEP, startsecs="0"), daemon=ADOPT.format(programs.directory))
    pid = programs.wait_pid("a")
    kill(programs)
    path = f"{programs.musterd.socket}.custody"
    held = take_custody(path)
    assert [message["pid"] for message, _ in held] == [pid]
    with subprocess.Popen(["sleep", "600"]) as other:
        if is_reused:
            held[0][0]["pid"] = other.pid  # which began at another time
            held[0][0]["start_time"] -= 1
        thread = hand_over(path, held)
        programs.musterd.start()
        thread.join()
        wait_for(lambda: programs.rows()["a"]["state"] == "RUNNING")
        if is_reused:
            assert f"the process {other.pid} of a has ended" in programs.musterd.log_text()
            assert programs.rows()["a"]["pid"] == programs.wait_pid("a", 2)
            os.kill(pid, signal.SIGKILL)
        else:
            assert programs.rows()["a"]["pid"] == pid
        programs.musterd.stop()
        assert other.poll() is None
        other.kill()
    wait_dead([pid])


def test_a_log_that_was_rotated_goes_on_under_its_name(programs):
    """The custodian was told of it when the program was started."""
    fifo, out = programs.path("fifo"), programs.path("out")
    os.mkfifo(fifo)
    programs.path("repeat.sh").write_text(f"while read line; do echo $line; done <>{fifo}\n")
    programs.start(program("a", f"sh {programs.path('repeat.sh')}", startsecs="0", stdout_logfile=out, stdout_logfile_maxbytes="100"),
                   daemon=ADOPT.format(programs.directory))
    programs.wait_pid("a")
    fifo.write_text("x" * 100 + "\n")
    wait_for(programs.path("out.1").exists)
    start_again(programs)
    fifo.write_text("later\n")
    programs.wait_text("out", "^later\n$")
    assert programs.text("out.1") == "x" * 100 + "\n"


LISTENER = """
import os, sys
while True:
    print("READY", flush=True)
    header = dict(word.split(":") for word in sys.stdin.readline().split())
    sys.stdin.read(int(header["len"]))
    with open(sys.argv[1], "a") as out:
        out.write(f"{header['eventname']} {os.getpid()}\\n")
    print("RESULT 2\\nOK", end="", flush=True)
"""


def test_event_listeners_begin_anew(programs):
    """They are in the middle of a conversation that nobody knows any more."""
    script, events = programs.path("listener.py"), programs.path("events")
    script.write_text(LISTENER)
    programs.start(f"[eventlistener:l]\ncommand = /usr/bin/python3 {script} {events}\nevents = SUPERVISOR_STATE_CHANGE_RUNNING\n"
                   "buffer_size = 1000\nstartsecs = 0\n" + program("a", SLEEP, startsecs="0"),
                   daemon=ADOPT.format(programs.directory))
    pids = []
    for number in range(1, 3):
        wait_for(lambda: programs.text("events").count("\n") == number, lambda: f"event {number}\n{programs.musterd.log_text()}")
        pids.append(programs.pids("l")[-1])
        assert f" {pids[-1]}\n" in programs.text("events")
        if number == 1:
            start_again(programs)
    assert pids[0] != pids[1] and programs.rows()["a"]["pid"] == programs.wait_pid("a")
    wait_dead(pids[:1])


# --- sockets that programs have from musterd ---

ACCEPT = """
import os, socket, sys
with socket.socket(fileno=int(sys.argv[1])) as server:
    while True:
        client, _ = server.accept()
        client.sendall(str(os.getpid()).encode())
        client.close()
"""


@pytest.mark.parametrize("number", [0, 3], ids=["FastCGI", "sockets"])
def test_a_socket_goes_on(programs, number):
    path, script = programs.path("p.sock"), programs.path("accept.py")
    script.write_text(ACCEPT)
    section = program("a", f"/usr/bin/python3 {script} {number}", startsecs="0", **{"sockets" if number else "socket": f"unix://{path}"})
    programs.start(section if number else section.replace("[program:", "[fcgi-program:"), daemon=ADOPT.format(programs.directory))

    def ask():
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(path))
            return int(client.recv(100))
    wait_for(path.exists)
    inode, pid = path.stat().st_ino, ask()
    for _ in range(2):
        kill(programs)
        assert ask() == pid
        programs.musterd.start()
        wait_for(lambda: programs.rows()["a"]["state"] == "RUNNING")
        assert ask() == pid and path.stat().st_ino == inode
    if number:  # that of FastCGI is closed with its last process
        os.kill(pid, signal.SIGKILL)
        wait_dead([pid])
        assert ask() == wait_for(lambda: (now := programs.rows()["a"]["pid"]) != pid and now)
        assert path.stat().st_ino == inode
    programs.musterd.stop()
    assert "cannot listen" not in programs.musterd.log_text()


# --- what programs say of themselves ---

@pytest.fixture
def speaker(programs):
    return Speaker(programs)


def test_one_that_is_ready_stays_so_and_is_heard(programs, speaker):
    programs.start(speaker.section(ready="notify", watchdog="1h"), daemon=ADOPT.format(programs.directory))
    speaker.say("READY=1")
    pid = speaker.wait_state("RUNNING")["pid"]
    for number in range(2):
        start_again(programs)
        speaker.say(f"STATUS=life {number};WATCHDOG=1")
        assert speaker.wait_status(f"life {number}")["pid"] == pid
    speaker.tell("WATCHDOG=trigger")
    programs.wait_log(rf"watchdog: a .pid {pid}. is ended: it says so itself")
    programs.wait_pid("a", 2)
    assert "not_ready" not in programs.musterd.log_text()
    wait_dead([pid])
    speaker.say("STATUS=new;READY=1")  # the new one has the same name of the socket
    speaker.wait_state("RUNNING")


def test_what_is_said_while_there_is_no_musterd_counts(programs, speaker):
    """And nobody who says it has to wait, however much it is."""
    programs.start(speaker.section(ready="notify", watchdog="1h"), daemon=ADOPT.format(programs.directory))
    speaker.say("STATUS=begins")
    pid = speaker.wait_status("begins")["pid"]
    assert speaker.row()["state"] == "STARTING"
    kill(programs)
    speaker.say(*["WATCHDOG=1"] * 600, "READY=1", "STATUS=goes on")
    programs.musterd.start()
    now = speaker.wait_state("RUNNING")
    assert now["pid"] == pid and now["status_text"] == "goes on"


def test_who_is_silent_afterwards_is_not_well(programs, speaker):
    programs.start(speaker.section(ready="notify", watchdog="300ms"), daemon=ADOPT.format(programs.directory))
    programs.wait_log("spawned: 'a'")
    kill(programs)
    speaker.say("READY=1")
    programs.musterd.start()
    pid = programs.wait_text("musterd.log", r"adopted: 'a' with pid (\d+)").group(1)
    programs.wait_log(rf"watchdog: a .pid {pid}. is ended: no sign of life for 0.3 s")
    wait_dead([int(pid)])


def test_one_that_was_ready_by_a_descriptor_stays_so(programs):
    programs.start(program("a", "sh -c 'echo >&5; exec sleep 600'", ready="fd:5"), daemon=ADOPT.format(programs.directory))
    programs.wait_log("success: a entered RUNNING state, it is ready")
    pid = programs.rows()["a"]["pid"]
    start_again(programs)
    assert programs.rows()["a"]["pid"] == pid


# --- bounds ---

def test_more_descriptors_than_the_limit_at_the_start(programs):
    """Custodian and heir hold several for each program, and begin with what a shell gives them."""
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    programs.configure(program("a", SLEEP, numprocs="30", process_name="a%(process_num)d", startsecs="0"),
                       "minfds = 64\n" + ADOPT.format(programs.directory))
    programs.musterd.socket = programs.directory / "s.muster.sock"
    programs.musterd.start(preexec=limit)
    wait_for(lambda: all(row["state"] == "RUNNING" for row in programs.rows().values()))
    before = {name: row["pid"] for name, row in programs.rows().items()}
    start_again(programs, preexec=limit)
    assert {name: row["pid"] for name, row in programs.rows().items()} == before
    ours = set(descriptors_of(programs.musterd.pid).values())
    for pid in before.values():
        assert {os.readlink(f"/proc/{pid}/fd/{number}") for number in range(3)} <= ours
        assert process_lives(pid)
