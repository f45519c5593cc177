# SPDX-License-Identifier: MIT
"""`depends_on`: the order in which programs start and stop; and restarts of a few at a time."""
import json
import re
import signal
import subprocess

import pytest

from support.musterd import send
from support.processes import PROGRAMS, wait_for
from support.programs import SLEEP, program


def gated(programs, name, **keys):
    """A program that is ready when there is a file of its name."""
    return program(name, SLEEP, ready=f"command test -e {name}", directory=programs.directory, **keys)


def opened(programs, *names):
    for name in names:
        programs.path(name).touch()


def state(programs, name):
    return programs.rows()[name]["state"]


def wait_state(programs, name, wanted):
    return wait_for(lambda: state(programs, name) == wanted, lambda: f"{name} {wanted}\n{programs.musterd.log_text()}")


def wait_running(programs, *names):
    for name in names:
        wait_state(programs, name, "RUNNING")


def order(programs, pattern):
    """The names that a pattern finds in the log, in order."""
    return re.findall(pattern, programs.musterd.log_text())


def spawned(programs):
    return order(programs, r"spawned: '(\S+)'")


def stopped(programs):
    return order(programs, r"stopped: (\S+) ")


# --- starting ---

def test_one_starts_when_what_it_depends_on_is_ready(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db, cache", priority=1) +
                   gated(programs, "db", priority=5) + gated(programs, "cache", priority=9))
    opened(programs, "cache")
    wait_running(programs, "cache")
    row = programs.rows()["web"]
    assert (row["state"], row["waits_for"], row["description"]) == \
        ("STOPPED", "db (STARTING)", "waits for db (STARTING); Not started")
    told = json.loads(muster(programs, "status", "web", "--json").stdout)["programs"][0]
    assert (told["waits_for"], told["health"], told["ended_because"]) == ("db (STARTING)", None, None)
    opened(programs, "db")
    wait_running(programs, "web")
    assert spawned(programs) == ["db", "cache", "web"]
    assert programs.rows()["web"]["waits_for"] is None
    assert "waiting: web is started when db (STARTING) runs" in programs.musterd.log_text()


def test_chains_groups_and_processes_by_number(programs):
    programs.start(program("c", SLEEP, startsecs=0, depends_on="g:b_1", priority=1) +
                   program("b", SLEEP, startsecs=0, depends_on="db:*", priority=1, numprocs=2, process_name="b_%(process_num)d") +
                   program("a", SLEEP, startsecs=0, priority=9) + "[group:g]\nprograms = b\n[group:db]\nprograms = a\n")
    wait_running(programs, "a", "b_0", "b_1", "c")
    assert spawned(programs) == ["a", "b_0", "b_1", "c"]


def test_a_start_by_hand_starts_what_it_depends_on(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="api", autostart="false") +
                   program("api", SLEEP, startsecs=0, depends_on="db", autostart="false") +
                   gated(programs, "db", autostart="false") + program("x", SLEEP, startsecs=0, autostart="false"))
    answer = programs.ask("programs-start", names=["web"])
    wait_state(programs, "db", "STARTING")
    assert not programs.ask("operation", operation=answer["operation"])["done"]
    opened(programs, "db")
    results = programs.wait_operation(answer)["results"]
    assert [(result["name"], result["result"]) for result in results] == [("web", "SUCCESS")]
    assert spawned(programs) == ["db", "api", "web"]


def test_what_needs_another_that_is_not_started_by_itself_starts_it(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db") + program("db", SLEEP, startsecs=0, autostart="false"))
    wait_running(programs, "web")
    assert spawned(programs) == ["db", "web"]


def test_several_that_are_started_together_are_all_started_by_that(programs):
    programs.start(program("a", SLEEP, startsecs=0, depends_on="b", autostart="false") +
                   program("b", SLEEP, startsecs=0, autostart="false"))
    results = programs.carry_out("programs-start", names=["all"])["results"]
    assert {result["name"]: result["result"] for result in results} == {"a": "SUCCESS", "b": "SUCCESS"}


def test_a_job_that_has_ended_well_lets_others_begin(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="migrate", priority=1) +
                   program("migrate", "sh -c 'while ! test -e go; do sleep 0.05; done'", ready="exit", directory=programs.directory))
    wait_state(programs, "migrate", "STARTING")
    assert state(programs, "web") == "STOPPED"
    opened(programs, "go")
    wait_running(programs, "web")
    assert state(programs, "migrate") == "EXITED"


def test_a_start_is_in_vain_where_what_it_needs_is_fatal(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db") + program("db", "false", startsecs=60, startretries=0))
    wait_state(programs, "db", "FATAL")
    wait_for(lambda: programs.rows()["web"]["waits_for"] == "db (FATAL)", "the state of db")
    result = programs.carry_out("programs-start", names=["web"])["results"][0]
    assert (result["result"], result["message"]) == ("ABNORMAL_TERMINATION", "it waits for db (FATAL)")
    assert len(programs.pids("db")) == 2  # it was tried again
    assert programs.rows()["web"]["waits_for"] is None


def test_one_that_waits_can_be_stopped(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db") + gated(programs, "db"))
    wait_for(lambda: programs.rows()["web"]["waits_for"], "waiting")
    assert programs.carry_out("programs-stop", names=["web"])["results"][0]["result"] == "SUCCESS"
    opened(programs, "db")
    wait_running(programs, "db")
    assert state(programs, "web") == "STOPPED" and programs.pids("web") == []


def test_an_end_of_what_it_depends_on_does_not_touch_it(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db") + program("db", SLEEP, startsecs=0, autorestart="false"))
    wait_running(programs, "web")
    send(programs.pids("db")[0], signal.SIGKILL)
    wait_state(programs, "db", "EXITED")
    send(programs.pids("web")[0], signal.SIGKILL)
    programs.wait_pid("web", 2)
    assert len(programs.pids("db")) == 1


def test_one_that_waits_goes_on_waiting_after_an_upgrade(programs):
    programs.start(program("web", SLEEP, startsecs=0, depends_on="db") + gated(programs, "db"))
    wait_for(lambda: programs.rows()["web"]["waits_for"], "waiting")
    programs.musterd.upgrade()
    wait_for(lambda: programs.rows()["web"]["waits_for"] == "db (STARTING)", "waiting")
    opened(programs, "db")
    wait_running(programs, "web")
    assert len(programs.pids("db")) == 1


# --- stopping ---

CHAIN = "".join([
    program("a", SLEEP, startsecs=0, depends_on="b", priority=1),
    program("b", SLEEP, startsecs=0, depends_on="c", priority=5),
    program("c", SLEEP, startsecs=0, priority=9)])


def test_a_shutdown_stops_in_reverse_whatever_the_priorities_are(programs):
    programs.start(CHAIN)
    wait_running(programs, "a", "b", "c")
    assert programs.musterd.stop() == 0
    assert stopped(programs) == ["a", "b", "c"]


def test_so_does_a_stop_of_several(programs):
    programs.start(CHAIN)
    wait_running(programs, "a", "b", "c")
    programs.carry_out("programs-stop", names=["c", "b", "a"])
    assert stopped(programs) == ["a", "b", "c"]


def test_a_stop_of_one_stops_one(programs):
    programs.start(CHAIN)
    wait_running(programs, "a", "b", "c")
    programs.carry_out("programs-stop", names=["c"])
    assert stopped(programs) == ["c"]


def test_a_restart_of_several_stops_in_reverse_and_starts_in_order(programs):
    programs.start(CHAIN)
    wait_running(programs, "a", "b", "c")
    results = programs.carry_out("programs-restart", names=["all"])["results"]
    assert {result["result"] for result in results} == {"SUCCESS"}
    assert stopped(programs) == ["a", "b", "c"]
    assert spawned(programs)[3:] == ["c", "b", "a"]


# --- configuration ---

@pytest.mark.parametrize("sections, line, complaint", [
    (program("a", SLEEP, depends_on="b") + program("b", SLEEP, depends_on="c") + program("c", SLEEP, depends_on="b"), None,
     "programs wait for each other in a circle: b -> c -> b"),
    (program("a", SLEEP, depends_on="a"), "depends_on = a", "in a circle: a -> a"),
    (program("a", SLEEP, depends_on="g:*") + "[group:g]\nprograms = a\n", "depends_on = g:*", "in a circle: a -> a"),
    (program("database", SLEEP) + program("a", SLEEP, depends_on="databas"), "depends_on = databas",
     "there is no program or group databas; did you mean database?"),
    (program("a", SLEEP, depends_on="g:b") + program("b", SLEEP), "depends_on = g:b", "there is no program or group g:b"),
])
def test_circles_and_unknown_names_are_refused(programs, sections, line, complaint):
    programs.configure(sections)
    said = programs.refused()
    lines = programs.musterd.config.read_text().splitlines()
    number = lines.index(line or "depends_on = b", 0 if line else 12) + 1
    assert f"muster.ini:{number}:" in said and complaint in said, said


def test_a_circle_is_refused_when_the_file_is_read_again(programs):
    programs.start(CHAIN)
    wait_running(programs, "a")
    programs.configure(CHAIN.replace("priority = 9", "depends_on = a"))
    answer = programs.ask("programs-reread")
    assert not answer["ok"] and "in a circle: a -> b -> c -> a" in answer["error"]["message"], answer


# --- a few at a time ---

def muster(programs, *words):
    return subprocess.run([PROGRAMS / "muster", *words, "--config", programs.musterd.config], capture_output=True, text=True,
                          env=programs.musterd.environment)


def webs(programs):
    return program("web", "sh -c 'test ! -e bad && echo >&3 && exec sleep 600'", numprocs=4, process_name="web-%(process_num)d",
                   directory=programs.directory, startretries=0, ready="fd:3")


def test_a_rolling_restart_waits_for_each_to_be_ready(programs):
    programs.start(webs(programs))
    names = [f"web-{i}" for i in range(4)]
    wait_running(programs, *names)
    result = muster(programs, "restart", "--rolling", "web-*", "--json")
    assert result.returncode == 0, result.stderr
    assert [row["result"] for row in json.loads(result.stdout)["programs"]] == ["restarted"] * 4
    story = order(programs, r"(stopped|success): (web-\d)")[4:]
    assert story == [(word, name) for name in names for word in ("stopped", "success")]


def test_so_many_at_a_time(programs):
    programs.start(webs(programs))
    wait_running(programs, *[f"web-{i}" for i in range(4)])
    assert muster(programs, "restart", "--rolling=3", "web").returncode == 0
    story = [word for word, _ in order(programs, r"(stopped|success): (web-\d)")[4:]]
    assert story.count("stopped") == 4 and "success" in story[:4]


def test_a_rolling_restart_ends_at_the_first_failure(programs):
    programs.start(webs(programs))
    wait_running(programs, *[f"web-{i}" for i in range(4)])
    opened(programs, "bad")
    result = muster(programs, "restart", "--rolling", "web", "--json")
    assert result.returncode == 7
    rows = {row["name"]: (row["result"], row["message"]) for row in json.loads(result.stdout)["programs"]}
    assert rows["web:web-0"][0] == "spawn error"
    assert rows["web:web-1"] == rows["web:web-3"] == ("failed", "left as it is: web-0 has failed before it")
    assert [state(programs, f"web-{i}") for i in range(1, 4)] == ["RUNNING"] * 3


def test_no_number_is_refused(programs):
    programs.start(webs(programs))
    result = muster(programs, "restart", "--rolling=0", "web")
    assert result.returncode == 2 and "--rolling=0" in result.stderr
