# SPDX-License-Identifier: MIT
"""The same jobs as in the other files here, for the tests of the handler libraries."""
import os
import sys
import time

import muster


@muster.job("Echo")
def echo(job):
    print("printed")
    job.progress(50, "half")
    job.log("got " + job.data["text"], "warn")
    job.push("Next", {"text": job.data["text"]}, queue="other", delay=1.5, priority=5)


@muster.job("Describe")
def describe(job):
    job.log(job.to_json())
    same = muster.Job.unserialize(job.serialize())
    job.log(same.to_json())


@muster.job("Limited", timeout=120, max_attempts=5, backoff="linear", backoff_delay=2, backoff_max=60)
def limited(job):
    pass


class Fails(muster.Job):
    def handle(self):
        self.fall(self.data["text"])

    def fall(self, text):
        raise ValueError(text)

    def failed(self, exception):
        self.log("hook: " + str(exception))


muster.register(Fails)


@muster.job("FailsForGood", failed=lambda job, exception: job.log("hook: " + str(exception)))
def fails_for_good(job):
    raise muster.Fail("never again")


class Stubborn(Fails):
    name = "Stubborn"

    def should_retry(self, exception):
        return False


class Patient(Fails):
    def retry_delay(self, exception):
        return 7

    def failed(self, exception):
        raise RuntimeError("in the hook")


muster.register(Stubborn)
muster.register(Patient)


@muster.job("Released")
def released(job):
    job.release(job.data.get("delay"))


@muster.job("AsksForBatch")
def asks_for_batch(job):
    batch = muster.Batch(job, job.data["of"]) if "of" in job.data else job.batch
    job.log("%(completed)d of %(total)d, %(progress_percentage)s %%" % batch.progress())


@muster.job("Batched")
def batched(job):
    if job.batch:
        job.batch.add("More", {"n": 1})


@muster.job("WaitsForCancel")
def waits_for_cancel(job):
    job.log("waits")
    while True:
        job.check_cancelled()
        time.sleep(0.01)


@muster.job("IsCancelled")
def is_cancelled(job):
    job.log("cancelled" if job.is_cancelled else "wanted")


@muster.job("BadPush")
def bad_push(job):
    if job.data["what"] == "nul":
        job.push("Next", {"text": "a\0b"})
    elif job.data["what"] == "option":
        job.push("Next", {}, dellay=3)
    else:
        job.push("Next", {"text": "\ud800"})


@muster.job("Exits")
def exits(job):
    sys.exit(3)


@muster.job("Meets")
def meets(job):
    """Two of these end only when both have begun."""
    directory = job.data["directory"]
    open(os.path.join(directory, job.uuid), "w").close()
    while len(os.listdir(directory)) < 2:
        time.sleep(0.01)


@muster.job("Strange")
def strange(job):
    job.log("a\0b")
    raise ValueError("a\0b\ud800")


if "wildcard" in sys.argv:
    @muster.job("*")
    def anything(job):
        job.log("any " + job.name)

muster.run(concurrency=2 if "concurrent" in sys.argv else 1, window=8)
