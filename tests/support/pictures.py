#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Pictures of the dashboard for the manual: a daemon with work to show, and a real Chromium.

usage: PYTHONPATH=tests python3 -m support.pictures DIRECTORY      of a built Muster (MUSTER_BUILD, or build/)
"""
import pathlib
import sys
import tempfile
import time

from support.browser import Browser
from support.http import Daemon, free_port
from support.processes import BUILD, wait_for

QUEUES = {"emails": "sleep 0.05", "invoices": "sleep 0.2", "thumbnails": "sleep 0.1", "webhooks": "sh -c 'echo \"TimeoutError: no answer from https://example.com/hook/17 within 5 s\" >&2; exit 65'",
          "reports": "sleep 2", "search-index": "true"}
PROGRAMS_SHOWN = {"web": "sleep 600", "api": "sleep 600", "metrics-agent": "sh -c 'while :; do echo scraped 42 targets; sleep 0.3; done'",
                  "cache": "sleep 600", "mailer": "false"}


def configuration(port):
    queues = "".join(f"[queue:{name}]\ncommand = {command}\nworkers = 2\nmax_wait_time = {'1s' if name == 'reports' else '60s'}\n" for name, command in QUEUES.items())
    programs = "".join(f"[program:{name}]\ncommand = {command}\nstartsecs = 1\nstartretries = 0\n" for name, command in PROGRAMS_SHOWN.items())
    return (f"{queues}{programs}[program:render]\ncommand = sleep 600\nnumprocs = 4\nprocess_name = %(program_name)s_%(process_num)02d\n"
            f"[monitoring]\nmetrics_interval = 1s\nalert_interval = 200ms\nalert_oldest_wait = 3s\n[inet_http_server]\nport = 127.0.0.1:{port}\n")


def fill(daemon):
    for queue, count in {"emails": 400, "invoices": 60, "thumbnails": 120, "webhooks": 30, "reports": 14, "search-index": 300}.items():
        for number in range(count):
            daemon.post(f"/queues/{queue}/jobs", {"job": f"{queue.title().replace('-', '')}Job", "max_attempts": 1, "data": {"number": number}})
    daemon.post("/queues/thumbnails/scale", {"workers": 4, "reason": "the campaign of tonight"})
    daemon.post("/queues/search-index/pause", {})
    time.sleep(5)


def take(browser, url, directory):
    for page, theme in (("overview", "light"), ("overview", "dark"), ("queues", "dark"), ("programs", "light"), ("failed", "light")):
        browser.device(1280, 800, dark=theme == "dark")
        browser.open(f"{url}/#/{page}")
        wait_for(lambda: browser.count("main h1"), "the page")
        time.sleep(1)
        browser.picture(directory / f"dashboard-{page}-{theme}.png")
    browser.device(390, 844, dark=False, mobile=True)
    for page in ("overview", "programs"):
        browser.open(f"{url}/#/{page}")
        time.sleep(1)
        browser.picture(directory / f"dashboard-{page}-phone.png")
    browser.device(1280, 800, dark=False)
    for page, name in (("queues/reports", "queue"), ("log/metrics-agent", "log")):
        browser.open(f"{url}/#/{page}")
        time.sleep(1.5)
        browser.picture(directory / f"dashboard-{name}-light.png")


def main():
    directory = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="muster-pictures-") as scratch:
        daemon, port = Daemon(scratch), free_port()
        daemon.environment["MUSTER_NOTIFIER"] = str(BUILD / "muster-notifier")
        daemon.configure(configuration(port))
        text = daemon.config.read_text()
        daemon.write_config(text[:text.index("[queue:mails]")] + text[text.index("[unix_http_server]"):])
        browser = Browser()
        try:
            daemon.start()
            daemon.wait_store()
            fill(daemon)
            take(browser, f"http://127.0.0.1:{port}", directory)
            print(*(line["message"] for line in browser.log()), sep="\n")
        finally:
            browser.end()
            daemon.end()


if __name__ == "__main__":
    main()
