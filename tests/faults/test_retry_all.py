# SPDX-License-Identifier: MIT
"""Ten thousand failed jobs are put back, and the command that does it is killed again and again."""
import collections
import random
import subprocess
import time

import pytest

from support.processes import PATIENCE, wait_for

JOBS = 10000
KILLS = 5


@pytest.fixture
def failures(muster):
    """The uuids of jobs that all have failed, in a batch."""
    configure(muster)
    jobs = [{"job": "Test", "data": {"do": "fail", "retry": False, "n": n}, "batch_uuid": "batch"} for n in range(JOBS)]
    uuids = muster.bulk(jobs)
    result = muster.run("queue:work", "--queue=default", "--stop-when-empty", "--max-jobs=0", "--memory=0",
                        timeout=6 * PATIENCE)  # a sanitizer keeps much
    assert result.returncode == 0, result.stderr
    assert muster.stats()["failed"] == JOBS
    return uuids


def configure(muster):
    # small parts, so that there is a middle to be killed in
    muster.configure(muster.queue(environment="WINDOW=64"), connection={"batch_size": 5}, options={"max_attempts": 1})


def failed_count(muster):
    """Whatever is still being done by a command that was killed, nothing is in between."""
    stats = muster.stats()
    return stats["failed"], stats["total"]


def kill_in_the_middle(muster, pause):
    """Runs the command, and kills it when it has begun to put jobs back. True where some were left."""
    before, _ = failed_count(muster)
    command = subprocess.Popen([muster.command, "-c", muster.config, "queue:retry", "--all"], env=muster.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: failed_count(muster)[0] < before or command.poll() is not None, "the first job that is back")
        time.sleep(pause)
    finally:
        command.kill()
        command.wait()
    left, _ = wait_for(lambda: (counts := failed_count(muster))[0] + counts[1] == JOBS and counts,
                       lambda: f"none lost, none doubled: {failed_count(muster)}")
    return 0 < left < before


def test_none_is_lost_and_none_doubled(muster, failures):
    chance = random.Random(4)
    kills = 0
    for _ in range(KILLS):
        kills += kill_in_the_middle(muster, chance.uniform(0, 0.05))
    assert kills > 0
    left, live = failed_count(muster)
    assert muster.cli("queue:retry", "--all", timeout=6 * PATIENCE) == {"retried": left}
    assert failed_count(muster) == (0, JOBS)
    batch = muster.cli("batch:show", "batch")
    assert [batch[name] for name in ("total", "pending", "failed", "completed")] == [JOBS, JOBS, 0, 0]
    numbers = collections.Counter(data["n"] for data in muster.collect("default"))
    assert numbers == collections.Counter(range(JOBS))
    assert muster.cli("batch:show", "batch")["state"] == "completed"
    assert not muster.failed() and len(set(failures)) == JOBS
