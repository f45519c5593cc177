# SPDX-License-Identifier: MIT
"""[program:x]: processes as Supervisor runs them, watched from outside by their traces and musterd's log."""
import os
import pathlib
import re
import signal
import time

import pytest

from support.processes import children_of, descendants_of, descriptors_of, process_lives, wait_dead, wait_for
from support.programs import SLEEP, program


# --- starting ---

def test_a_program_runs_when_it_has_stayed_up(programs):
    programs.start(program("a", SLEEP, startsecs="0.3"))
    pid = programs.wait_pid("a")
    programs.wait_log(r"success: a entered RUNNING state, process has stayed up for > than 0.3 seconds \(startsecs\)")
    assert process_lives(pid)


def test_what_a_process_is_given(programs):
    programs.start("[unix_http_server]\nfile = %(here)s/s.sock\n"
                   + program("a", "sh -c 'pwd; umask; id -u; env; ls -l /proc/self/fd; ps -o pgid= -p $$; echo $$'", directory="/tmp",
                             umask="027", environment="OWN=\"1 2\",SHARED=own", process_name="a_%(process_num)d", numprocs="2",
                             startsecs="0", autorestart="false", stdout_logfile=programs.path("out")),
                   daemon="environment = SHARED=all,GLOBAL=g")
    programs.wait_log("exited: a_1")
    programs.wait_log("exited: a_0")
    lines = programs.text("out").splitlines()
    for line in ["/tmp", "0027", "0", "OWN=1 2", "SHARED=own", "GLOBAL=g", "SUPERVISOR_ENABLED=1", "SUPERVISOR_GROUP_NAME=a",
                 "SUPERVISOR_PROCESS_NAME=a_0", "SUPERVISOR_PROCESS_NAME=a_1",
                 f"SUPERVISOR_SERVER_URL=unix://{programs.directory}/s.sock"]:
        assert line in lines, line
    descriptors = [line.split()[8] for line in lines if "->" in line]
    assert set(descriptors) == {"0", "1", "2", "3"}  # 3 is that of ls itself
    groups = [int(line) for line in lines if re.fullmatch(r" *\d+", line)]
    assert set(programs.pids("a_0") + programs.pids("a_1")) <= set(groups)


def test_a_program_becomes_its_user_with_all_groups(programs):
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    programs.directory.chmod(0o755)
    programs.start(program("a", "id", user="nobody", startsecs="0", autorestart="false", stdout_logfile=programs.path("out")))
    programs.wait_text("out", r"uid=65534\(nobody\) gid=65534\(nogroup\) groups=65534\(nogroup\)\n")


@pytest.mark.parametrize("keys, output", [
    ({"command": "/bin/true", "directory": "/nonexistent"}, "supervisor: couldn't chdir to /nonexistent: ENOENT\n"),
    pytest.param({"command": "{directory}/script"}, "supervisor: couldn't exec {directory}/script: ENOENT\n",
                 marks=pytest.mark.no_valgrind("valgrind refuses another program before the kernel does, in other words")),
], ids=["directory", "interpreter"])
def test_what_cannot_be_executed_says_so_on_standard_error(programs, keys, output):
    script = programs.path("script")
    script.write_text("#!/nonexistent/interpreter\n")
    script.chmod(0o755)
    command = keys.pop("command").format(directory=programs.directory)
    programs.start(program("a", command, startretries="0", stderr_logfile=programs.path("err"), **keys))
    programs.wait_log("gave up: a entered FATAL state, too many start retries too quickly")
    assert "exited: a (exit status 127; not expected)" in programs.musterd.log_text()
    assert programs.text("err") == output.format(directory=programs.directory) + "supervisor: child process was not spawned\n"


@pytest.mark.parametrize("make, command, error", [
    (lambda path: None, "no-such-program", "can't find command 'no-such-program'"),
    (lambda path: path.mkdir(), "{path}", "command at '{path}' is a directory"),
    (lambda path: path.write_text("x"), "{path}", "command at '{path}' is not executable"),
], ids=["missing", "directory", "not executable"])
def test_what_is_no_program_is_not_even_tried(programs, make, command, error):
    path = programs.path("thing")
    make(path)
    programs.start(program("a", command.format(path=path), startretries="0"))
    programs.wait_log("gave up: a")
    assert "spawnerr: " + error.format(path=path) in programs.musterd.log_text()
    assert programs.pids("a") == []


def test_a_program_is_found_in_the_path_of_its_own_environment(programs):
    folder = programs.path("bin")
    folder.mkdir()
    (folder / "mine").write_text("#!/bin/sh\necho it is me\n")
    (folder / "mine").chmod(0o755)
    programs.start(program("a", "mine", environment=f"PATH=\"{folder}:/usr/bin:/bin\"", startsecs="0", autorestart="false",
                           stdout_logfile=programs.path("out")))
    programs.wait_text("out", "it is me\n")


def test_a_log_that_cannot_be_opened_is_an_error_of_the_start(programs):
    folder = programs.path("logs")
    folder.mkdir()
    (folder / "x").mkdir()
    programs.start(program("a", SLEEP, startretries="0", stdout_logfile=folder / "x"))
    programs.wait_log(r"spawnerr: unknown error making dispatchers for 'a': cannot open the log file \S+/x: Is a directory")
    programs.wait_log("gave up: a")


def test_failed_starts_are_tried_again_after_longer_pauses(programs):
    programs.start(program("a", "false", startretries="2", startsecs="60"))
    programs.wait_log("gave up: a")
    assert programs.count_log("exited: a .exit status 1; not expected.") == 3
    assert len(programs.pids("a")) == 3


def test_programs_start_in_the_order_of_their_priority(programs):
    sections = "".join(program(name, SLEEP, priority=priority) for name, priority in [("z", 1), ("a", 3), ("m", 2), ("b", 3)])
    programs.start(sections + program("late", SLEEP, autostart="false", priority=0) + "[group:g]\nprograms = a, m\npriority = 5\n")
    for name in "zbam":
        programs.wait_pid(name)
    assert re.findall(r"spawned: '(\w+)'", programs.musterd.log_text()) == ["z", "b", "a", "m"]


def test_no_more_programs_are_starting_at_once_than_they_may(programs):
    programs.start(program("a", SLEEP, startsecs="0.2", numprocs=9, process_name="a%(process_num)d"), daemon="start_concurrency = 3")
    programs.wait_log("entered RUNNING", 9)
    log = programs.musterd.log_text()
    events = re.findall(r"(spawned): 'a|success: a\d (entered) RUNNING", log)
    level = peak = 0
    for spawned, _ in events:
        level += 1 if spawned else -1
        peak = max(peak, level)
    assert peak == 3, log


# --- ending ---

@pytest.mark.parametrize("autorestart, command, restarts", [
    ("true", "sh -c 'sleep 0.2'", True), ("true", "sh -c 'sleep 0.2; exit 7'", True), ("false", "sh -c 'sleep 0.2; exit 7'", False),
    ("unexpected", "sh -c 'sleep 0.2; exit 2'", False), ("unexpected", "sh -c 'sleep 0.2; exit 7'", True),
    ("unexpected", "sh -c 'sleep 0.2; kill -9 $$'", True),
])
def test_whether_it_is_started_again(programs, autorestart, command, restarts):
    programs.start(program("a", command, autorestart=autorestart, exitcodes="0,2", startsecs="0.05"))
    programs.wait_log("exited: a ")
    if restarts:
        programs.wait_pid("a", 3)
    else:
        programs.wait_log(r"exited: a .*\n")
        time.sleep(0.1)  # nothing is to happen
        assert len(programs.pids("a")) == 1


def test_the_words_for_an_end(programs):
    programs.start(program("well", "sh -c 'sleep 0.2'", startsecs="0.05", autorestart="false")
                   + program("badly", "sh -c 'sleep 0.2; exit 3'", startsecs="0.05", autorestart="false")
                   + program("killed", "sh -c 'sleep 0.2; kill -USR1 $$'", startsecs="0.05", autorestart="false"))
    programs.wait_log(r"INFO exited: well \(exit status 0; expected\)")
    programs.wait_log(r"WARN exited: badly \(exit status 3; not expected\)")
    programs.wait_log(r"WARN exited: killed \(terminated by SIGUSR1; not expected\)")


def test_a_killed_program_is_replaced_at_once(programs):
    programs.start(program("a", SLEEP, startsecs="0"))
    for number in range(1, 20):
        pid = programs.wait_pid("a", number)
        programs.wait_log("success: a entered", number)
        os.kill(pid, signal.SIGKILL)
    programs.wait_pid("a", 20)


def test_a_crash_loop_without_startsecs_is_slowed_down(programs):
    begun = time.monotonic()
    programs.start(program("a", "false", startsecs="0", autorestart="true"))
    programs.wait_log("spawned: 'a'", 220)
    started = len(programs.pids("a"))
    assert started <= 205 + 10 * (time.monotonic() - begun)  # two hundred are free, then there are ten a second


def test_what_a_program_leaves_behind_lives_on(programs):
    programs.start(program("a", "sh -c '(trap \"\" TERM; echo $$ > child; exec setsid sleep 600) & sleep 0.3'", startsecs="0",
                           autorestart="false", directory=programs.directory))
    programs.wait_log("exited: a")
    orphan = [pid for pid in children_of(programs.musterd.pid) if process_lives(pid)
              and b"sleep" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(orphan) == 1
    assert programs.musterd.stop() == 0
    assert process_lives(orphan[0])
    os.kill(orphan[0], signal.SIGKILL)


# --- stopping ---

def test_a_stop_sends_the_signal_and_kills_after_a_while(programs):
    programs.start(program("polite", "sh -c 'trap \"echo asked; exit 0\" USR1; echo ready; while :; do sleep 0.05; done'",
                           stopsignal="USR1", stdout_logfile=programs.path("polite"), startsecs="0")
                   + program("deaf", "sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.05; done'", stopwaitsecs="0.3",
                             stdout_logfile=programs.path("deaf"), startsecs="0"))
    programs.wait_text("polite", "ready")
    programs.wait_text("deaf", "ready")
    assert programs.musterd.stop() == 0
    assert programs.text("polite") == "ready\nasked\n"
    log = programs.musterd.log_text()
    assert re.search(r"waiting for deaf, polite to die", log)
    assert re.search(r"INFO stopped: polite \(exit status 0\)", log)
    assert re.search(r"killing 'deaf' \(\d+\) with SIGKILL", log)
    assert re.search(r"WARN stopped: deaf \(terminated by SIGKILL\)", log)


@pytest.mark.parametrize("as_group", [True, False])
def test_a_stop_may_go_to_the_whole_group(programs, as_group):
    programs.start(program("a", "sh -c 'sleep 600 & echo $!; wait'", stopasgroup=str(as_group).lower(), startsecs="0",
                           stdout_logfile=programs.path("out")))
    child = int(programs.wait_text("out", r"(\d+)\n").group(1))
    assert programs.musterd.stop() == 0
    if as_group:
        wait_dead([child])
    else:
        assert process_lives(child)
        os.kill(child, signal.SIGKILL)


def test_higher_priorities_are_stopped_first(programs):
    slow = "sh -c 'trap \"sleep 0.2; exit 0\" TERM; echo ready; while :; do sleep 0.02; done'"
    programs.start("".join(program(name, slow, priority=priority, startsecs="0", stdout_logfile=programs.path(name))
                           for name, priority in [("first", 1), ("second", 2), ("third", 3), ("with_third", 3)]))
    for name in ["first", "second", "third", "with_third"]:
        programs.wait_text(name, "ready")
    assert programs.musterd.stop() == 0
    order = re.findall(r"stopped: (\w+)", programs.musterd.log_text())
    assert set(order[:2]) == {"third", "with_third"} and order[2:] == ["second", "first"]


def test_stopping_during_a_pause_ends_at_once(programs):
    programs.start(program("a", "false", startretries="100"))
    programs.wait_log("exited: a", 3)
    assert programs.musterd.stop() == 0
    assert "stopped" in programs.musterd.log_text()


def test_many_processes_start_and_stop_together(programs):
    programs.start(program("a", SLEEP, numprocs="100", process_name="a_%(process_num)03d", startsecs="0", stdout_logfile="NONE",
                           stderr_logfile="NONE"))
    programs.wait_log("success: a_", 100)
    pids = descendants_of(programs.musterd.pid)
    assert programs.musterd.stop() == 0
    wait_dead(pids)
    assert programs.count_log("stopped: a_") == 100


# --- output ---

def test_output_goes_to_files_of_its_own_and_is_rotated(programs):
    programs.start(program("a", "sh -c 'echo problem >&2; exec cat'", startsecs="0", stdout_logfile=programs.path("out"),
                           stdout_logfile_maxbytes="20", stdout_logfile_backups="1", stderr_logfile=programs.path("err")))
    programs.wait_log("success: a")
    for wanted in ("0123456789\n", "") * 2 + ("0123456789\n",):  # one after the other: several at once would be one write
        programs.ask("programs-write", names=["a"], text="0123456789\n")
        wait_for(lambda: programs.path("out").exists() and programs.text("out") == wanted, lambda: programs.text("out"))
    programs.wait_text("err", "problem")
    assert programs.text("out.1") == "0123456789\n" * 2
    assert not programs.path("out.2").exists()
    assert programs.text("err") == "problem\n"


def test_auto_logs_have_names_of_their_own_and_are_removed_by_the_next_start(programs):
    old = [programs.path(name) for name in ["x-stdout---test-abcdef.log", "x-stdout---test-abcdef.log.1"]]
    others = [programs.path(name) for name in ["x-stdout---other-abcdef.log", "test-abcdef.log"]]
    for path in old + others:
        path.write_text("old")
    programs.start(program("a", "sh -c 'echo hi; sleep 600'", startsecs="0"))
    logs = wait_for(lambda: [path for path in programs.directory.glob("a-stdout---test-*.log") if path.read_text() == "hi\n"])
    assert len(logs) == 1
    assert not any(path.exists() for path in old) and all(path.exists() for path in others)


def test_standard_error_may_go_with_standard_output(programs):
    programs.start(program("a", "sh -c 'echo out; echo err >&2'", startsecs="0", autorestart="false", redirect_stderr="true",
                           stdout_logfile=programs.path("out")))
    programs.wait_text("out", "out\nerr\n")


def test_escape_sequences_are_taken_out_where_that_is_wanted(programs):
    programs.start(program("a", "printf '\\033[31mred\\033[0m\\n'", startsecs="0", autorestart="false",
                           stdout_logfile=programs.path("out")), daemon="strip_ansi = true")
    programs.wait_text("out", "^red\n$")


def test_logs_are_opened_again(programs):
    programs.start(program("a", "sh -c 'while :; do echo line; sleep 0.05; done'", startsecs="0", stdout_logfile=programs.path("out")))
    programs.wait_text("out", "line")
    programs.path("out").rename(programs.path("aside"))
    programs.musterd.signal(signal.SIGUSR2)
    programs.wait_text("out", "line")


def test_a_lot_of_output_arrives_whole(programs):
    programs.start(program("a", "sh -c 'head -c 30000000 /dev/zero; echo end >&2'", startsecs="0", autorestart="false",
                           stdout_logfile=programs.path("out"), stdout_logfile_maxbytes="0"))
    programs.wait_log("exited: a")
    assert programs.path("out").stat().st_size == 30000000


@pytest.mark.no_valgrind("valgrind has descriptors of its own")
def test_musterd_holds_no_descriptor_of_a_program_that_has_ended(programs):
    programs.start(program("a", "true", startsecs="0", autorestart="false") + program("b", SLEEP, startsecs="0"))
    programs.wait_log("exited: a")
    programs.wait_log("success: b")

    def pipes():
        return [target for target in descriptors_of(programs.musterd.pid).values() if target.startswith("pipe:")]
    wait_for(lambda: len(pipes()) == 3, pipes)


# --- sockets ---

def test_fcgi_processes_share_a_socket_that_closes_with_the_last_one(programs):
    path = programs.path("f.sock")
    programs.start(f"[fcgi-program:f]\ncommand = sh -c 'readlink /proc/self/fd/0; exec sleep 600'\nsocket = unix://{path}\n"
                   f"socket_mode = 0640\nnumprocs = 2\nprocess_name = f%(process_num)d\nstartsecs = 0\n"
                   f"stdout_logfile = {programs.path('out')}\nautorestart = false\n")
    sockets = programs.wait_text("out", r"(socket:\[\d+\])\n(socket:\[\d+\])\n")
    assert sockets.group(1) == sockets.group(2)
    assert path.is_socket() and path.stat().st_mode & 0o777 == 0o640
    assert programs.count_log(f"Creating socket unix://{path}") == 2  # once to try it
    for name in ("f0", "f1"):
        os.kill(programs.wait_pid(name), signal.SIGKILL)
        programs.wait_log(f"exited: {name}")
    programs.wait_log(f"Closing socket unix://{path}", 2)


def test_a_socket_that_cannot_be_made_is_an_error_of_the_start_of_musterd(programs):
    programs.musterd.write_config(f"[muster]\ndatadir = {programs.directory}\n[fcgi-program:f]\ncommand = cat\n"
                                  f"socket = unix:///nonexistent/x.sock\n")
    programs.musterd.start()
    assert programs.musterd.wait_exit() != 0
    assert "Could not create FastCGI socket unix:///nonexistent/x.sock: No such file or directory" in programs.musterd.log_text()


# --- event listeners ---

LISTENER = """
import sys
def put(text):
    sys.stdout.write(text)
    sys.stdout.flush()
log = open(sys.argv[1], "a", buffering=1)
rejects = sys.argv[2:]
while True:
    put("READY\\n")
    line = sys.stdin.readline()
    if not line:
        break
    headers = dict(pair.split(":", 1) for pair in line.split())
    payload = sys.stdin.read(int(headers["len"]))
    print(line.strip(), "|", payload, file=log)
    if rejects and rejects[0] == headers["eventname"]:
        rejects.pop(0)
        put("RESULT 4\\nFAIL")
    else:
        put("RESULT 2\\nOK")
"""


def listener(programs, name, events, *arguments, **keys):
    script = programs.path("listener.py")
    script.write_text(LISTENER)
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    return (f"[eventlistener:{name}]\ncommand = /usr/bin/python3 {script} {programs.path(name)} {' '.join(arguments)}\n"
            f"events = {events}\nstartsecs = 0\n{lines}\n")


def test_a_listener_is_told_what_happens(programs):
    programs.start(listener(programs, "l", "PROCESS_STATE,PROCESS_GROUP,SUPERVISOR_STATE_CHANGE", buffer_size=100)
                   + program("a", "sh -c 'sleep 0.3; exit 3'", startsecs="0.1", autorestart="false"))
    programs.wait_text("l", r"eventname:PROCESS_STATE_EXITED len:\d+ \| processname:a ")
    text = programs.text("l")
    pid = programs.wait_pid("a")
    for event in ["PROCESS_GROUP_ADDED len:12 | groupname:l\n", "PROCESS_GROUP_ADDED len:12 | groupname:a\n",
                  "SUPERVISOR_STATE_CHANGE_RUNNING len:0 | \n",
                  "PROCESS_STATE_STARTING len:52 | processname:a groupname:a from_state:STOPPED tries:0\n",
                  f"| processname:a groupname:a from_state:STARTING pid:{pid}\n",
                  f"| processname:a groupname:a from_state:RUNNING expected:0 pid:{pid}\n"]:
        assert event in text, event
    first = text.splitlines()[0]
    assert re.match(r"ver:3.0 server:test serial:0 pool:l poolserial:0 eventname:\w+ len:\d+ \|", first), first


def test_a_rejected_event_comes_again(programs):
    programs.start(listener(programs, "l", "PROCESS_STATE_EXITED,PROCESS_STATE_RUNNING", "PROCESS_STATE_EXITED")
                   + program("a", "sh -c 'sleep 0.3'", startsecs="0.1", autorestart="false"))
    programs.wait_text("l", "EXITED.*EXITED")
    serials = re.findall(r"serial:(\d+) pool:l poolserial:\d+ eventname:PROCESS_STATE_EXITED", programs.text("l"))
    assert len(serials) == 2 and serials[0] == serials[1]
    programs.wait_log("l: event was rejected")


def test_events_of_a_listener_that_dies_go_to_another_one(programs):
    slow = programs.path("slow.py")
    slow.write_text("import sys, time, os\nsys.stdout.write('READY\\n')\nsys.stdout.flush()\nline = sys.stdin.readline()\n"
                    "open(sys.argv[1], 'a').write(line)\ntime.sleep(0.2)\nos.kill(os.getpid(), 9)\n")
    programs.start(f"[eventlistener:l]\ncommand = /usr/bin/python3 {slow} {programs.path('l')}\nevents = PROCESS_STATE_FATAL\n"
                   "startsecs = 0\n" + program("a", "false", startretries="0"))
    programs.wait_text("l", "poolserial:0 .*poolserial:0 ")


def test_events_beyond_the_buffer_are_discarded(programs):
    programs.start("[eventlistener:l]\ncommand = sleep 600\nevents = PROCESS_STATE\nbuffer_size = 3\nstartsecs = 0\n"
                   + "".join(program(f"p{number}", SLEEP, startsecs="0") for number in range(4)))
    programs.wait_log("pool l event buffer overflowed, discarding event 0")


def test_a_listener_that_breaks_the_rules_gets_no_more_events(programs):
    programs.start("[eventlistener:l]\ncommand = sh -c 'echo hello; exec sleep 600'\nevents = PROCESS_STATE\nstartsecs = 0\n"
                   + program("a", SLEEP))
    programs.wait_log("l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process "
                      "violated the eventlistener protocol")


def test_output_makes_events(programs):
    text = "before <!--XSUPERVISOR:BEGIN-->captured é<!--XSUPERVISOR:END--> after"
    programs.path("output.txt").write_bytes(text.encode() + b"\xff\n")
    programs.start(listener(programs, "l", "PROCESS_LOG,PROCESS_COMMUNICATION", buffer_size=100)
                   + program("a", f"sh -c 'cat {programs.path('output.txt')}; sleep 600'", startsecs="0", stdout_events_enabled="true",
                             stdout_capture_maxbytes="1KB", stdout_logfile=programs.path("out")))
    programs.wait_text("l", r"COMMUNICATION_STDOUT.*after")
    pid = programs.wait_pid("a")
    events = programs.text("l")
    assert f"PROCESS_COMMUNICATION_STDOUT len:{len(f'processname:a groupname:a pid:{pid}') + 11} " \
           f"| processname:a groupname:a pid:{pid}\ncaptured é\n" in events
    assert f"| processname:a groupname:a pid:{pid} channel:stdout\nbefore \n" in events
    assert "channel:stdout\nUndecodable: b' after\\xff\\n'\n" in events
    assert programs.path("out").read_bytes() == b"before  after\xff\n"


def test_ticks_come_while_they_are_wanted(programs):
    programs.start(listener(programs, "l", "TICK_5"))
    programs.wait_text("l", r"eventname:TICK_5 len:15 \| when:\d+[05]\n")


def test_nothing_wakes_up_for_programs_that_run(programs):
    programs.start(program("a", SLEEP, startsecs="0", numprocs="20", process_name="a%(process_num)d")
                   + program("b", "sh -c 'exec sleep 600 <&- >&- 2>&-'", startsecs="0"))  # the ends of its pipes are readable for ever
    programs.wait_log("success: ", 21)
    wait_for(lambda: not os.path.exists(f"/proc/{programs.wait_pid('b')}/fd/1"), "the end of its output")

    def activity():
        status = pathlib.Path(f"/proc/{programs.musterd.pid}/status").read_text()
        ticks = pathlib.Path(f"/proc/{programs.musterd.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M).group(1), ticks

    def is_quiet_for_two_seconds():
        before, begun = activity(), time.monotonic()
        wait_for(lambda: time.monotonic() - begun > 2, "two seconds")
        return activity() == before

    wait_for(is_quiet_for_two_seconds, "quiet")
