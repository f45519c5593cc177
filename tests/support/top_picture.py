# SPDX-License-Identifier: MIT
"""The picture of docs/top.md: muster top beside a musterd that has something to do.

    PYTHONPATH=tests python3 -m support.top_picture docs/images/top.svg"""
import pathlib
import sys
import tempfile

from support.muster import Muster
from support.processes import wait_for
from support.stores import STORES
from support.terminal import Terminal

PROGRAMS = "[program:web]\ncommand = sleep 1000\n[monitoring]\nalert_queue_size = 40\n"


def work(muster):
    jobs = [{"job": "Send", "queue": "mails", "data": {"do": "sleep", "seconds": 0.2}}] * 300
    for number in range(60):
        data = {"do": "fail", "message": "no such picture"} if number % 9 == 0 else {"do": "sleep", "seconds": 0.02}
        jobs.append({"job": "Thumbnail", "queue": "thumbnails", "data": data})
    muster.bulk(jobs + [{"job": "Report", "queue": "reports", "data": {}}] * 45)


def draw(directory):
    muster = Muster(directory, store=STORES["sqlite"](directory))
    muster.configure(muster.queue("mails", workers=2, concurrency=2), muster.queue("thumbnails", workers=2, max_attempts=1),
                     muster.queue("reports", max_wait_time="5s"), PROGRAMS)
    try:
        muster.start()
        muster.wait_running(5)
        muster.cli("queue:pause", "--queue=reports")
        wait_for(lambda: any(queue["paused"] for queue in muster.ask("status")["queues"]))
        with Terminal([muster.command, "-c", muster.config, "top"], 100, 16, env=muster.environment) as top:
            top.wait("mails")
            work(muster)
            top.wait("pending jobs")
            wait_for(lambda: 0 < float((top.row("thumbnails") or [0] * 11)[10].strip("-") or 0), lambda: top.text)
            top.read(8)
            return top.svg()
    finally:
        muster.end()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="muster-") as place:
        pathlib.Path(sys.argv[1]).write_text(draw(pathlib.Path(place)), encoding="utf-8")
