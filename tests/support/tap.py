# SPDX-License-Identifier: MIT
"""Results as TAP (-p no:terminal -p support.tap), so that meson counts each test and not each file."""
import sys


def say(line):
    print(line, file=sys.__stdout__, flush=True)


def explain(report):
    texts = [report.longreprtext, *(f"{title}\n{text}" for title, text in report.sections)]
    for line in "\n".join(text for text in texts if text).splitlines():
        say(f"# {line}")


class Tap:
    def __init__(self):
        self.number = 0
        self.failed = set()

    def pytest_collection_finish(self, session):
        say(f"1..{len(session.items)}")

    def pytest_collectreport(self, report):
        if report.failed:
            explain(report)
            say(f"Bail out! {report.nodeid} cannot be read")

    def pytest_runtest_logreport(self, report):
        if report.failed:
            explain(report)
            self.failed.add(report.nodeid)
        if report.skipped:
            self._tell(report, "ok", f" # SKIP {report.longrepr[2]}")
        elif report.when == "teardown" and not self._was_skipped(report):
            self._tell(report, "not ok" if report.nodeid in self.failed else "ok")

    def _was_skipped(self, report):
        return report.nodeid == getattr(self, "skipped", None)

    def _tell(self, report, result, remark=""):
        if remark:
            self.skipped = report.nodeid
        self.number += 1
        name = report.nodeid.rpartition("/")[2].replace("#", " ")
        say(f"{result} {self.number} - {name} ({report.duration:.2f} s){remark}")


def pytest_configure(config):
    config.pluginmanager.register(Tap())
