# SPDX-License-Identifier: MIT
"""The master and its children: starting, hearing, judging, and what becomes of those that die."""
import os
import re
import resource
import shutil
import signal
import subprocess
import time

import pytest

from support.musterd import FAKE_WORKER, MUSTERD, Musterd
from support.processes import descriptors_of, process_lives, wait_dead, wait_for

QUEUE = "[queue:{}]\ncommand = true\nworkers = {}\nconcurrency = 2\n"


def queues(**workers):
    return "".join(QUEUE.format(name.replace("_", "-"), count) for name, count in workers.items())


def starts(musterd, queue):
    """id, pid, generation of the settings and number of descriptors of each start."""
    lines = [line.split() for line in musterd.fake_lines(f"start {queue} ")]
    return [(worker, int(pid), int(generation), int(count)) for _, _, worker, pid, generation, count in lines]


def wait_returned(musterd, owner):
    return wait_for(lambda: owner in [line.split()[1] for line in musterd.fake_lines("return ")],
                    lambda: f"the return of {owner}\n{musterd.log_text()}")


# --- what runs ---


def test_as_many_workers_as_configured_and_the_maintenance_process(musterd):
    musterd.configure(queues(emails=2, images=1) + "[queue:idle]\nworkers = 3\n")
    musterd.start()
    musterd.wait_running(3)
    status = musterd.ask("status")
    assert (status["pid"], status["state"], status["generation"]) == (musterd.pid, "running", 1)
    assert status["settings"] == str(musterd.config)
    assert {queue["queue"]: (queue["wanted"], queue["running"]) for queue in status["queues"]} == \
        {"emails": (2, 2), "images": (1, 1), "idle": (0, 0)}  # without a command nobody runs its jobs
    wait_for(lambda: musterd.ask("status")["maintenance"]["state"] == "RUNNING")
    assert musterd.ask("status")["maintenance"]["unreturned"] == 0
    assert len(starts(musterd, "emails")) == 2 and len(starts(musterd, "maintenance")) == 1


def test_what_a_heartbeat_says_is_told(musterd):
    musterd.configure(queues(emails=1))
    musterd.start()
    # It says that it uses half of the time that passes; on a busy machine some heartbeats are heard late.
    worker = wait_for(lambda: [w for w in musterd.workers() if w["status"] == "busy" and 40 < w["cpu"] < 60])[0]
    assert worker["id"].startswith("worker_") and worker["queue"] == "emails"
    assert (worker["memory"], worker["jobs_processed"], worker["failed"]) == (5 << 20, 7, 3)
    assert (worker["busy"], worker["concurrency"]) == (1, 2)
    assert worker["started_at"] <= worker["last_heartbeat"] <= time.time() * 1000 + 1000


@pytest.mark.no_valgrind("valgrind has descriptors of its own")
def test_a_child_inherits_only_what_it_needs(musterd):
    with open(os.devnull) as inherited:
        os.set_inheritable(inherited.fileno(), True)
        musterd.configure(queues(emails=2))
        musterd.start()
        musterd.wait_running(2)
    # settings, two pipes and the board (or the channel of calls) beside the standard ones, and its own signalfd
    assert [count for *_, count in starts(musterd, "emails")] == [8, 8]
    maintenance = wait_for(lambda: starts(musterd, "maintenance"), "the start of the maintenance process")
    assert [count for *_, count in maintenance] == [8]


def test_running_jobs_are_read_from_the_board(musterd):
    musterd.configure(queues(jobs=1))
    musterd.start()
    musterd.wait_running(1)
    jobs = musterd.workers()[0]["jobs"]
    assert [(job["uuid"], job["attempt"]) for job in jobs] == [("first-job", 1), ("second-job", 2)]
    assert all(job["running_ms"] >= 0 for job in jobs)


def test_figures_of_a_queue_are_told(musterd):
    musterd.environment["FAKE_MAINTENANCE"] = "metrics"
    musterd.configure(queues(emails=1))
    musterd.start()
    metrics = wait_for(lambda: musterd.ask("status")["queues"][0]["metrics"])
    assert metrics == {"ready": 11, "reserved": 12, "delayed": 13, "failed": 14, "oldest_ms": 1500}


def test_torn_and_foreign_records_do_not_count(musterd):
    musterd.configure(queues(torn=1, torn_mute=1))
    musterd.start()
    musterd.wait_running(1, "torn")
    wait_for(lambda: starts(musterd, "torn-mute"))
    assert musterd.workers("torn-mute")[0]["state"] == "STARTING"
    assert musterd.process.poll() is None


def test_a_child_that_talks_without_end_does_not_keep_the_master_from_the_others(musterd):
    musterd.configure(queues(flood=1, calm=1))
    musterd.start()
    (old, pid), = musterd.wait_running(1, "calm").items()
    musterd.wait_running(1, "flood")
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: old not in musterd.wait_running(1, "calm"))
    musterd.wait_running(1, "flood")


# --- what dies ---


def test_a_killed_worker_is_replaced_and_its_leases_are_returned(musterd):
    musterd.configure(queues(jobs=1, others=1))
    musterd.start()
    (old, pid), = musterd.wait_running(1, "jobs").items()
    others = musterd.wait_running(1, "others")
    os.kill(pid, signal.SIGKILL)
    wait_returned(musterd, old)
    assert musterd.fake_lines("begun") == ["begun first-job 1", "begun second-job 2"]
    assert musterd.fake_lines("return") == [f"return {old} database"]
    assert old not in musterd.wait_running(1, "jobs")
    assert musterd.running("others") == others
    wait_for(lambda: musterd.ask("status")["maintenance"]["unreturned"] == 0)
    assert "backoff:" not in musterd.log_text()  # the first time there is no pause


def test_what_a_dead_worker_left_behind_is_gone_before_its_leases_are_returned(musterd):
    musterd.configure(queues(brood=1))
    musterd.start()
    (old, pid), = musterd.wait_running(1).items()
    brood = wait_for(lambda: len(found := musterd.fake_lines("child") + musterd.fake_lines("grandchild")) == 2 and found)
    brood = [int(line.split()[1]) for line in brood]
    assert all(map(process_lives, brood))
    os.kill(pid, signal.SIGKILL)
    wait_returned(musterd, old)
    assert not any(map(process_lives, brood))


def test_a_return_that_was_not_confirmed_is_told_to_the_next_maintenance_process(musterd):
    musterd.environment["FAKE_MAINTENANCE"] = "lost"
    musterd.configure(queues(jobs=1))
    musterd.start()
    (old, pid), = musterd.wait_running(1).items()
    os.kill(pid, signal.SIGKILL)
    wait_returned(musterd, old)
    assert musterd.ask("status")["maintenance"]["unreturned"] == 1
    # The next one drops its first confirmation too, the worker's return is the second to nobody.
    musterd.environment["FAKE_MAINTENANCE"] = ""
    os.kill(musterd.ask("status")["maintenance"]["pid"], signal.SIGKILL)
    wait_for(lambda: len(musterd.fake_lines(f"return {old}")) == 2)
    assert musterd.fake_lines("begun") == 2 * ["begun first-job 1", "begun second-job 2"]


def test_a_dead_maintenance_process_is_replaced(musterd):
    musterd.configure(queues(emails=1))
    musterd.start()
    pid = wait_for(lambda: musterd.ask("status")["maintenance"]["state"] == "RUNNING"
                   and musterd.ask("status")["maintenance"]["pid"])
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: (now := musterd.ask("status")["maintenance"])["state"] == "RUNNING" and now["pid"] != pid)


def test_a_worker_that_ends_well_is_replaced(musterd):
    musterd.configure(queues(first_exit0=1))
    musterd.start()
    wait_for(lambda: len(starts(musterd, "first-exit0")) == 2)
    musterd.wait_running(1)
    musterd.wait_log(r"exited: first-exit0:\S+ \(exit status 0; expected\)")


def test_a_worker_that_crashes_is_reported_with_its_signal(musterd):
    musterd.configure(queues(first_crash=1))
    musterd.start()
    wait_for(lambda: len(starts(musterd, "first-crash")) == 2)
    musterd.wait_running(1)
    musterd.wait_log(r"exited: first-crash:\S+ \(signal 9 \(SIGKILL\); not expected\)")


# --- stalls ---


@pytest.mark.parametrize("how", ["stopped", "silent"])
def test_a_worker_that_is_silent_for_too_long_is_killed_and_replaced(musterd, how):
    name = "first_silent" if how == "silent" else "emails"
    musterd.configure(queues(**{name: 1, "others": 1}), health_check_interval=3)
    musterd.start()
    name = name.replace("_", "-")
    (old, pid), = musterd.wait_running(1, name).items()
    others = musterd.wait_running(1, "others")
    if how == "stopped":
        os.kill(pid, signal.SIGSTOP)
    wait_returned(musterd, old)
    assert not process_lives(pid)
    assert old not in musterd.wait_running(1, name)
    assert musterd.running("others") == others
    musterd.wait_log(rf"stalled: {name}:{old} has been silent for [\d.]+ s")


def test_a_master_that_was_held_up_judges_nobody_by_that(musterd):
    musterd.configure(queues(emails=2), health_check_interval=2)
    musterd.start()
    workers = musterd.wait_running(2)
    musterd.signal(signal.SIGSTOP)
    time.sleep(3.5)  # longer than any worker may be silent
    musterd.signal(signal.SIGCONT)
    heard = max(worker["last_heartbeat"] for worker in musterd.workers())
    wait_for(lambda: all(worker["last_heartbeat"] > heard for worker in musterd.workers()))
    assert musterd.running() == workers
    assert "stalled" not in musterd.log_text()


# --- starts that fail ---


def test_a_program_that_does_not_exist_is_tried_again_until_it_does(musterd, tmp_path):
    program = tmp_path / "missing" / "muster-worker"
    worker = musterd.environment["MUSTER_WORKER"]
    musterd.environment["MUSTER_WORKER"] = str(program)
    musterd.configure(queues(emails=1))
    musterd.start()
    musterd.wait_log(rf"spawnerr: 'emails:\S+': cannot run {program}: No such file or directory")
    musterd.wait_log(r"backoff: emails:\S+ starts again in")
    assert musterd.workers()[0]["state"] in ("BACKOFF", "STARTING")
    program.parent.mkdir()
    program.symlink_to(worker)
    musterd.wait_running(1)


def test_pauses_of_a_crash_loop_grow_to_their_limit_and_others_are_unaffected(musterd):
    musterd.configure(queues(boot_exit3=1, others=1), restart_delay="20ms", restart_delay_max="150ms")
    musterd.start()
    others = musterd.wait_running(1, "others")
    musterd.wait_log(r"\(failure 6 in a row\)")
    pauses = [float(pause) for pause in re.findall(r"boot-exit3:\S+ starts again in ([\d.]+) s", musterd.log_text())]
    assert pauses[0] <= 0.05 and all(pause < 0.2 for pause in pauses) and max(pauses) >= 0.1
    assert musterd.running("others") == others
    assert {worker["state"] for worker in musterd.workers("boot-exit3")} <= {"BACKOFF", "STARTING"}
    assert not musterd.fake_lines("return")  # it never got so far as to reserve anything


@pytest.mark.no_valgrind("valgrind takes descriptors, too, and ends without them")
def test_without_descriptors_the_control_socket_answers_and_starts_are_tried_again(musterd):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 1000))
    musterd.configure(queues(emails=20))
    musterd.start(preexec=limit)
    musterd.wait_log(r"spawnerr: .*Too many open files")
    running = wait_for(lambda: len(now := musterd.running()) > 2 and now)
    wait_for(lambda: {worker["state"] for worker in musterd.workers()} >= {"BACKOFF", "RUNNING"}, musterd.log_text)
    resource.prlimit(musterd.pid, resource.RLIMIT_NOFILE, (1000, 1000))
    assert running.items() <= musterd.wait_running(20).items()


@pytest.fixture
def nobodys_musterd(everybodys):
    """For a user with few processes of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another user")
    for program in (MUSTERD, FAKE_WORKER):
        shutil.copy(program, everybodys)
    daemon = Musterd(everybodys, worker=everybodys / FAKE_WORKER.name)
    daemon.program = everybodys / MUSTERD.name
    yield daemon
    daemon.end()


@pytest.mark.no_valgrind("valgrind 3.19 does not survive a fork that fails")
def test_where_fork_fails_starts_are_tried_again(nobodys_musterd):
    musterd = nobodys_musterd
    user = 20000 + os.getpid() % 40000  # the processes of a user are counted over the whole machine

    def become_nobody():
        resource.setrlimit(resource.RLIMIT_NPROC, (4, 100))
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    musterd.configure(queues(emails=6))
    musterd.start(preexec=become_nobody)
    musterd.wait_log(r"spawnerr: 'emails:\S+': .*Resource temporarily unavailable")
    wait_for(lambda: len(musterd.running()) >= 2)
    subprocess.run(["prlimit", f"--pid={musterd.pid}", "--nproc=100:100"], user=user, group=user, check=True)
    musterd.wait_running(6)


# --- the end of the master ---


def test_when_the_master_is_killed_workers_finish_and_nobody_lives_on(musterd):
    musterd.configure(queues(emails=2, long=1))
    musterd.start()
    workers = musterd.wait_running(3)
    maintenance = wait_for(lambda: musterd.ask("status")["maintenance"]["pid"])
    long, = musterd.running("long").items()
    musterd.process.kill()
    musterd.process.wait()
    wait_dead([*workers.values(), maintenance])
    assert len(musterd.fake_lines("orphaned")) == 4
    assert f"drain long {long[0]}" in musterd.fake_lines("drain")  # it went on for its 500 ms
    assert not musterd.fake_lines("signal")


def test_after_a_kill_a_new_master_starts_clean(musterd):
    musterd.configure(queues(emails=1))
    musterd.start()
    workers = musterd.wait_running(1)
    musterd.process.kill()
    musterd.process.wait()
    assert musterd.pidfile.exists() and musterd.socket.exists()
    musterd.start()
    assert not workers.keys() & musterd.wait_running(1).keys()
    assert musterd.pidfile.read_text() == f"{musterd.pid}\n"
    assert musterd.stop() == 0


def test_descriptors_do_not_grow(musterd):
    musterd.configure(queues(emails=3))
    musterd.start()
    musterd.wait_running(3)
    wait_for(lambda: musterd.ask("status")["maintenance"]["state"] == "RUNNING")
    before = len(descriptors_of(musterd.pid))
    for _ in range(5):
        old = musterd.wait_running(3)
        for pid in old.values():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(now := musterd.running()) == 3 and not now.keys() & old.keys())
    wait_for(lambda: musterd.ask("status")["maintenance"]["unreturned"] == 0)
    wait_for(lambda: len(descriptors_of(musterd.pid)) <= before, lambda: descriptors_of(musterd.pid))
