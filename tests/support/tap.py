# SPDX-License-Identifier: MIT
"""Results as TAP (-p support.tap), so that meson counts each test and not each file."""
import sys

import pytest


def say(line):
    print(line, file=sys.__stdout__, flush=True)


def explain(report):
    texts = [report.longreprtext, *(f"{title}\n{text}" for title, text in report.sections)]
    for line in "\n".join(text for text in texts if text).splitlines():
        say(f"# {line}")


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = self.skipped = None
        self.seconds = 0

    def pytest_collection_finish(self, session):
        say(f"1..{len(session.items)}")

    def pytest_collectreport(self, report):
        if report.failed:
            explain(report)
            say(f"Bail out! {report.nodeid} cannot be read")

    def pytest_runtest_logreport(self, report):
        """A test reports its set-up, its call where that succeeded, and its tear-down."""
        if report.when == "setup":
            self.failed, self.skipped, self.seconds = False, "", 0
        self.seconds += report.duration
        if report.failed:
            explain(report)
            self.failed = True
        if report.skipped:
            self.skipped = f" # SKIP {report.longrepr[2]}"
        if report.when == "teardown":
            self.number += 1
            result = "not ok" if self.failed else "ok"
            name = report.nodeid.rpartition("/")[2].replace("#", " ")
            say(f"{result} {self.number} - {name} ({self.seconds:.2f} s){self.skipped}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(name="terminalreporter")
    config.pluginmanager.register(Tap())
