# SPDX-License-Identifier: MIT
"""Compares what a file means to us with what it means to Debian's Supervisor: its own modules read the same files.

The files are handwritten, and random ones with fixed seeds. PROGRAMS_DUMP names the program that says what they mean to us.
"""
import io
import json
import os
import random
import subprocess

import pytest

options = pytest.importorskip("supervisor.options")
datatypes = pytest.importorskip("supervisor.datatypes")
events = pytest.importorskip("supervisor.events")

FILES = 600


@pytest.fixture(scope="module")
def ours():
    """Asks our reader about one file."""
    environment = {**os.environ, "FROM_ENVIRONMENT": "value", "PERCENT": "100%"}
    process = subprocess.Popen([os.environ["PROGRAMS_DUMP"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=environment)

    def ask(path):
        process.stdin.write(f"{path}\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    assert process.wait(20) == 0


def log_name(value):
    return "AUTO" if value is datatypes.Automatic else value


def restart_name(value):
    names = {datatypes.RestartUnconditionally: "always", datatypes.RestartWhenExitUnexpected: "unexpected"}
    return names.get(value, "never")


def describe_process(config):
    plain = ("name command directory umask priority autostart startsecs startretries uid stdout_capture_maxbytes "
             "stdout_events_enabled stdout_syslog stdout_logfile_backups stdout_logfile_maxbytes stderr_capture_maxbytes "
             "stderr_logfile_backups stderr_logfile_maxbytes stderr_events_enabled stderr_syslog stopwaitsecs stopasgroup "
             "killasgroup redirect_stderr environment serverurl").split()
    answer = {key: getattr(config, key) for key in plain}
    answer["stopsignal"] = int(config.stopsignal)
    answer["exitcodes"] = sorted(set(config.exitcodes))
    answer["autorestart"] = restart_name(config.autorestart)
    answer["stdout_logfile"] = log_name(config.stdout_logfile)
    answer["stderr_logfile"] = log_name(config.stderr_logfile)
    return answer


def describe_group(config):
    answer = {"name": config.name, "kind": "programs", "priority": config.priority,
              "processes": [describe_process(process) for process in config.process_configs]}
    if isinstance(config, options.EventListenerPoolConfig):
        names = {events.getEventNameByType(event) for event in config.pool_events}
        order = [name for name in vars(events.EventTypes) if name.isupper()]
        answer.update(kind="listeners", buffer_size=config.buffer_size, events=sorted(names, key=order.index))
    if isinstance(config, options.FastCGIGroupConfig):
        socket = config.socket_config
        answer.update(kind="fcgi", socket=socket.url, socket_mode=getattr(socket, "mode", None) or 0o700,
                      socket_backlog=socket.backlog or 0)
        if getattr(socket, "owner", None):
            answer["socket_owner"] = list(socket.owner)
    return answer


def describe_server(config):
    answer = {key: config[key] for key in ("name", "username", "password")}
    if "file" in config:
        answer.update(file=config["file"], chmod=config["chmod"])
        if config["chown"] != (-1, -1):
            answer["chown"] = list(config["chown"])
    else:
        answer.update(host=config["host"], port=config["port"])
    return answer


def describe_daemon(read):
    levels = {number: name for name, number in vars(options.loggers.LevelsByDescription).items() if name.islower()}
    plain = "logfile logfile_maxbytes logfile_backups pidfile umask minfds minprocs childlogdir directory identifier uid".split()
    answer = {key: getattr(read, key) for key in plain}
    answer["loglevel"] = levels[read.loglevel]
    for key in ("nodaemon", "silent", "nocleanup", "strip_ansi"):
        answer[key] = bool(getattr(read, key))
    return answer


def first_of_each_name(groups):
    seen = {}
    for group in groups:
        seen.setdefault(group.name, group)
    return list(seen.values())


def theirs(path, monkeypatch):
    """What Supervisor reads, or an error."""
    monkeypatch.setenv("FROM_ENVIRONMENT", "value")
    monkeypatch.setenv("PERCENT", "100%")
    read = options.ServerOptions()
    read.stderr = io.StringIO()
    try:
        read.realize(["-c", str(path)], doc="")
    except SystemExit:
        return {"error": read.stderr.getvalue()}
    return {"supervisord": describe_daemon(read),
            "servers": [describe_server(server) for server in read.server_configs],
            "groups": [describe_group(group) for group in first_of_each_name(read.process_group_configs)]}


def compare(text, tmp_path, ours, monkeypatch):
    """True where the file was accepted."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "supervisord.conf"
    path.write_text(text)
    expected, answer = theirs(path, monkeypatch), ours(path)
    if "error" in expected or "error" in answer:
        assert ("error" in expected) == ("error" in answer), f"{text}\nSupervisor: {expected}\nwe: {answer}"
        return False
    # our process has another working directory
    for key in ("logfile", "pidfile"):
        for side in (expected, answer):
            side["supervisord"][key] = os.path.basename(side["supervisord"][key])
    assert answer == expected, text
    return True


DAEMON = "[supervisord]\nenvironment=GLOBAL=g,SHARED='one two'\n"
HANDWRITTEN = [
    "[program:a]\ncommand=cat\n",
    "[program:a]\ncommand=/bin/sh -c 'echo %(program_name)s %(group_name)s %(here)s %(host_node_name)s %(numprocs)d %(process_num)d'\n",
    "[program:a]\ncommand=cat %(process_num)s\nnumprocs=12\nprocess_name=%(program_name)s_%(process_num)d\nnumprocs_start=3\n",
    "[program:a]\ncommand=cat\nprocess_name=%(group_name)s-%(process_num)02d-%(ENV_X)s\nenvironment=X=%(process_num)d,Y=\"%(ENV_X)s\"\n",
    "[program:a]\ncommand=cat\nprocess_name=%(group_name)s-%(process_num)02d-%(ENV_X)s\nenvironment=X=%(process_num)d\nnumprocs=3\n",
    "[program:a]\ncommand=cat %(ENV_GLOBAL)s %(ENV_FROM_ENVIRONMENT)s\ndirectory=%(ENV_SHARED)s\nenvironment=SHARED=mine\n",
    "[program:a]\ncommand=echo %(ENV_PERCENT)s\nstdout_logfile=/tmp/%%(program_name)s.log\nstderr_logfile=/tmp/%%%%.log\n",
    "[program:a]\ncommand=cat\nstdout_logfile=NONE\nstderr_logfile=off\n",
    "[program:a]\ncommand=cat\nstdout_logfile=syslog\nstderr_logfile=rel.log\nstdout_logfile_maxbytes=0\n",
    "[program:a]\ncommand=cat\nredirect_stderr=true\nstderr_logfile=/tmp/x\n",
    "[program:a]\ncommand=cat\nstopasgroup=true\n",
    "[program:a]\ncommand=cat\nstopasgroup=true\nkillasgroup=false\n",
    "[program:a]\ncommand=cat\nnumprocs=2\n",
    "[program:a]\ncommand=cat\nnumprocs=0\n",
    "[program:a]\n",
    "[program:a b]\ncommand=cat\n",
    "[program:a]\ncommand=cat\nprocess_name=a/b\n",
    "[program:a]\ncommand=cat\nprocess_name=  padded  \n",
    "[program:a]\ncommand=cat\nexitcodes=\nautorestart=FALSE\nstartsecs=0\n",
    "[program:a]\ncommand=cat\n[group:g]\nprograms=a\npriority=3\n",
    "[program:a]\ncommand=cat\n[program:b]\ncommand=cat\npriority=1\n[group:g]\nprograms=b , a\n[group:h]\nprograms=a\n",
    "[program:a]\ncommand=cat\n[group:g]\nprograms=missing\n",
    "[program:a]\ncommand=cat\n[fcgi-program:a]\ncommand=cat\nsocket=tcp://localhost:9001\n[group:g]\nprograms=a\n",
    "[group:g]\n",
    "[program:g]\ncommand=cat\n[program:a]\ncommand=true\n[group:g]\nprograms=a\npriority=1\n",
    "[program:g]\ncommand=cat\npriority=1\n[program:a]\ncommand=true\n[group:g]\nprograms=a\n",
    "[eventlistener:l]\ncommand=cat\nevents=EVENT\n",
    "[eventlistener:l]\ncommand=cat\nevents=tick_5,Process_State,PROCESS_LOG_STDERR\nbuffer_size=3\nnumprocs=2\n"
    "process_name=%(program_name)s%(process_num)s\n",
    "[eventlistener:l]\ncommand=cat\nevents=TICK_7\n",
    "[eventlistener:l]\ncommand=cat\n",
    "[eventlistener:l]\ncommand=cat\nevents=TICK_5\npriority=7\nbuffer_size=0\n",
    "[eventlistener:l]\ncommand=cat\nevents=TICK_5\npriority=7\n",
    "[eventlistener:l]\ncommand=cat\nevents=TICK_5\nredirect_stderr=true\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=unix:///tmp/%(program_name)s.sock\nsocket_mode=0770\nsocket_owner=root:root\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=unix://rel.sock\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost:9001\nsocket_backlog=5\nnumprocs=2\nprocess_name=%(process_num)d\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost:9001\nsocket_mode=0700\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost\n",
    "[fcgi-program:f]\ncommand=cat\n",
    "[fcgi-program:f]\ncommand=cat\nsocket=tcp://localhost:9001\n[group:g]\nprograms=f\n",
    "[unix_http_server]\nfile=/tmp/x.sock\nchmod=0777\nchown=root:root\nusername=u\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n",
    "[unix_http_server]\nfile=~root/x.sock\n[unix_http_server:two]\nfile=%(here)s/two.sock\n",
    "[unix_http_server]\n",
    "[unix_http_server]\nfile=/tmp/x.sock\nusername=u\n",
    "[inet_http_server]\nport=*:9001\n[inet_http_server:b]\nport=127.0.0.1:9002\n[inet_http_server:c]\nport=9003\n",
    "[inet_http_server]\nport=0\n",
    "[inet_http_server]\n",
    "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n",
    "[program:a]\ncommand=cat\nunheard_of=1\n[odd]\nx=y\n[supervisorctl]\nserverurl=unix:///tmp/x.sock\n",
]


@pytest.mark.parametrize("text", HANDWRITTEN)
def test_a_file_means_what_it_means_to_supervisor(text, tmp_path, ours, monkeypatch):
    compare(DAEMON + text, tmp_path, ours, monkeypatch)


@pytest.mark.parametrize("text", [
    "[supervisord]\n", "[supervisord]\nlogfile=/tmp/x.log\nlogfile_maxbytes=0\nlogfile_backups=0\nloglevel=BLATHER\n",
    "[supervisord]\nlogfile=/none/x.log\n", "[supervisord]\nuser=root\numask=077\nnodaemon=yes\nsilent=on\nidentifier=me\n",
    "[supervisord]\nuser=nobody at all\n", "[supervisord]\ndirectory=/none\n", "[supervisord]\nminfds=10\nminprocs=1\nstrip_ansi=1\n",
    "[supervisord]\nchildlogdir=/var/tmp\nnocleanup=true\npidfile=%(here)s/x.pid\ndirectory=/tmp\n", "[supervisord]\nloglevel=loud\n",
    "[supervisord]\nidentifier=%(ENV_FROM_ENVIRONMENT)s\n", "[supervisord]\nidentifier=%(ENV_UNKNOWN)s\n",
])
def test_the_daemons_own_section(text, tmp_path, ours, monkeypatch):
    compare(text, tmp_path, ours, monkeypatch)


def test_included_files(tmp_path, ours, monkeypatch):
    for name in ("b", "a"):
        directory = tmp_path / name
        directory.mkdir()
        (directory / "x.ini").write_text(f"[program:{name}]\ncommand=cat %(here)s\ndirectory=%(here)s\n")
    assert compare("[supervisord]\n[include]\nfiles = */*.ini none/*.ini\n", tmp_path, ours, monkeypatch)


BOOLEANS = ["true", "False", "on", "off", "1", "0", "yes", "no"]
SIZES = ["0", "1", "4096", "50MB", "1kb", "2 GB"]
NUMBERS = ["0", "1", "5", "07", "999"]
VALUES = {
    "numprocs": ["1", "1", "2", "3"], "numprocs_start": ["0", "1", "10"], "priority": ["-1", "0", "5", "5", "999", "1000"],
    "autostart": BOOLEANS, "autorestart": BOOLEANS + ["unexpected", "Unexpected"], "startsecs": NUMBERS, "startretries": NUMBERS,
    "exitcodes": ["0", "0,2", "2,1, 255", ""], "stopsignal": ["TERM", "sigint", "HUP", "10", "usr2", "SIGKILL"], "stopwaitsecs": NUMBERS,
    "stopasgroup": BOOLEANS, "killasgroup": BOOLEANS, "user": ["root", "0"], "directory": ["/tmp", "rel", "%(here)s/x", "%(ENV_A)s"],
    "umask": ["022", "0", "777"], "serverurl": ["AUTO", "auto", "unix:///tmp/x"], "redirect_stderr": BOOLEANS,
    "environment": ["", "A=1", "A=%(process_num)d,B='x, y'", "A=\"%(ENV_GLOBAL)s\"\n ,C=3,"],
    "stdout_logfile": ["AUTO", "none", "/tmp/%(program_name)s.log", "rel.log", "/tmp/%%(process_num)d"], "stdout_logfile_maxbytes": SIZES,
    "stdout_logfile_backups": NUMBERS, "stdout_capture_maxbytes": SIZES[:4], "stdout_events_enabled": BOOLEANS, "stdout_syslog": BOOLEANS,
    "stderr_logfile": ["AUTO", "OFF", "/tmp/%(group_name)s", "syslog"], "stderr_logfile_maxbytes": SIZES,
    "stderr_logfile_backups": NUMBERS, "stderr_capture_maxbytes": SIZES[:4], "stderr_events_enabled": BOOLEANS, "stderr_syslog": BOOLEANS,
    "command": ["cat", "/bin/sh -c 'a; b'", "x %(ENV_FROM_ENVIRONMENT)s %(process_num)d", "y %(ENV_A)s"],
    "process_name": ["%(program_name)s", "%(program_name)s_%(process_num)02d", "p%(process_num)d-%(program_name)s"],
}
WRONG = {
    "numprocs": ["x"], "priority": ["high"], "autostart": ["maybe"], "autorestart": ["sometimes"], "startsecs": ["-x", ""],
    "exitcodes": ["256", "a", "1,,2"], "stopsignal": ["NOSUCH", "99"], "user": ["nobody at all", "987654"], "umask": ["8", "abc"],
    "environment": ["A", "A=", "=1"], "stdout_logfile": ["/none/such/x"], "stdout_logfile_maxbytes": ["1TB", "MB", ""],
    "command": ["x %(ENV_NOT_THERE)s", "x %", "x %(process_nim)s"], "process_name": ["a b", "a:b"],
}
LISTENER = {"events": ["EVENT", "TICK_5,TICK_60", "PROCESS_STATE", "process_log"], "buffer_size": ["1", "10", "0"]}
FCGI = {"socket": ["unix:///tmp/x.sock", "tcp://localhost:9000", "tcp://h:1"], "socket_backlog": ["1", "100"],
        "socket_mode": ["0700", "777"], "socket_owner": ["root", "root:root"]}


def random_section(chance, kind, number):
    lines = [f"[{kind}:{kind[0]}{number}]"]
    known = {**VALUES, **(LISTENER if kind == "eventlistener" else FCGI if kind == "fcgi-program" else {})}
    required = ["command"] + {"eventlistener": ["events"], "fcgi-program": ["socket"]}.get(kind, [])
    keys = required + chance.sample(sorted(set(known) - set(required)), chance.randint(0, 8))
    wrong = chance.choice(keys) if chance.random() < 0.04 else None
    for key in keys:
        values = WRONG.get(key, known[key]) if key == wrong else known[key]
        lines.append(f"{key}{chance.choice(['=', ' = ', ': '])}{chance.choice(values)}")
    return "\n".join(lines) + "\n"


def random_file(chance):
    kinds = [chance.choice(["program", "program", "program", "eventlistener", "fcgi-program"]) for _ in range(chance.randint(1, 5))]
    sections = [random_section(chance, kind, number) for number, kind in enumerate(kinds)]
    programs = [f"{kind[0]}{number}" for number, kind in enumerate(kinds) if kind != "eventlistener"]
    if programs and chance.random() < 0.4:
        members = chance.sample(programs, chance.randint(1, len(programs)))
        sections.append(f"[group:{chance.choice(['g', members[0]])}]\nprograms={','.join(members)}\npriority={chance.choice([1, 999])}\n")
    chance.shuffle(sections)
    return DAEMON + "".join(sections)


def test_random_files_mean_what_they_mean_to_supervisor(tmp_path, ours, monkeypatch):
    chance = random.Random(11)
    accepted = sum(compare(random_file(chance), tmp_path, ours, monkeypatch) for _ in range(FILES))
    assert FILES * 0.2 < accepted < FILES * 0.98
