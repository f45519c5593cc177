# SPDX-License-Identifier: MIT
"""/metrics: what it says, whether promtool likes it, and what a real Prometheus makes of it."""
import json
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest

from support.http import Daemon, free_port
from support.processes import PATIENCE, wait_for

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")


@pytest.fixture
def running(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.port = free_port()
    daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{daemon.port}\n")
    daemon.start()
    daemon.wait_store()
    wait_for(lambda: daemon.ask("status")["queues"][0]["metrics"], "figures")
    yield daemon
    daemon.end()


def metrics(daemon, accept=None):
    status, text = daemon.call("GET", "/metrics", **({"Accept": accept} if accept else {}))
    assert status == 200
    return text.decode()


def values(text):
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}


def test_what_it_says(running):
    for number in range(3):
        running.post("/queues/mails/jobs", {"job": "Mail", "data": number})
    running.post("/queues/quick/jobs", {"job": "Mail"})
    now = wait_for(lambda: (now := values(metrics(running))).get('muster_queue_jobs{queue="mails",state="ready"}') == 3
                   and now['muster_attempts_total{queue="quick"}'] == 1 and now, lambda: metrics(running))
    assert now['muster_workers{queue="quick",state="wanted"}'] == 1
    assert now['muster_store_up{connection="database"}'] == 1 and now["muster_maintenance_up"] == 1
    assert now['muster_alerts{severity="error"}'] == 0 and now['muster_queue_paused{queue="mails"}'] == 0
    assert now['muster_queue_oldest_seconds{queue="mails"}'] >= 0 and now["muster_start_time_seconds"] > 1e9


def test_both_formats(running):
    plain = metrics(running)
    assert running.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8" and "# EOF" not in plain
    assert "# TYPE muster_attempts_total counter" in plain
    opened = metrics(running, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert running.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert opened.endswith("# EOF\n") and "# TYPE muster_attempts counter" in opened and "\nmuster_attempts_total{" in opened


def test_distributions(running):
    """Buckets add up, the last one is all, and their bounds are what is documented."""
    for _ in range(3):
        running.post("/queues/quick/jobs", {"job": "Mail"})
    now = wait_for(lambda: (now := values(metrics(running))).get('muster_attempt_run_seconds_count{queue="quick"}') == 3 and now,
                   lambda: metrics(running))
    for name, bounds in (("run", [0.001 * 2**i for i in range(23)]), ("wait", [0.001 * 4**i for i in range(13)])):
        family = f"muster_attempt_{name}_seconds"
        rows = [(key.split('le="')[1].rstrip('"}'), value) for key, value in now.items()
                if key.startswith(f'{family}_bucket{{queue="quick",')]
        assert [float(bound) for bound, _ in rows[:-1]] == pytest.approx(bounds) and rows[-1] == ("+Inf", 3)
        assert all(one <= other for (_, one), (_, other) in zip(rows, rows[1:]))
        assert 0 < now[f'{family}_sum{{queue="quick"}}'] < 60 and now[f'{family}_count{{queue="mails"}}'] == 0


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not there")
def test_promtool(running):
    result = subprocess.run([PROMTOOL, "check", "metrics"], input=metrics(running), text=True, capture_output=True, timeout=60)
    assert result.returncode == 0 and not result.stdout and not result.stderr, result


@pytest.mark.skipif(not PROMETHEUS, reason="prometheus is not there")
def test_prometheus(running, tmp_path):
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text("global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\nscrape_configs:\n- job_name: muster\n"
                      f"  static_configs:\n  - targets: ['127.0.0.1:{running.port}']\n")
    log = (tmp_path / "prometheus.log").open("wb")
    process = subprocess.Popen([PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={tmp_path}/data",
                                f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)

    def ask(path, **query):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None
    try:
        up = wait_for(lambda: (now := ask("query", query='up{job="muster"} == 1')) and now["result"], "a scrape")
        assert len(up) == 1
        workers = wait_for(lambda: (now := ask("query", query='muster_workers{queue="quick",state="running"} == 1')) and now["result"],
                           "a worker")
        assert workers[0]["metric"]["queue"] == "quick"
        told = wait_for(lambda: (now := ask("metadata")) and "muster_queue_jobs" in now and now, "what the figures are")
        types = {name: rows[0]["type"] for name, rows in told.items() if name.startswith("muster_")}
        assert types["muster_queue_jobs"] == "gauge"
        assert {kind for name, kind in types.items() if "attempts" in name} == {"counter"}
    finally:
        process.terminate()
        process.wait(PATIENCE)
        log.close()
