# SPDX-License-Identifier: MIT
"""Programs that are told what to do over the control socket, and by HUP: with real processes."""
import re
import signal

from support.processes import process_lives, wait_dead, wait_for
from support.programs import SLEEP, program


def webs(count, **keys):
    return program("web", SLEEP, numprocs=count, process_name="web-%(process_num)d", startsecs=0, **keys)


def results(answer):
    return {f"{row['group']}:{row['name']}": row["result"] for row in answer["results"]}


def states(programs):
    return {name: row["state"] for name, row in programs.rows().items()}


def wait_states(programs, **wanted):
    wait_for(lambda: states(programs) == wanted, lambda: f"{wanted}: {programs.rows()}\n{programs.musterd.log_text()}")


def pids(programs):
    return {name: row["pid"] for name, row in programs.rows().items()}


# --- looking ---

def test_what_is_told_of_a_program(programs):
    programs.start(program("a", SLEEP, startsecs=0, stdout_logfile=programs.path("out"), stderr_logfile="NONE")
                   + program("b", SLEEP, autostart="false"))
    wait_states(programs, a="RUNNING", b="STOPPED")
    row = programs.rows()["a"]
    assert row["group"] == row["name"] == "a" and row["state_number"] == 20 and row["pid"] == programs.wait_pid("a")
    assert re.fullmatch(rf"pid {row['pid']}, uptime 0:00:\d\d", row["description"])
    assert row["stdout_logfile"] == str(programs.path("out")) and row["stderr_logfile"] is None
    assert row["started_at"] > 1.6e12 and row["stopped_at"] is None and row["error"] is None
    assert programs.rows()["b"]["description"] == "Not started"
    answer = programs.ask("programs", names=["b", "c"])
    assert [row["name"] for row in answer["programs"]] == ["b"] and answer["unknown"] == ["c"] and answer["settled"]


def test_bad_requests_are_refused(programs):
    programs.start(program("a", SLEEP))
    for request, message in [
            ({"command": "programs", "names": "a"}, "names: must be a list of at most 10000 names"),
            ({"command": "programs-start", "names": [1]}, "names: must be a list of strings"),
            ({"command": "programs-start", "at_once": -1}, "at_once: must be a number from 0 (all) to 20000"),
            ({"command": "programs-signal", "signal": "NO"},
             "signal: there is none called NO; write a name or number, e.g. HUP"),
            ({"command": "programs-write", "names": ["a"]}, "names and text: must be given"),
            ({"command": "group-add"}, "name: must be a string, the name of a group"),
            ({"command": "group-remove", "name": "x"}, "there is no active group x"),
            ({"command": "group-add", "name": "a"}, "the group a is active already"),
            ({"command": "operation", "operation": 7}, "operation: there is none of this number (any more)")]:
        answer = programs.ask(**request)
        assert not answer["ok"] and answer["error"]["message"] == message


# --- starting, stopping, signalling ---

def test_stop_start_and_restart(programs):
    programs.start(webs(2) + program("a", SLEEP, startsecs=0))
    wait_states(programs, a="RUNNING", **{"web-0": "RUNNING", "web-1": "RUNNING"})
    before = pids(programs)
    assert results(programs.carry_out("programs-stop", names=["web-*"])) == {"web:web-0": "SUCCESS", "web:web-1": "SUCCESS"}
    wait_dead([before["web-0"], before["web-1"]])
    assert states(programs) == {"a": "RUNNING", "web-0": "STOPPED", "web-1": "STOPPED"}
    assert results(programs.carry_out("programs-stop", names=["web"])) == {"web:web-0": "NOT_RUNNING", "web:web-1": "NOT_RUNNING"}
    assert results(programs.carry_out("programs-start", names=["web:web-1", "a"])) == \
        {"web:web-1": "SUCCESS", "a:a": "ALREADY_STARTED"}
    assert results(programs.carry_out("programs-start", only_needed=True)) == {"web:web-0": "SUCCESS"}
    between = pids(programs)
    assert results(programs.carry_out("programs-restart", names=["all"])) == \
        {"a:a": "SUCCESS", "web:web-0": "SUCCESS", "web:web-1": "SUCCESS"}
    assert not set(between.values()) & set(pids(programs).values())
    assert states(programs) == {"a": "RUNNING", "web-0": "RUNNING", "web-1": "RUNNING"}


def test_a_start_that_fails_says_why(programs):
    programs.start(program("gone", "/nonexistent", autostart="false") + program("short", "false", autostart="false", startsecs=60, startretries=0)
                   + program("file", programs.path("plain"), autostart="false"))
    programs.path("plain").write_text("")
    rows = {row["name"]: row for row in programs.carry_out("programs-start")["results"]}
    assert rows["gone"]["result"] == "NO_FILE" and "/nonexistent" in rows["gone"]["message"]
    assert rows["file"]["result"] == "NOT_EXECUTABLE"
    assert rows["short"]["result"] == "SPAWN_ERROR" and rows["short"]["message"].startswith("Exited too quickly")


def test_a_start_waits_until_it_runs(programs):
    programs.start(program("a", SLEEP, startsecs="0.3", autostart="false") + program("long", SLEEP, startsecs="600", autostart="false"))
    answer = programs.ask("programs-start", names=["long"])
    assert not answer["done"] and answer["results"] == []
    assert results(programs.carry_out("programs-start", names=["a"])) == {"a:a": "SUCCESS"}
    assert states(programs) == {"a": "RUNNING", "long": "STARTING"}
    assert not programs.ask("operation", operation=answer["operation"])["done"]


def test_a_rolling_restart_leaves_the_others_running(programs):
    programs.start(webs(4) + program("w", f"{SLEEP}"))
    programs.wait_log("success: web-", 4)
    before = pids(programs)
    answer = programs.ask("programs-restart", names=["web"], at_once=1)
    programs.wait_operation(answer)
    assert not {before[f"web-{n}"] for n in range(4)} & set(pids(programs).values())
    steps = re.findall(r"(stopped|spawned): '?(web-\d)", programs.musterd.log_text())[4:]
    assert steps == [(step, f"web-{n}") for n in range(4) for step in ("stopped", "spawned")]


def test_signals_reach_processes(programs):
    command = "sh -c 'trap \"echo got\" USR1; echo up; while :; do sleep 0.02; done'"
    programs.start(program("a", command, startsecs=0, stdout_logfile=programs.path("out")) + program("b", SLEEP, autostart="false"))
    programs.wait_text("out", "up")
    answer = programs.ask("programs-signal", signal="USR1")
    assert results(answer) == {"a:a": "SUCCESS", "b:b": "NOT_RUNNING"}
    programs.wait_text("out", "got")


def test_writing_and_clearing(programs):
    programs.start(program("a", "cat", startsecs=0, stdout_logfile=programs.path("out")) + program("b", "cat", autostart="false"))
    wait_states(programs, a="RUNNING", b="STOPPED")
    assert results(programs.ask("programs-write", names=["a", "b"], text="hello\n")) == {"a:a": "SUCCESS", "b:b": "NOT_RUNNING"}
    programs.wait_text("out", "hello\n")
    assert results(programs.ask("programs-clear", names=["a"])) == {"a:a": "SUCCESS"}
    assert programs.text("out") == ""
    programs.ask("programs-write", names=["a"], text="again\n")
    programs.wait_text("out", "^again\n$")


# --- another configuration ---

def changes(programs):
    answer = programs.ask("programs-reread")
    assert answer["ok"], answer
    return {change["group"]: (change["change"], {row["name"]: row["change"] for row in change["processes"]})
            for change in answer["changes"]}


def test_reread_tells_what_an_update_would_do_and_update_does_it(programs):
    programs.start(webs(2) + program("old", SLEEP, startsecs=0) + program("same", SLEEP, startsecs=0))
    programs.wait_log("success: ", 4)
    before = pids(programs)
    programs.configure(webs(3) + program("new", SLEEP, startsecs=0) + program("same", SLEEP, startsecs=0))
    expected = {"web": ("changed", {"web-2": "added"}), "new": ("added", {}), "old": ("removed", {})}
    assert changes(programs) == expected and changes(programs) == expected
    assert pids(programs) == before
    available = programs.ask("programs-available")["programs"]
    assert {row["name"]: row["active"] for row in available} == \
        {"web-0": True, "web-1": True, "web-2": True, "new": False, "same": True}
    for group in expected:
        assert programs.ask("group-update", name=group)["ok"]
    wait_states(programs, new="RUNNING", same="RUNNING", **{f"web-{n}": "RUNNING" for n in range(3)})
    after = pids(programs)
    assert {name: after[name] for name in ("same", "web-0", "web-1")} == {name: before[name] for name in ("same", "web-0", "web-1")}
    assert not process_lives(before["old"])
    assert changes(programs) == {}


def test_groups_are_added_and_removed(programs):
    programs.start(program("a", SLEEP, startsecs=0))
    wait_states(programs, a="RUNNING")
    answer = programs.ask("group-remove", name="a")
    assert answer["error"] == {"code": "conflict", "message": "programs of the group a still run"}
    programs.carry_out("programs-stop", names=["a"])
    assert programs.ask("group-remove", name="a")["ok"]
    assert states(programs) == {}
    assert programs.ask("group-add", name="a")["ok"]
    wait_states(programs, a="RUNNING")


def test_a_broken_file_changes_nothing(programs):
    programs.start(program("a", SLEEP, startsecs=0))
    wait_states(programs, a="RUNNING")
    programs.configure("[program:a]\nnumprocs = 2\n")
    answer = programs.ask("programs-reread")
    assert answer["error"]["code"] == "invalid" and "command" in answer["error"]["message"]
    assert states(programs) == {"a": "RUNNING"}


def reload_by_hup(programs):
    programs.musterd.signal(signal.SIGHUP)
    return wait_for(lambda: programs.ask("programs")["settled"] and "received SIGHUP" in programs.musterd.log_text())


def test_hup_touches_only_what_has_changed(programs):
    programs.start(webs(3) + program("a", SLEEP, startsecs=0) + program("quiet", SLEEP, autostart="false")
                   + program("held", SLEEP, startsecs=0), daemon="[muster]\n")
    programs.wait_log("success: ", 5)
    programs.carry_out("programs-stop", names=["held"])
    before = pids(programs)
    programs.configure(webs(2) + program("a", "sleep 601", startsecs=0) + program("quiet", "sleep 601", autostart="false")
                       + program("held", "sleep 601", startsecs=0), daemon="[muster]\n")
    reload_by_hup(programs)
    wait_states(programs, a="RUNNING", quiet="STOPPED", held="STOPPED", **{"web-0": "RUNNING", "web-1": "RUNNING"})
    after = pids(programs)
    assert after["web-0"] == before["web-0"] and after["web-1"] == before["web-1"] and after["a"] != before["a"]
    assert not process_lives(before["web-2"])
    programs.wait_log("reload: 4 groups of programs have changed")


def test_a_log_that_moves_takes_no_new_process(programs):
    command = "sh -c 'while :; do echo line; sleep 0.02; done'"
    programs.start(program("a", command, startsecs=0, stdout_logfile=programs.path("one")), daemon="[muster]\n")
    programs.wait_text("one", "line")
    before = pids(programs)
    programs.configure(program("a", command, startsecs=0, stdout_logfile=programs.path("two")), daemon="[muster]\n")
    reload_by_hup(programs)
    programs.wait_text("two", "line")
    assert pids(programs) == before


def test_another_event_makes_a_listener_group_anew(programs):
    section = "[eventlistener:l]\ncommand = sleep 600\nstartsecs = 0\n"
    programs.start(section + "events = TICK_60\n" + program("a", SLEEP, startsecs=0))
    programs.wait_log("success: ", 2)
    before = pids(programs)
    programs.configure(section + "events = PROCESS_STATE\n" + program("a", SLEEP, startsecs=0))
    assert changes(programs) == {"l": ("changed", {})}
    assert programs.ask("group-update", name="l")["ok"]
    wait_states(programs, a="RUNNING", l="RUNNING")
    assert pids(programs)["l"] != before["l"] and pids(programs)["a"] == before["a"]
