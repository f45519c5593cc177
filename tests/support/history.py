# SPDX-License-Identifier: MIT
"""What handlers have written down (tests/support/handlers), and whether it keeps the promise."""
import collections
import pathlib


class History:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def lines(self, *whats):
        """(what, uuid, attempt, pid) in their order."""
        text = self.path.read_text() if self.path.exists() else ""
        lines = [line.split() for line in text.splitlines()]
        return [(what, uuid, int(attempt), int(pid)) for what, uuid, attempt, pid in lines if not whats or what in whats]

    def uuids(self, what):
        return {uuid for _, uuid, _, _ in self.lines(what)}

    def attempts(self, uuid, what="begin"):
        """The attempts of one job, in the order of their beginning."""
        return [attempt for _, of, attempt, _ in self.lines(what) if of == uuid]

    def pids(self, what="begin"):
        return [pid for _, _, _, pid in self.lines(what)]


def broken_promises(history, pushed, failed, live, effects, window=False):
    """What is wrong with a history, as texts; nothing where the promise was kept.

    pushed: all uuids. failed, live: those that are among the failed jobs, and in a queue. effects: (uuid, attempt) of
    each acknowledgement that took effect. window: handlers had several jobs in flight. A worker that dies does not know
    then which answers it had not read, so the attempt that its handler was at may not have been counted.
    """
    wrong = []
    done = collections.Counter(uuid for uuid, _ in effects)
    for name, uuids in (("done", done.keys()), ("failed", failed), ("live", live)):
        wrong += [f"{uuid} is {name}, and was never pushed" for uuid in uuids - pushed]
    wrong += [f"{uuid} is lost" for uuid in pushed - done.keys() - failed - live]
    wrong += [f"{uuid} is done, and failed or live as well" for uuid in done.keys() & (failed | live)]
    wrong += [f"{uuid} is failed and live" for uuid in failed & live]
    wrong += [f"{count} acknowledgements of {uuid} took effect" for uuid, count in done.items() if count > 1]
    return wrong + broken_leases(history, effects, window)


def broken_leases(history, effects, window=False):
    """Attempts that began twice, or while another one of the same job had not ended; late acknowledgements."""
    wrong = []
    latest, ended = {}, collections.defaultdict(set)
    for what, uuid, attempt, _ in history.lines("begin", "done", "fail"):
        if what == "begin":
            if attempt <= latest.get(uuid, 0) - window:
                wrong.append(f"attempt {attempt} of {uuid} began after attempt {latest[uuid]}")
            latest[uuid] = attempt
        elif attempt != latest[uuid]:
            wrong.append(f"attempt {attempt} of {uuid} was still running when attempt {latest[uuid]} had begun")
        else:
            ended[uuid].add(attempt)
    for uuid, attempt in effects:
        if attempt != latest.get(uuid):
            wrong.append(f"attempt {attempt} of {uuid} was acknowledged though attempt {latest.get(uuid)} had begun")
        if attempt not in ended[uuid]:
            wrong.append(f"attempt {attempt} of {uuid} was acknowledged and never done")
    return wrong
