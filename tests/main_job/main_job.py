#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The main job of Muster, from end to end: main_job.py [BUILD-DIRECTORY]

Two queues, a persistent handler in Python and one in shell that is started for each job, run 1,000 jobs from a file:
some are delayed, some urgent, some fail, some kill their handler; and while they run, workers are killed. At the end no
job is missing, the failed ones are listed, and are retried. Ends with status 0 where all of that was seen.
"""
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from support.muster import Muster  # noqa: E402
from support.processes import process_lives, wait_for  # noqa: E402

JOBS = 1000
PARCELS = 4  # jobs that take so long that their worker is killed meanwhile
LEASE_SECONDS = 90  # after which a job of a dead worker would be given to another one anyway
FAILING = {"SendToNowhere": 12, "SendBomb": 3, "MakeOfBrokenImage": 10}  # how many there are of each
OTHERS = {"SendAtSecondTry": 40, "MakeOnBusyDisk": 20, "MakeThumbnail": 250}

CONFIGURATION = """\
[muster]
datadir = {directory}
restart_delay = 100ms

[worker_options]
max_attempts = 3
backoff = fixed
backoff_delay = 200ms

[queue:letters]
handler = persistent
command = {here}/letters.py
environment = HISTORY="{directory}/history",REPAIRED="{directory}/repaired"
workers = 2
concurrency = 2

[queue:thumbnails]
handler = exec
command = {here}/thumbnails.sh
environment = HISTORY="{directory}/history",REPAIRED="{directory}/repaired"
workers = 2
"""


def say(text=""):
    print(text, flush=True)


def check(truth, what):
    say(f"  {'yes' if truth else 'NO '}  {what}")
    if not truth:
        sys.exit(f"main_job: this was not so: {what}")


def describe_job(name, chance):
    job = {"job": name, "data": {"to": chance.choice(["Bremen", "Erewhon", "Oslo"]), "image": chance.randrange(10**6)}}
    if name.startswith("Make"):
        job["queue"] = "thumbnails"
    if chance.random() < 0.05:
        job["delay"] = chance.choice([0.5, 1, 2])
    if chance.random() < 0.1:
        job["priority"] = chance.choice([-10, 5, 10])
    return job


def write_jobs(path):
    chance = random.Random(1)
    names = [name for name, count in {**FAILING, **OTHERS}.items() for _ in range(count)]
    names += ["SendLetter"] * (JOBS - PARCELS - len(names))
    jobs = [describe_job(name, chance) for name in names] + PARCELS * [{"job": "SendParcel", "priority": 20}]
    chance.shuffle(jobs)
    path.write_text("".join(json.dumps(job) + "\n" for job in jobs))


class MainJob:
    def __init__(self, muster):
        self.muster = muster
        self.history = muster.directory / "history"
        self.history.touch()
        muster.config.write_text(CONFIGURATION.format(directory=muster.directory, here=HERE))

    def show(self, *arguments, end=None):
        """Runs a command as somebody at a terminal would; end lines of its output are enough."""
        say(f"\n$ muster {' '.join(map(str, arguments))}")
        result = self.muster.run(*arguments, stderr=subprocess.STDOUT)
        output = result.stdout.splitlines()
        if end and len(output) > end:
            output = [*output[:end], f"… and {len(output) - end} more lines"]
        say("\n".join(output))
        if result.returncode != 0:
            sys.exit(f"main_job: the command ended with status {result.returncode}")

    def notes(self, what, after=0.0):
        """{uuid: when} of what handlers have written since a time, seconds since the epoch."""
        lines = map(str.split, self.history.read_text().splitlines())
        return {uuid: float(at) for kind, uuid, _, at in lines if kind == what and float(at) > after}

    def most_attempts(self):
        return max(int(line.split()[2]) for line in self.history.read_text().splitlines())

    def push(self):
        jobs = self.muster.directory / "jobs.jsonl"
        write_jobs(jobs)
        say(f"$ muster queue:bulk {jobs} --queue=letters --uuids")
        uuids = self.muster.cli("queue:bulk", jobs, "--queue=letters", "--uuids")["uuids"]
        say(f"{len(uuids)} jobs stored")
        return set(uuids)

    def find_busy_worker(self):
        """Its pid, and the parcels that it is sending, all of them in their first attempt: that one takes long, while
        the second may be over before a kill."""
        answer = self.muster.cli("queue:workers", "--queue=letters", "--jobs")
        parcels = self.notes("parcel").keys()
        for worker in answer["workers"]:
            attempts = {job["uuid"]: job["attempt"] for job in answer["jobs"]
                        if job["worker"] == worker["id"] and job["uuid"] in parcels}
            if attempts and max(attempts.values()) == 1:
                return worker["pid"], attempts.keys()
        return None

    def all_parcels_sent(self):
        return len(self.notes("parcel").keys() & self.notes("done").keys()) == PARCELS

    def kill_a_worker(self, pid, jobs):
        """Returns the seconds until its jobs ran again."""
        killed = time.time()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: jobs <= self.notes("parcel", killed).keys(), "the parcels being sent again")
        seconds = max(at for uuid, at in self.notes("parcel", killed).items() if uuid in jobs) - killed
        say(f"  killed worker {pid}; its {len(jobs)} jobs ran again within {seconds:.2f} s")
        return seconds

    def kill_workers(self):
        say("\nIn the middle of long jobs, workers get a kill -9:")
        seconds = []
        while not self.all_parcels_sent():
            if busy := self.find_busy_worker():
                seconds.append(self.kill_a_worker(*busy))
        check(max(seconds) < LEASE_SECONDS / 3, "at once, without waiting for the lease to run out")

    def check_end(self, uuids, failed):
        stats = self.muster.stats()
        done = self.notes("done").keys()
        check(stats["total"] == 0, "nothing waits or runs any more")
        check(uuids == done | failed.keys() and not done & failed.keys(),
              f"each of the {len(uuids)} jobs was done ({len(done)}) or has failed ({len(failed)})")
        check(stats["failed"] == len(failed), "the stats say the same")
        check(self.most_attempts() <= 3, "no job was tried more than three times")

    def check_failed(self, failed):
        check(collections.Counter(job["job"] for job in failed.values()) == FAILING, "those failed that had to")
        last = {job["job"]: job for job in failed.values()}
        bombs = [job for job in failed.values() if job["job"] == "SendBomb"]  # one may have gone down with its worker
        check("there is no town named" in last["SendToNowhere"]["exception"], "with the exception of the Python handler")
        check("not a JPEG file" in last["MakeOfBrokenImage"]["exception"], "with what the shell handler said")
        check(any(job["cause"] == "signal" for job in bombs) and all(job["attempts"] == 3 for job in bombs),
              "with the signal that killed the handler, three times")

    def retry(self, uuids):
        say("\nWhat was wrong is repaired, and the failed jobs are tried again:")
        (self.muster.directory / "repaired").touch()
        self.show("queue:retry", "--all")
        self.muster.wait_empty()
        check(self.muster.stats()["failed"] == 0 and self.notes("done").keys() == uuids,
              f"all {len(uuids)} jobs are done now")

    def run(self):
        uuids = self.push()
        self.muster.start()
        started = time.monotonic()
        say(f"\nmusterd runs with pid {self.muster.pid}.")
        self.kill_workers()
        self.show("queue:workers")
        self.muster.wait_empty(300)
        say(f"\nAll have ended after {time.monotonic() - started:.1f} s.")
        self.show("queue:stats")
        self.show("queue:failed", "--limit=1000", end=8)
        failed = self.muster.failed()
        say()
        self.check_end(uuids, failed)
        self.check_failed(failed)
        self.retry(uuids)
        self.show("master:stop", "--wait")
        check(self.muster.wait_exit() == 0, "musterd has ended well")


def main():
    say(f"Muster's main job: {JOBS} jobs in two queues, four workers, handlers in Python and shell.\n")
    with tempfile.TemporaryDirectory(prefix="muster-main-job-") as directory:
        muster = Muster(directory, *sys.argv[1:2])
        try:
            MainJob(muster).run()
        finally:
            muster.end()
    say("\nThe main job has done what it promises.")


if __name__ == "__main__":
    main()
