# SPDX-License-Identifier: MIT
"""Many random SIGKILLs in one run, and a checker over what happened."""
import os
import random
import signal
import time

import pytest

from support.history import broken_leases, broken_promises
from support.processes import children_of, wait_for

KILLS = 200


class Load:
    """Jobs of two queues, pushed a few at a time while the killing goes on."""

    def __init__(self, muster, chance):
        self.muster, self.chance = muster, chance
        self.persistent, self.programs, self.failing = set(), set(), set()

    def configure(self, window=0, **muster):
        self.window = window
        environment = f"EFFECTS=effects,WINDOW={window}"
        queues = [self.muster.queue("persistent", workers=3, concurrency=2, environment=environment),
                  self.muster.queue("programs", handler="exec", workers=2, concurrency=2)]
        self.muster.configure(*queues, options={"max_attempts": 0, "backoff_delay": "20ms", "timeout": 600},
                              connection={"retry_after": 600}, restart_delay="10ms", restart_delay_max="50ms", **muster)

    def make(self):
        kind = self.chance.random()
        data = {"do": "sleep", "seconds": self.chance.choice([0, 0.002, 0.02])}
        if kind < 0.05:
            data = {"do": "fail", "times": 1}
        elif kind < 0.1:
            data = {"do": "fail", "retry": False}
        job = {"job": "Sleep0.01", "queue": "programs"} if kind > 0.8 else {"job": "Test", "queue": "persistent"}
        return {**job, "data": data, "priority": self.chance.choice([0, 0, 5]), "delay": self.chance.choice([0, 0, 0.1])}

    def push(self, count):
        jobs = [self.make() for _ in range(count)]
        for uuid, job in zip(self.muster.bulk(jobs), jobs):
            of = self.programs if job["queue"] == "programs" else self.persistent
            of.add(uuid)
            if of is self.persistent and job["data"].get("retry") is False:
                self.failing.add(uuid)

    def wait_over(self):
        """Until nothing is left but the effects."""
        def left():
            return {queue: total for queue in ("persistent", "programs")
                    if (total := self.muster.stats(f"--queue={queue}")["total"])}
        wait_for(lambda: not left(), lambda: f"{left()} left\n{self.muster.log_text()}", 150)

    def check(self):
        muster = self.muster
        effects = [(effect["uuid"], effect["attempt"]) for effect in muster.collect("effects")]
        failed = muster.failed("--queue=persistent").keys()
        wrong = broken_promises(Only(muster.history, self.persistent), self.persistent, failed, set(), effects, self.window > 0)
        wrong += broken_leases(Only(muster.history, self.programs), [])
        assert wrong == [], f"{len(wrong)} broken promises: {wrong[:20]}"
        assert failed == self.failing
        done = muster.history.uuids("done")
        assert self.programs <= done and not muster.failed("--queue=programs")


class Only:
    """A history with the jobs of one queue alone."""

    def __init__(self, history, uuids):
        self.history, self.uuids = history, uuids

    def lines(self, *whats):
        return [line for line in self.history.lines(*whats) if line[1] in self.uuids]


def victims(muster):
    """Workers, their handlers, and the maintenance process."""
    below = children_of(muster.pid)
    return [*below, *(handler for worker in below for handler in children_of(worker))]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("window", [0, 4])
def test_no_job_is_lost_or_ends_twice_however_workers_and_handlers_die(muster, window):
    chance = random.Random(20240702)
    load = Load(muster, chance)
    load.configure(window)
    muster.start()
    kills = 0
    while kills < KILLS:
        if muster.stats("--queue=persistent")["total"] < 60:
            load.push(60)
        for _ in range(5):
            found = wait_for(lambda: victims(muster))
            kills += kill(chance.choice(found))
            time.sleep(chance.uniform(0, 0.03))
    load.wait_over()
    load.check()
    assert muster.stop() == 0
    assert muster.survivors() == []


@pytest.mark.parametrize("way", ["kill", "power cut"])
def test_no_job_is_lost_or_ends_twice_however_the_master_dies(muster, way):
    chance = random.Random(7)
    load = Load(muster, chance)
    load.configure(stop_timeout="20s", kill_timeout="1s")  # what is ended in the middle may begin anew
    if way == "power cut":
        text = muster.config.read_text().replace("retry_after = 600", "retry_after = 1")
        muster.config.write_text(text)
    muster.start()
    for _ in range(10):
        begun = len(muster.history.lines("begin")) + chance.randrange(20)
        load.push(40)  # some or all of them may have begun when this returns
        wait_for(lambda: len(muster.history.lines("begin")) > begun, muster.log_text)
        if way == "kill":
            muster.process.kill()
        else:
            muster.kill_all()
        muster.process.wait()
        muster.start()
    load.wait_over()
    load.check()
    assert muster.stop() == 0
    assert muster.survivors() == []
