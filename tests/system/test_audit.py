# SPDX-License-Identifier: MIT
"""Who did what, and what became of each job: the audit log and the log of events."""
import contextlib
import json
import os
import signal
import time
import xmlrpc.client

import pytest

from support.http import Daemon, UnixConnection, basic, free_port
from support.musterd import send
from support.processes import wait_for


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_orders_are_audited(tmp_path):
    daemon = Daemon(tmp_path)
    try:
        port = free_port()
        daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{port}\nusername = ann\npassword = secret\n")
        daemon.start()
        daemon.wait_store()
        daemon.ask("status")
        daemon.ask("restart", queue="quick")
        daemon.ask("restart", queue="nowhere")
        daemon.post("/queues/mails/purge")
        status, _ = daemon.call("POST", "/api/v1/workers/restart", {}, port=port, Authorization=basic("ann", "secret"))
        assert status == 200
        daemon.call("POST", "/api/v1/workers/restart", {}, port=port, Authorization=basic("ann", "wrong"))
        told = [(row["via"], row.get("uid"), row.get("http_user"), row["action"], row["result"])
                for row in lines(tmp_path / "audit.log")]
        uid = os.getuid()
        assert told == [("control", uid, None, "restart", "ok"), ("control", uid, None, "restart", "not_found"),
                        ("http", uid, None, "queue.purge", "ok"), ("http", None, "ann", "restart", "ok")]
        newest = daemon.get("/audit?limit=2")["audit"]
        assert [row["action"] for row in newest] == ["restart", "queue.purge"]
        before = (tmp_path / "audit.log").read_text()
        (tmp_path / "audit.log").rename(tmp_path / "audit.log.1")
        daemon.ask("reopen-logs")
        daemon.ask("restart")
        assert (tmp_path / "audit.log.1").read_text().startswith(before)
        assert [row["action"] for row in lines(tmp_path / "audit.log")] == ["reopen-logs", "restart"]
    finally:
        daemon.end()


# Orders to a store: what is noted is what became of them

@pytest.fixture
def daemon(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.configure()
    daemon.start()
    daemon.wait_store()
    yield daemon
    daemon.end()


def results(daemon):
    return [(row["action"], row["result"]) for row in lines(daemon.directory / "audit.log") if row["via"] == "http"]


@contextlib.contextmanager
def held_order(daemon):
    """An order that waits for a store's answer, and who would give it."""
    maintenance = daemon.get("/status")["maintenance"]["pid"]
    os.kill(maintenance, signal.SIGSTOP)
    with contextlib.closing(UnixConnection(daemon.http)) as client:
        client.request("POST", "/api/v1/queues/mails/purge", "{}", {"Content-Type": "application/json"})
        daemon.get("/status")
        yield client, maintenance


def test_an_order_to_a_store_is_noted_with_its_answer(daemon):
    daemon.post("/queues/mails/jobs", {"job": "Mail"})
    assert daemon.call("POST", "/api/v1/jobs/nowhere-000000000000/cancel", {})[0] == 404
    assert results(daemon) == [("job.push", "ok"), ("job.cancel", "not_found")]
    with held_order(daemon) as (client, maintenance):
        going_on_at = time.time() * 1000
        os.kill(maintenance, signal.SIGCONT)
        answer = client.getresponse()
        assert (answer.status, json.load(answer)["count"]) == (200, 1)
    last = lines(daemon.directory / "audit.log")[-1]
    assert (last["action"], last["result"]) == ("queue.purge", "ok") and last["time"] >= int(going_on_at)
    assert len(results(daemon)) == 3


def test_a_store_that_does_not_answer_is_noted(daemon):
    with held_order(daemon) as (client, maintenance):
        os.kill(maintenance, signal.SIGKILL)
        assert client.getresponse().status == 503
    assert results(daemon) == [("queue.purge", "unavailable")]


def test_an_order_whose_client_leaves_is_noted(daemon):
    with held_order(daemon) as (client, maintenance):
        client.close()
        os.kill(maintenance, signal.SIGCONT)
        wait_for(lambda: results(daemon) == [("queue.purge", "ok")], lambda: results(daemon))


def test_an_order_that_the_end_of_musterd_cuts_is_noted(daemon):
    with held_order(daemon):
        wait_for(lambda: send(daemon.pid, signal.SIGTERM) or daemon.process.poll() is not None, "the end")  # the third time all are killed
    assert results(daemon) == [("queue.purge", "unavailable")]


def test_an_order_that_an_upgrade_cuts_is_noted(daemon):
    with held_order(daemon) as (_, maintenance):
        daemon.ask("upgrade")
        wait_for(lambda: results(daemon) == [("queue.purge", "unavailable")], lambda: results(daemon))
        os.kill(maintenance, signal.SIGCONT)


def told(path):
    return [(row["via"], row["uid"], row["action"], row["result"]) for row in lines(path)]


def test_what_the_command_line_does_to_stores(muster):
    """The running musterd notes it; without one it is appended, in the same form."""
    path, uid = muster.directory / "audit.log", os.getuid()
    muster.configure(muster.queue("mails"))
    uuid = muster.push(queue="mails")
    muster.cli("queue:pause", "--queue=mails")
    muster.cli("queue:cancel", uuid)
    assert told(path) == [("cli", uid, "queue:pause", "ok"), ("cli", uid, "queue:cancel", "ok")]
    assert lines(path)[1]["order"]["arguments"] == [uuid] and path.stat().st_mode & 0o777 == 0o640
    muster.start()
    muster.cli("queue:resume", "--queue=mails")
    assert muster.run("queue:resume", "--queue=mails").returncode == 3
    muster.run("queue:purge", "--all", "--yes")
    muster.run("queue:flush", "--yes")
    muster.run("queue:stats")
    muster.run("queue:push", "--queue=mails", "Test", "{}")
    assert told(path)[2:] == [("cli", uid, "queue:resume", "ok"), ("cli", uid, "queue:resume", "not_found"),
                              ("cli", uid, "queue:purge", "ok"), ("cli", uid, "queue:flush", "ok")]
    assert lines(path)[2]["order"] == {"connection": "main", "options": {"queue": "mails"}, "arguments": [], "argument_count": 0}
    newest = muster.ask("audit", limit=2)["audit"]
    assert [row["action"] for row in newest] == ["queue:flush", "queue:purge"]
    for bad in ({}, {"action": "x"}, {"action": "x" * 101, "result": "ok"}, {"action": 7, "result": "ok"}):
        assert muster.ask("audit-note", **bad)["error"]["code"] == "invalid"
    assert len(lines(path)) == 6


def test_a_log_that_cannot_be_written_is_said(muster):
    muster.configure(muster.queue("mails"))
    (muster.directory / "audit.log").mkdir()
    result = muster.run("queue:purge", "--all", "--yes")
    assert result.returncode == 0 and "not in the audit log" in result.stderr and "audit.log" in result.stderr


def test_xmlrpc_actions(tmp_path):
    daemon = Daemon(tmp_path)
    try:
        port = free_port()
        daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{port}\nusername = ann\npassword = secret\n"
                         "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
                         "[program:clock]\ncommand = sleep 1000\nstartsecs = 0\n")
        daemon.start()
        server = xmlrpc.client.ServerProxy(f"http://ann:secret@127.0.0.1:{port}/RPC2")
        server.supervisor.getAllProcessInfo()
        server.supervisor.stopProcess("clock", True)
        for call in (lambda: server.supervisor.startProcess("nobody"), lambda: server.supervisor.signalProcess("clock", "HUP")):
            try:
                call()
                raise AssertionError("no fault")
            except xmlrpc.client.Fault:
                pass
        server.system.multicall([{"methodName": "supervisor.startProcess", "params": ["clock", False]},
                                 {"methodName": "supervisor.getState", "params": []}])
        rows = [row for row in lines(tmp_path / "audit.log") if row["via"] == "xmlrpc"]
        assert [(row["http_user"], row["action"], row["order"], row["result"]) for row in rows] == [
            ("ann", "supervisor.stopProcess", ["clock", True], "ok"),
            ("ann", "supervisor.startProcess", ["nobody"], "BAD_NAME"),
            ("ann", "supervisor.signalProcess", ["clock", "HUP"], "NOT_RUNNING"),
            ("ann", "supervisor.startProcess", ["clock", False], "ok")]
    finally:
        daemon.end()


def test_events_with_their_trace(muster):
    path = muster.directory / "events.jsonl"
    muster.configure(muster.queue("mails"))
    muster.write_config(muster.config.read_text() + f"\n[monitoring]\nevents_log = {path}\n")
    muster.start()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    done = muster.push(queue="mails", traceparent=trace)
    failed, = muster.bulk([{"job": "Report", "queue": "mails", "data": {"do": "fail", "message": "broken \u00fc"}, "max_attempts": 2}])
    rows = wait_for(lambda: len(rows := lines(path)) == 3 and rows, lambda: f"{lines(path)}\n{muster.log_text()}")
    by = {(row["uuid"], row["attempt"]): row for row in rows}
    assert by[done, 1]["event"] == "processed" and by[done, 1]["traceparent"] == trace and by[done, 1]["job"] == "Test"
    assert [by[failed, attempt]["event"] for attempt in (1, 2)] == ["retried", "failed"]
    assert by[failed, 2]["cause"] == "exception" and by[failed, 2]["exception"] == "broken \u00fc"
    assert all(row["queue"] == "mails" and row["run_ms"] >= 0 and row["worker"] and row["time"] for row in rows)
    path.rename(f"{path}.1")
    muster.run("master:reopen-logs")
    uuid = muster.push(queue="mails")
    wait_for(lambda: any(row["uuid"] == uuid for row in lines(path)), lambda: muster.log_text())


def test_a_trace_reaches_the_handler(muster):
    out = muster.directory / "trace"
    muster.configure(f"[queue:traced]\ncommand = sh -c 'echo $TRACEPARENT > {out}'\n")
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    muster.push(queue="traced", traceparent=trace)
    assert muster.run("queue:work", "--queue=traced", "--stop-when-empty").returncode == 0
    assert out.read_text().strip() == trace
