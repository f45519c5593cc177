# SPDX-License-Identifier: MIT
"""[program:x] reload_signal and reload_command: a program reads its own configuration again, and goes on."""
import json
import os
import subprocess

from support.http import UnixConnection
from support.musterd import MUSTERD
from support.processes import PATIENCE, process_lives, wait_dead, wait_for
from support.programs import SLEEP, program

MUSTER = MUSTERD.parent / "muster"
UP = {"startsecs": "0", "autorestart": "false"}


def muster(programs, *arguments):
    done = subprocess.run([MUSTER, "-c", programs.musterd.config, *arguments, "--json"], capture_output=True, text=True,
                          timeout=PATIENCE * 2, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def results(programs, *arguments):
    """The exit status, and what is said of each program: its result and why not."""
    code, said = muster(programs, *arguments)
    return code, {row["name"]: (row["result"], row["message"]) for row in json.loads(said)["programs"]}


def listener(programs, name, **keys):
    """A program that writes a word for each HUP, and that is there when it says so."""
    word = f"sh -c \"trap 'echo hup >> {programs.path(name)}' HUP; echo up >&4; while :; do sleep 0.02; done\""
    return program(name, word.replace("%", "%%"), ready="fd:4", autorestart="false", **keys)


def wait_running(programs, name):
    return wait_for(lambda: (row := programs.rows()[name])["state"] == "RUNNING" and row["pid"], f"{name} to run")


def test_the_signal_reaches_a_program_that_goes_on(programs):
    programs.start(listener(programs, "a", reload_signal="HUP") + program("b", SLEEP, **UP))
    pid = wait_running(programs, "a")
    assert results(programs, "reload", "a") == (0, {"a": ("reloaded", None)})
    programs.wait_text("a", "^hup\n")
    assert wait_running(programs, "a") == pid
    # of all, those that can be reloaded; one that is named must be able to
    wait_running(programs, "b")
    assert results(programs, "reload", "all") == (0, {"a": ("reloaded", None)})
    programs.wait_text("a", "^hup\nhup\n")
    code, said = results(programs, "reload", "a", "b")
    assert code == 1 and said["a"][0] == "reloaded" and "b has no reload_signal and no reload_command" in said["b"][1]
    assert programs.pids("a") == [pid] and len(programs.pids("b")) == 1


def test_the_same_over_http(programs):
    programs.start(listener(programs, "a", reload_signal="HUP") + f"[unix_http_server]\nfile = {programs.path('http')}\n")
    wait_running(programs, "a")
    client = UnixConnection(programs.path("http"))
    client.request("POST", "/api/v1/programs/reload", json.dumps({"names": ["a"]}), {"Content-Type": "application/json"})
    answer = client.getresponse()
    assert answer.status == 200 and json.loads(answer.read())["results"][0]["result"] == "SUCCESS"
    client.close()
    programs.wait_text("a", "^hup\n")


def test_a_command_comes_before_the_signal(programs):
    check = f"sh -c 'echo $MUSTER_HOOK $MUSTER_PID $OWN; test ! -e {programs.path('bad')}'"
    programs.start(listener(programs, "a", reload_signal="HUP", reload_command=check, environment='OWN="x"'))
    pid = wait_running(programs, "a")
    assert results(programs, "reload", "a") == (0, {"a": ("reloaded", None)})
    programs.wait_text("a", "^hup\n")
    programs.wait_log(f"reload_command of a: reload_command {pid} x")
    programs.path("bad").touch()
    assert results(programs, "reload", "a") == (1, {"a": ("failed", "reload_command ended with exit status 1")})
    assert programs.count_log("reloaded: 'a'") == 1 and wait_running(programs, "a") == pid


def test_what_does_not_run_is_not_reloaded(programs):
    programs.start(program("a", SLEEP, autostart="false", reload_signal="HUP")
                   + program("b", SLEEP, ready="fd:4", ready_timeout="600", reload_signal="HUP"))
    programs.wait_pid("b")
    code, said = results(programs, "reload", "a", "b")
    assert code == 7 and said == {"a": ("not running", "a is STOPPED: only what is RUNNING is reloaded"),
                                  "b": ("not running", "b is STARTING: only what is RUNNING is reloaded")}
    assert process_lives(programs.wait_pid("b"))


def hanging(programs):
    """One whose reload_command has begun, and does not end; the pids of both."""
    programs.start(program("a", SLEEP, reload_command=f"sh -c 'echo $$ > {programs.path('pid')}; exec sleep 600'",
                           post_stop="sh -c 'echo cleaned'", **UP))
    pid = wait_running(programs, "a")
    operation = programs.ask("programs-reload", names=["a"])
    hook = int(wait_for(lambda: programs.text("pid").strip(), "reload_command"))
    return pid, hook, operation


def test_a_second_one_is_refused_while_a_command_runs(programs):
    _, hook, _ = hanging(programs)
    row, = programs.carry_out("programs-reload", names=["a"])["results"]
    assert row["result"] == "FAILED" and "still runs" in row["message"]
    assert process_lives(hook)


def test_a_stop_does_not_wait_for_a_command(programs):
    _, hook, operation = hanging(programs)
    programs.carry_out("programs-stop", names=["a"])
    wait_dead([hook])
    programs.wait_log("stopped: a .terminated by SIGTERM.")
    programs.wait_log("post_stop of a: cleaned")
    assert programs.wait_operation(operation)["results"][0]["result"] == "NOT_RUNNING"


def test_a_command_does_not_outlive_its_program(programs):
    pid, hook, operation = hanging(programs)
    os.kill(pid, 9)
    wait_dead([hook])
    programs.wait_log("post_stop of a: cleaned")
    wait_for(lambda: programs.rows()["a"]["state"] == "EXITED", "its end")
    assert programs.wait_operation(operation)["results"][0]["result"] == "NOT_RUNNING"
    assert programs.count_log("post_stop of a: cleaned") == 1


def test_a_command_has_its_time(programs):
    programs.start(program("a", SLEEP, reload_command="sleep 600", hook_timeout="50ms", **UP))
    pid = wait_running(programs, "a")
    row, = programs.carry_out("programs-reload", names=["a"])["results"]
    assert row["result"] == "FAILED" and row["message"] == "reload_command took longer than hook_timeout"
    assert process_lives(pid)


def test_a_rolling_reload_ends_at_the_first_failure(programs):
    programs.start(program("w", SLEEP, numprocs="3", process_name="w-%(process_num)d", startsecs="0",
                           reload_command=f"sh -c 'echo %(process_num)d >> {programs.path('out')}; test %(process_num)d != 1'"))
    for name in ("w-0", "w-1", "w-2"):
        wait_running(programs, name)
    code, said = results(programs, "reload", "--rolling", "w")
    assert code == 1 and {name: row[0] for name, row in said.items()} == {"w:w-0": "reloaded", "w:w-1": "failed", "w:w-2": "failed"}
    assert "w-1 has failed before it" in said["w:w-2"][1]
    assert programs.text("out") == "0\n1\n"


def test_another_way_to_reload_needs_no_new_process(programs):
    programs.start(listener(programs, "a"))
    pid = wait_running(programs, "a")
    programs.configure(listener(programs, "a", reload_signal="HUP"))
    changes = programs.ask("programs-reread")["changes"]
    assert changes == [{"group": "a", "change": "changed",
                        "processes": [{"name": "a", "change": "adapted", "keys": "reload_signal"}]}], changes
    assert programs.ask("group-update", name="a")["ok"]
    assert results(programs, "reload", "a") == (0, {"a": ("reloaded", None)})
    programs.wait_text("a", "^hup\n")
    assert programs.pids("a") == [pid]


def test_options_without_names_are_refused(programs):
    programs.start(program("a", SLEEP, **UP))
    pid = wait_running(programs, "a")
    code, said = muster(programs, "reload", "--rolling")
    assert code != 0 and "write muster reload NAME" in said
    assert process_lives(pid)
