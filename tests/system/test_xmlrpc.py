# SPDX-License-Identifier: MIT
"""XML-RPC: each method is asked of Debian's supervisord and of musterd with the same configuration, and answered alike."""
import base64
import hashlib
import http.client
import socket
import time
import xmlrpc.client

import pytest

from support.processes import PATIENCE, descriptors_of, wait_dead, wait_for
from support.programs import SLEEP, program
from support.supervisors import INTERFACE, SERVER, Daemon, Pair, is_installed
from support.musterd import MUSTERD

pytestmark = pytest.mark.skipif(not is_installed(), reason="there is no supervisord to compare with")

WEBS = program("web", SLEEP, numprocs=2, process_name="web-%(process_num)d", startsecs=0)
SEVERAL = (WEBS + program("a", SLEEP, startsecs=0) + program("manual", "cat", autostart="false", startsecs=0)
           + program("gone", "/nonexistent/file", autostart="false") + program("plain", "{here}/plain", autostart="false")
           + program("short", "false", autostart="false", startsecs=60, startretries=0) + "[group:pair]\nprograms = a, manual\npriority = 5\n")
RUNNING = {"web-0": "RUNNING", "web-1": "RUNNING", "a": "RUNNING"}
IDLE = {"manual": "STOPPED", "gone": "STOPPED", "plain": "STOPPED", "short": "STOPPED"}


@pytest.fixture
def pair(tmp_path):
    daemons = Pair(tmp_path)
    yield daemons
    daemons.end()


@pytest.fixture
def several(pair):
    for daemon in pair.both:
        (daemon.directory / "plain").write_text("")
    pair.start(SEVERAL)
    pair.wait_states(**RUNNING, **IDLE)
    return pair


# --- methods about methods ---

def test_the_methods_and_their_signatures(several):
    methods = several.compare("system.listMethods")
    assert len(methods) > 40
    for method in methods:
        several.compare("system.methodSignature", method)
        assert several.ours.call("system.methodHelp", method)
    several.compare("system.methodSignature", "supervisor.nothing")
    several.compare("system.methodHelp", "nothing")


def test_what_is_no_method(several):
    for name in ["supervisor.nothing", "nothing.getPID", "getPID", "supervisor._update", "a.b.c", "supervisor.getPID.x"]:
        assert several.compare(name) == ["fault", 1, "UNKNOWN_METHOD"]


def test_wrong_numbers_of_parameters(several):
    for call in [("supervisor.getPID", 1), ("supervisor.getProcessInfo",), ("supervisor.readLog", 0),
                 ("supervisor.startProcess", "a", True, 1), ("system.multicall",)]:
        assert several.compare(*call) == ["fault", 2, "INCORRECT_PARAMETERS"]


def test_several_calls_in_one(several):
    values = several.compare("system.multicall", [
        {"methodName": "supervisor.getAPIVersion", "params": []}, {"methodName": "supervisor.getIdentification"},
        {"methodName": "supervisor.stopProcess", "params": ["web:web-0"]}, {"methodName": "supervisor.startProcess", "params": ["nobody"]},
        {"methodName": "supervisor.startProcess", "params": ["web:web-0"]}, {"methodName": "supervisor.stopProcessGroup", "params": ["pair"]},
        {"methodName": "system.multicall", "params": []}, {"params": []}, {"methodName": "x.y"},
        {"methodName": "supervisor.startProcessGroup", "params": ["pair", False]}, {"methodName": "supervisor.getAPIVersion", "params": [7]}])
    assert values[2] is True and values[3]["faultCode"] == 10 and len(values) == 11
    assert several.compare("system.multicall", []) == []


# --- the daemon ---

def test_the_daemon(several):
    for method in ["getAPIVersion", "getVersion", "getSupervisorVersion", "getIdentification", "getState"]:
        several.compare(f"supervisor.{method}")
    assert several.ours.call("supervisor.getPID") == several.ours.process.pid


def test_shutdown(several):
    several.ours.note_children()
    assert several.compare("supervisor.shutdown") is True
    for daemon in several.both:
        assert daemon.process.wait(PATIENCE) == 0
    wait_dead(several.ours.started)


def test_a_daemon_that_stops_answers_so(pair):
    pair.start(program("slow", "sh -c 'trap \"\" TERM; echo deaf; while :; do sleep 0.1; done'", startsecs="0", stopwaitsecs=600,
                       stdout_logfile="{here}/deaf"))
    for daemon in pair.both:
        wait_for(lambda: daemon.text("deaf"))
    assert pair.compare("supervisor.shutdown") is True
    for call in [("supervisor.getState",), ("supervisor.startProcess", "slow"), ("supervisor.shutdown",), ("supervisor.getAllProcessInfo",),
                 ("supervisor.signalAllProcesses", "USR1"), ("supervisor.readLog", 0, 0)]:
        if call[0] != "supervisor.signalAllProcesses":
            assert pair.compare(*call) == ["fault", 6, "SHUTDOWN_STATE"]
    assert pair.compare("supervisor.sendRemoteCommEvent", "a", "b") is True
    assert "supervisor.getPID" in pair.compare("system.listMethods")


def test_restart_reads_the_configuration_and_keeps_the_pid(several):
    pids = [daemon.process.pid for daemon in several.both]
    several.ours.note_children()
    several.configure(WEBS)
    assert several.compare("supervisor.restart") is True
    for daemon, pid in zip(several.both, pids):
        wait_for(daemon.answers)
        daemon.wait_states(**{"web-0": "RUNNING", "web-1": "RUNNING"})
        assert daemon.call("supervisor.getPID") == pid
    wait_dead(several.ours.started)


def test_restart_with_a_broken_configuration_is_refused(several):
    several.ours.write_config("[supervisord]\n[program:x]\n")
    kind, code, text = several.ours.call("supervisor.restart")
    assert (kind, code) == ("fault", 92) and "[program:x] command" in text
    assert several.ours.call("supervisor.getState")["statename"] == "RUNNING"


# --- processes ---

def test_what_is_told_of_processes(several):
    rows = several.compare("supervisor.getAllProcessInfo")
    assert [row["name"] for row in rows] == ["gone", "a", "manual", "plain", "short", "web-0", "web-1"]
    for name in ["web:web-0", "pair:a", "gone", "a", "web:*", "web", "nobody", ""]:
        several.compare("supervisor.getProcessInfo", name)


def test_how_processes_are_configured(several):
    assert len(several.compare("supervisor.getAllConfigInfo")) == 7


def test_all_keys_of_a_configuration(pair):
    pair.start("[program:x]\ncommand = cat \"%(program_name)s\" b\ndirectory = /tmp\nuser = nobody\nexitcodes = 0,2,7\npriority = 3\n"
               "autostart = false\nstartsecs = 4\nstartretries = 5\nstopsignal = INT\nstopwaitsecs = 6\nkillasgroup = true\n"
               "redirect_stderr = true\nstdout_logfile = {here}/out\nstdout_logfile_maxbytes = 1KB\nstdout_logfile_backups = 2\n"
               "stdout_capture_maxbytes = 2KB\nstdout_events_enabled = true\nserverurl = http://localhost:1\n"
               "[program:y]\ncommand = cat\nautostart = false\nstdout_logfile = NONE\nstderr_logfile = NONE\nserverurl = AUTO\n")
    pair.compare("supervisor.getAllConfigInfo")
    pair.compare("supervisor.getAllProcessInfo")


def test_starting_and_stopping_one(several):
    for method, *arguments in [
            ("startProcess", "a"), ("startProcess", "pair:a"), ("startProcess", "pair:manual"), ("startProcess", "pair:manual", False),
            ("startProcess", "gone"), ("startProcess", "plain"), ("startProcess", "short"), ("startProcess", "nobody"),
            ("startProcess", "web:nobody"), ("stopProcess", "pair:a"), ("stopProcess", "pair:a"), ("stopProcess", "short"),
            ("stopProcess", "web"), ("startProcess", "pair:a", True), ("stopProcess", "pair:a", False), ("stopProcess", "web:*"),
            ("startProcess", "web:*"), ("startProcess", "web:", False), ("startProcess", "nobody:*")]:
        several.compare(f"supervisor.{method}", *arguments)


def test_starting_and_stopping_several(several):
    for method, *arguments in [
            ("startProcessGroup", "web"), ("stopProcessGroup", "web"), ("stopProcessGroup", "web"), ("startProcessGroup", "web", True),
            ("startProcessGroup", "nobody"), ("stopProcessGroup", "nobody"), ("startAllProcesses", True), ("stopAllProcesses",),
            ("stopAllProcesses",), ("startProcessGroup", "pair"), ("stopProcessGroup", "pair", False)]:
        for daemon in several.both:  # theirs gives up a moment after it has said so
            wait_for(lambda: daemon.states()["short"] in ("STOPPED", "FATAL"))
        several.compare(f"supervisor.{method}", *arguments)


def test_a_start_is_answered_when_it_runs_or_has_failed(pair):
    pair.start(program("long", SLEEP, startsecs=1, autostart="false")
               + program("dies", "sh -c 'sleep 0.3; exit 3'", startsecs=60, startretries=0, autostart="false")
               + program("early", "sh -c 'exit 3'", startsecs=60, startretries=3, autostart="false"))
    begun = time.monotonic()
    assert pair.ours.call("supervisor.startProcess", "long") is True
    assert time.monotonic() - begun >= 1
    assert pair.theirs.call("supervisor.startProcess", "long") is True
    pair.compare("supervisor.startProcess", "dies")
    pair.compare("supervisor.startProcess", "early")
    for daemon in pair.both:
        assert daemon.states()["long"] == "RUNNING"


def test_other_calls_are_answered_while_one_waits(pair):
    pair.configure(program("long", SLEEP, startsecs=600, autostart="false"))
    daemon = pair.ours.start()
    waiting = http_client(daemon)
    waiting.request("POST", "/RPC2", call_text("supervisor.startProcess", "long"), {"Content-Type": "text/xml"})
    daemon.wait_states(long="STARTING")
    assert daemon.call("supervisor.stopProcess", "long") is True
    assert b"ABNORMAL_TERMINATION: long" in waiting.getresponse().read()


def test_a_client_that_leaves_while_it_waits_harms_nobody(pair):
    pair.configure(program("long", SLEEP, startsecs=600, autostart="false"))
    daemon = pair.ours.start()
    waiting = http_client(daemon)
    waiting.request("POST", "/RPC2", call_text("supervisor.startProcess", "long"), {"Content-Type": "text/xml"})
    daemon.wait_states(long="STARTING")
    waiting.close()
    assert daemon.call("supervisor.stopProcess", "long") is True
    daemon.wait_states(long="STOPPED")


def test_signals(several):
    for method, *arguments in [
            ("signalProcess", "pair:a", "CONT"), ("signalProcess", "pair:a", "18"), ("signalProcess", "pair:a", "SIGCONT"),
            ("signalProcess", "pair:a", "NO"), ("signalProcess", "nobody", "NO"), ("signalProcess", "short", "CONT"),
            ("signalProcess", "web:*", "CONT"), ("signalProcessGroup", "web", "CONT"), ("signalProcessGroup", "web", "NO"),
            ("signalProcessGroup", "nobody", "CONT"), ("signalAllProcesses", "CONT"), ("signalAllProcesses", "NO")]:
        several.compare(f"supervisor.{method}", *arguments)


def test_standard_input(pair):
    pair.start(program("cat", "cat", startsecs=0, stdout_logfile="{here}/out") + program("off", "cat", autostart="false")
               + program("deaf", "sh -c 'exec <&-; echo deaf; exec sleep 600'", startsecs=0, stdout_logfile="{here}/deaf"))
    pair.wait_states(cat="RUNNING", off="STOPPED", deaf="RUNNING")
    for daemon in pair.both:
        wait_for(lambda: daemon.text("deaf"))
    for arguments in [("cat", "hello é\n"), ("off", "x"), ("nobody", "x"), ("cat:*", "x"), ("deaf", "x")]:
        pair.compare("supervisor.sendProcessStdin", *arguments)
    for daemon in pair.both:
        wait_for(lambda: daemon.text("out") == "hello é\n")


# --- another configuration ---

def test_groups_come_and_go(several):
    assert several.compare("supervisor.reloadConfig") == [[[], [], []]]
    several.configure(WEBS.replace("600", "601") + program("new", SLEEP, startsecs=0))
    assert several.compare("supervisor.reloadConfig")[0][:2] == [["new"], ["web"]]
    for method, *arguments in [
            ("addProcessGroup", "new"), ("addProcessGroup", "new"), ("addProcessGroup", "nobody"), ("removeProcessGroup", "web"),
            ("removeProcessGroup", "nobody"), ("stopProcessGroup", "web"), ("removeProcessGroup", "web"), ("addProcessGroup", "web"),
            ("removeProcessGroup", "gone")]:
        several.compare(f"supervisor.{method}", *arguments)
    for daemon in several.both:
        wait_for(lambda: daemon.states()["web-0"] == "RUNNING" and daemon.states()["new"] == "RUNNING")


def test_a_broken_configuration_is_not_read(several):
    several.configure("[program:x]\nnumprocs = 2\n")
    for daemon in several.both:
        kind, code, text = daemon.call("supervisor.reloadConfig")
        assert (kind, code) == ("fault", 92) and text.startswith("CANT_REREAD: ")
    assert several.ours.states()["a"] == "RUNNING"


# --- logs ---

TALKER = program("talk", "sh -c 'printf 0123456789; printf error >&2; exec sleep 600'", startsecs=0, stdout_logfile="{here}/out",
                 stderr_logfile="{here}/err")


@pytest.fixture
def talker(pair):
    pair.start(TALKER + program("mute", SLEEP, startsecs=0, stdout_logfile="NONE", stderr_logfile="NONE"))
    pair.wait_states(talk="RUNNING", mute="RUNNING")
    for daemon in pair.both:
        wait_for(lambda: daemon.text("out") == "0123456789" and daemon.text("err") == "error")
    return pair


def test_logs_are_read(talker):
    for offset, length in [(0, 0), (0, 4), (3, 4), (9, 10), (20, 5), (-4, 0), (-40, 0), (-4, 2), (0, -1), (5, 0), (10, 0)]:
        talker.compare("supervisor.readProcessStdoutLog", "talk", offset, length)
        talker.compare("supervisor.readProcessLog", "talk", offset, length)
        talker.compare("supervisor.readProcessStderrLog", "talk", offset, length)
        for method in ["tailProcessStdoutLog", "tailProcessLog", "tailProcessStderrLog"]:
            talker.compare(f"supervisor.{method}", "talk", offset, length)
    for name in ["mute", "nobody", "talk:*"]:
        for method in ["readProcessStdoutLog", "readProcessStderrLog", "tailProcessStdoutLog"]:
            talker.compare(f"supervisor.{method}", name, 0, 0)


def test_logs_are_cleared(talker):
    for arguments in [("talk",), ("mute",), ("nobody",), ("talk:*",)]:
        talker.compare("supervisor.clearProcessLogs", *arguments)
        talker.compare("supervisor.clearProcessLog", *arguments)
    talker.compare("supervisor.clearAllProcessLogs")
    assert talker.ours.text("out") == ""


def test_the_log_of_the_daemon(talker):
    assert talker.ours.call("supervisor.readLog", 0, 0) == talker.ours.text("s.log") != ""
    assert talker.ours.call("supervisor.readMainLog", -10, 0) == talker.ours.text("s.log")[-10:]
    for arguments in [(-4, 2), (0, -1)]:
        talker.compare("supervisor.readLog", *arguments)
    assert talker.compare("supervisor.clearLog") is True
    assert "spawned" not in talker.ours.text("s.log")
    talker.ours.call("supervisor.stopProcess", "talk")
    assert "stopped: talk (terminated by SIGTERM)" in talker.ours.text("s.log")


# --- events ---

LISTENER = ("import sys\nlog = open(sys.argv[1], 'a', buffering=1)\nwhile True:\n    print('READY', flush=True)\n    line = sys.stdin.readline()\n"
            "    headers = dict(pair.split(':', 1) for pair in line.split())\n    print(headers['eventname'], headers['len'], "
            "sys.stdin.read(int(headers['len'])), file=log)\n    print('RESULT 2\\nOK', end='', flush=True)\n")


def test_remote_events(pair):
    for daemon in pair.both:
        (daemon.directory / "l.py").write_text(LISTENER)
    pair.start("[eventlistener:l]\ncommand = /usr/bin/python3 {here}/l.py {here}/events\nevents = REMOTE_COMMUNICATION\nstartsecs = 0\n")
    pair.compare("supervisor.sendRemoteCommEvent", "kind", "data é\nmore")
    for daemon in pair.both:
        wait_for(lambda: daemon.text("events") == "REMOTE_COMMUNICATION 21 type:kind\ndata é\nmore\n", lambda: daemon.text("events"))


# --- HTTP ---

def http_client(daemon):
    client = http.client.HTTPConnection("localhost", timeout=PATIENCE)
    client.sock = socket.socket(socket.AF_UNIX)
    client.sock.settimeout(PATIENCE)
    client.sock.connect(str(daemon.directory / "s.sock"))
    return client


def call_text(method, *texts):
    params = "".join(f"<param><value><string>{text}</string></value></param>" for text in texts)
    return f"<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"


def status_of(daemon, method, path, body=None, headers={}):
    client = http_client(daemon)
    client.request(method, path, body, headers)
    return client.getresponse().status


def test_statuses(several):
    xml = {"Content-Type": "text/xml"}
    for method, path, body in [("POST", "/RPC2", "rubbish"), ("POST", "/RPC2", "<a/>"), ("POST", "/RPC2", "<methodCall></methodCall>"),
                               ("GET", "/logtail/nobody", None), ("GET", "/logtail/web:web-0/other", None), ("GET", "/logtail/web:*", None),
                               ("GET", "/nothing", None), ("POST", "/RPC2", call_text("supervisor.getPID"))]:
        theirs, ours = (status_of(daemon, method, path, body, xml if body else {}) for daemon in several.both)
        assert ours == theirs, (method, path)


def test_bombs_and_forgeries_are_refused(several):
    xml = {"Content-Type": "text/xml"}
    bomb = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><methodCall><methodName>&c;</methodName></methodCall>'
    assert status_of(several.ours, "POST", "/RPC2", bomb, xml) == 400
    assert status_of(several.ours, "POST", "/RPC2", "<value>" * 100000, xml) == 400
    assert status_of(several.ours, "POST", "/RPC2", "x" * (3 << 20), xml) == 413
    assert status_of(several.ours, "POST", "/RPC2", call_text("supervisor.getPID"), {"Content-Type": "text/plain"}) == 403
    assert status_of(several.ours, "POST", "/RPC2", call_text("supervisor.getPID"), {**xml, "Sec-Fetch-Site": "cross-site"}) == 403
    assert several.ours.call("supervisor.getAPIVersion") == "3.0"


def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


@pytest.mark.parametrize("password", ["thepw", "{SHA}" + hashlib.sha1(b"thepw").hexdigest()])
def test_passwords(pair, password):
    from supervisor.xmlrpc import SupervisorTransport
    pair.configure(program("a", SLEEP), server=SERVER + f"username = me\npassword = {password}\n")
    for daemon in pair.both:
        daemon.answers = lambda daemon=daemon: listens(daemon.directory / "s.sock")
        daemon.start()
        for user, text, wanted in [("me", "thepw", 200), ("me", "wrong", 401), ("you", "thepw", 401), (None, None, 401)]:
            client = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=SupervisorTransport(user, text, daemon.url))
            try:
                assert client.supervisor.getAPIVersion() == "3.0" and wanted == 200
            except xmlrpc.client.ProtocolError as error:
                assert error.errcode == wanted
        token = base64.b64encode(b"me:thepw").decode()
        assert status_of(daemon, "GET", "/logtail/nobody", None, {"Authorization": f"Basic {token}"}) == 404


def read_until(response, text):
    got = b""
    while text not in got:
        more = response.read1()
        assert more, f"it ends after {got}"
        got += more
    return got


def test_a_log_is_followed_over_a_rotation(pair):
    pair.configure(program("cat", "cat", startsecs=0, stdout_logfile="{here}/out", stdout_logfile_maxbytes=2000, stdout_logfile_backups=1))
    daemon = pair.ours.start()
    daemon.wait_states(cat="RUNNING")
    daemon.call("supervisor.sendProcessStdin", "cat", "x" * 1500 + "\n")
    wait_for(lambda: len(daemon.text("out")) == 1501)
    client = http_client(daemon)
    client.request("GET", "/logtail/cat/stdout")
    response = client.getresponse()
    assert response.status == 200 and response.getheader("Content-Type") == "text/plain;charset=utf-8"
    assert response.getheader("Last-Modified").endswith("GMT")
    assert read_until(response, b"\n") == b"x" * 1023 + b"\n"
    for number in range(5):
        daemon.call("supervisor.sendProcessStdin", "cat", f"{number}" * 900 + "\n")
        assert read_until(response, b"\n") == f"{number}".encode() * 900 + b"\n"
    daemon.call("supervisor.clearProcessLogs", "cat")
    daemon.call("supervisor.sendProcessStdin", "cat", "after\n")
    assert read_until(response, b"after\n").endswith(b"after\n")


def test_the_log_of_the_daemon_is_followed(talker):
    client = http_client(talker.ours)
    client.request("GET", "/mainlogtail")
    response = client.getresponse()
    talker.ours.call("supervisor.stopProcess", "talk")
    assert b"stopped: talk" in read_until(response, b"stopped: talk")


def test_without_an_interface_there_are_no_methods(tmp_path):
    daemon = Daemon(tmp_path / "d", MUSTERD)
    daemon.configure(program("a", SLEEP))
    daemon.write_config(daemon.config.read_text().replace(INTERFACE, ""))
    daemon.answers = lambda: listens(daemon.directory / "s.sock")
    try:
        daemon.start()
        assert daemon.call("supervisor.getPID") == ("fault", 1, "UNKNOWN_METHOD")
        assert len(daemon.call("system.listMethods")) == 4
    finally:
        daemon.end()


# --- clients that mean no good ---

def test_base64_is_decoded(pair):
    pair.start(program("cat", "cat", startsecs=0, stdout_logfile="{here}/out"))
    pair.wait_states(cat="RUNNING")
    for text in [b"hello \xc3\xa9\n", b"", b"a\0b\n"]:
        assert pair.compare("supervisor.sendProcessStdin", xmlrpc.client.Binary(b"cat"), xmlrpc.client.Binary(text)) is True
    for daemon in pair.both:
        wait_for(lambda: daemon.text("out") == "hello é\na\0b\n", lambda: daemon.text("out"))


def test_base64_that_is_none(several):
    xml = {"Content-Type": "text/xml"}
    for text in ["YWI", "Y", "gA==", "/w=="]:
        call = call_text("supervisor.getProcessInfo", "NAME").replace("<string>NAME</string>", f"<base64>{text}</base64>")
        assert [status_of(daemon, "POST", "/RPC2", call, xml) for daemon in several.both] == [400, 400], text
    assert several.ours.call("supervisor.getProcessInfo", xmlrpc.client.Binary(b"pair:a\0b")) == ("fault", 2, "INCORRECT_PARAMETERS")


def test_paths_in_the_names_of_logs(several):
    (several.ours.directory / "secret").write_text("secret")
    for path in ["../secret", "..%2fsecret", "%2e%2e/secret", "pair:a/../secret", "pair:a/%2e%2e%2fsecret", "/etc/passwd", "%2fetc%2fpasswd",
                 "pair:a%00/stdout", "pair:a/stdout%00", "pair:a/stdout/..", "pair:*/stdout", ".", "", "x" * 5000]:
        assert status_of(several.ours, "GET", f"/logtail/{path}") == 404, path
    for name in ["../secret", "/etc/passwd", "pair:../secret", "pair:a/../secret", "x" * 100000]:
        assert several.ours.call("supervisor.readProcessStdoutLog", name, 0, 0)[:2] == ("fault", 10), name


GUARDED = SERVER + "username = me\npassword = thepw\n"
WRONG = {"Authorization": "Basic " + base64.b64encode(b"me:wrong").decode()}


@pytest.fixture
def guarded(pair):
    pair.ours.configure(program("a", SLEEP), server=GUARDED)
    pair.ours.answers = lambda: listens(pair.ours.directory / "s.sock")
    return pair.ours.start()


def test_wrong_passwords_wait_and_others_do_not(guarded):
    guessing = [http_client(guarded) for _ in range(20)]
    begun = time.monotonic()
    for client in guessing:
        client.request("GET", "/api/v1/session", headers=WRONG)
    assert status_of(guarded, "GET", "/healthz") == 200
    right = base64.b64encode(b"me:thepw").decode()
    assert status_of(guarded, "GET", "/api/v1/session", headers={"Authorization": f"Basic {right}"}) == 200
    assert [client.getresponse().status for client in guessing] == [401] * 20
    assert time.monotonic() - begun >= 1


def test_who_waits_for_a_refusal_does_not_disturb_the_end(guarded):
    client = http_client(guarded)
    client.request("GET", "/api/v1/session", headers=WRONG)
    assert status_of(guarded, "GET", "/healthz") == 200
    guarded.note_children()
    guarded.process.terminate()
    assert guarded.process.wait(PATIENCE) == 0, guarded.output()
    assert client.getresponse().status == 401


# More are not taken, and wait in the kernel until they give up.
CONNECTIONS_MAX = 256


def control_answers(daemon):
    """Over the control socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(str(daemon.directory / "s.muster.sock"))
        client.sendall(b'{"command":"ping"}\n')
        return client.makefile().readline()


def test_slow_clients_and_ten_thousand_connections(pair):
    pair.configure(program("a", SLEEP, startsecs=0))
    daemon = pair.ours.start()
    daemon.wait_states(a="RUNNING")
    before = len(descriptors_of(daemon.process.pid))
    slow = [http_client(daemon).sock for _ in range(100)]
    for client in slow:
        client.sendall(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n")
    assert daemon.call("supervisor.getAPIVersion") == "3.0"
    waiting, most = list(slow), 0
    for number in range(10000):
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        if client.connect_ex(str(daemon.directory / "s.sock")) == 0 and len(waiting) < 500:
            waiting.append(client)
        else:
            client.close()
        if number % 1000 == 999:
            most = max(most, len(descriptors_of(daemon.process.pid)) - before)
            assert '"ok":true' in control_answers(daemon)
    assert 100 <= most <= CONNECTIONS_MAX + 10
    for client in waiting:
        client.close()
    wait_for(daemon.answers)
    assert daemon.states() == {"a": "RUNNING"}
    wait_for(lambda: len(descriptors_of(daemon.process.pid)) <= before + 1, lambda: descriptors_of(daemon.process.pid))
