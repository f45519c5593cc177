# SPDX-License-Identifier: MIT
"""Counts the results of several runs of meson: count.py LOGBASE…, each with a .json and a .junit.xml.

The last line is "N passed, N failed"; skipped tests are named before it.
"""
import json
import sys
import xml.etree.ElementTree


def count_suites(path):
    """passed, failed and the names of skipped tests; failures by the name of the suite."""
    passed, skipped, failed = 0, [], {}
    for suite in xml.etree.ElementTree.parse(path).getroot():
        bad = int(suite.get("failures")) + int(suite.get("errors"))
        out = [case.get("name") for case in suite if case.find("skipped") is not None]
        failed[suite.get("name").removeprefix("muster.")] = bad
        skipped += out
        passed += int(suite.get("tests")) - bad - len(out)
    return passed, skipped, failed


def broken_tests(path, failed):
    """Tests that did not succeed though none of their parts has failed: they crashed, or took too long."""
    tests = map(json.loads, open(path))
    return [test["name"] for test in tests if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")
            and not failed.get(test["name"]) and not failed.get("muster")]


def main(bases):
    total_passed = total_failed = 0
    for base in bases:
        passed, skipped, failed = count_suites(base + ".junit.xml")
        broken = broken_tests(base + ".json", failed)
        total_passed += passed
        total_failed += sum(failed.values()) + len(broken)
        print(f"{base}: {passed} passed, {sum(failed.values()) + len(broken)} failed, {len(skipped)} skipped")
        for name in skipped:
            print(f"  skipped: {name}")
        for name in [*(name for name, bad in failed.items() if bad), *broken]:
            print(f"  failed: {name}")
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
