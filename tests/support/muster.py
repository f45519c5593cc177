# SPDX-License-Identifier: MIT
"""All of Muster in a directory of its own: musterd with real workers, real handlers, and the command line."""
import json
import pathlib
import subprocess

from support.history import History
from support.musterd import Musterd
from support.processes import JOB_TIMEOUT, PATIENCE, PROGRAMS, ROOT, wait_for

HANDLERS = ROOT / "tests" / "support" / "handlers"


class Muster(Musterd):
    def __init__(self, directory, programs=PROGRAMS, store=None):
        programs = pathlib.Path(programs).resolve()
        super().__init__(directory, worker=None)
        self.program = programs / "musterd"
        self.command = programs / "muster"
        self.store = store
        self.history = History(self.directory / "history")

    # --- configuration ---

    def queue(self, name="default", handler="persistent", environment="", **keys):
        """The section of a queue whose jobs are run by the handlers of tests/support/handlers."""
        program = HANDLERS / ("handler.py" if handler == "persistent" else "handler.sh")
        keys = {"handler": handler, "command": program, **keys}
        keys["environment"] = f'HISTORY="{self.history.path}",{environment}'
        return f"[queue:{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"

    def configure(self, *queues, options=None, connection=None, **muster):
        """Writes the configuration. options: of [worker_options], connection: of the store, the others of [muster]."""
        muster = {"datadir": self.directory, "default": "main", "restart_delay": "100ms", "restart_delay_max": "1s",
                  **muster}
        options = {"backoff": "fixed", "backoff_delay": "100ms", "timeout": JOB_TIMEOUT, **(options or {})}

        def section(keys):
            return "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"
        self.write_config(f"[muster]\n{section(muster)}{self.store.section}{section(connection or {})}"
                               f"[worker_options]\n{section(options)}{''.join(queues)}")

    # --- the command line ---

    def run(self, *arguments, **options):
        """One command; the result has returncode, stdout and stderr as text."""
        options = {"timeout": PATIENCE, "text": True, "env": self.environment, "cwd": self.directory,
                   "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        if "input" not in options:
            options["stdin"] = options.get("stdin", subprocess.DEVNULL)
        return subprocess.run([self.command, "-c", self.config, *map(str, arguments)], **options)

    def cli(self, *arguments, **options):
        """One command that must succeed: its answer, from JSON."""
        result = self.run("--json", *arguments, **options)
        assert result.returncode == 0, f"muster {arguments}: status {result.returncode}: {result.stderr}{result.stdout}"
        return json.loads(result.stdout) if result.stdout else None

    def push(self, data=None, job="Test", **options):
        """queue:push of a job with this data; its uuid."""
        options = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return self.cli("queue:push", *options, job, json.dumps(data if data is not None else {}))["uuid"]

    def bulk(self, jobs, *arguments):
        """queue:bulk of objects; their uuids."""
        lines = "".join(json.dumps(job) + "\n" for job in jobs)
        return self.cli("queue:bulk", "-", "--uuids", *arguments, input=lines)["uuids"]

    def stats(self, *arguments):
        return self.cli("queue:stats", *arguments)

    def failed(self, *arguments):
        """The failed jobs by their uuids."""
        return {job["uuid"]: job for job in self.cli("queue:failed", "--limit=100000", *arguments)["failed"]}

    # --- waiting ---

    def wait_empty(self, timeout=PATIENCE):
        """Until no job waits, runs or is delayed in the default connection."""
        wait_for(lambda: self.stats()["total"] == 0, lambda: f"an empty store: {self.stats()}\n{self.log_text()}",
                 timeout)

    def wait_begun(self, uuid, attempt=1):
        wait_for(lambda: attempt in self.history.attempts(uuid),
                 lambda: f"attempt {attempt} of {uuid}\n{self.log_text()}")

    def wait_done(self, uuid):
        wait_for(lambda: self.history.attempts(uuid, "done"), lambda: f"the end of {uuid}\n{self.log_text()}")

    def wait_failed(self, uuid):
        """The failed job."""
        wait_for(lambda: uuid in self.failed(), lambda: f"the failure of {uuid}\n{self.log_text()}")
        return self.failed()[uuid]

    def collect(self, queue, timeout=4 * PATIENCE):
        """Takes all jobs out of a queue that nobody works on; their data."""
        collected = self.directory / "collected"
        collected.touch()
        result = self.run("queue:work", f"--queue={queue}", "--stop-when-empty", "--handler=persistent",
                          "--max-jobs=0", "--memory=0", "--", HANDLERS / "collect.py", timeout=timeout,
                          env=self.environment | {"COLLECTED": str(collected)})
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in collected.read_text().splitlines()]
