# SPDX-License-Identifier: MIT
"""musterd by the name of supervisord: Supervisor's options; and what [supervisord] makes of the daemon."""
import os
import pathlib
import re
import resource
import signal
import subprocess

import pytest

from support.musterd import MUSTERD, clean_environment, replace_file, send
from support.processes import PATIENCE, process_lives, wait_for
from support.programs import program


class Supervisord:
    def __init__(self, directory):
        self.directory = directory
        self.link = directory / "supervisord"
        self.link.symlink_to(MUSTERD)
        self.config = directory / "supervisord.conf"
        self.process = None

    def configure(self, daemon="", sections=""):
        replace_file(self.config, f"[supervisord]\nchildlogdir = {self.directory}\n{daemon}\n{sections}")

    def command(self, *options):
        return [self.link, "-c", self.config, *map(str, options)]

    def run(self, *options):
        """One that ends, or goes to the background."""
        return subprocess.run(self.command(*options), capture_output=True, text=True, timeout=PATIENCE, cwd=self.directory,
                              env=clean_environment())

    def start(self, *options, preexec=None):
        self.process = subprocess.Popen(self.command("-n", *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        cwd=self.directory, env=clean_environment(), preexec_fn=preexec)
        wait_for(lambda: "started with pid" in self.text("s.log") or self.process.poll() is not None, lambda: self.text("s.log"))

    def text(self, name):
        path = self.directory / name
        return path.read_text() if path.exists() else ""

    def status(self, key):
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(line.split()[1] for line in lines if line.startswith(key + ":"))

    def end(self):
        pids = [int(text) for text in [self.text("s.pid").strip()] if text]
        if self.process:
            pids.append(self.process.pid)
        for pid in pids:
            send(pid, signal.SIGTERM)
        if self.process:
            self.process.wait(PATIENCE)
        wait_for(lambda: not any(map(process_lives, pids)))


@pytest.fixture
def supervisord(tmp_path):
    daemon = Supervisord(tmp_path)
    yield daemon
    daemon.end()


@pytest.fixture
def open_supervisord(everybodys):
    daemon = Supervisord(everybodys)
    yield daemon
    daemon.end()


def test_version_and_help(supervisord):
    assert supervisord.run("-v").stdout == "4.2.5\n"
    assert "--childlogdir=DIR" in supervisord.run("-h").stdout
    assert supervisord.run("--nothing").returncode == 2


def test_options_come_before_the_file(supervisord):
    supervisord.configure("logfile = other.log\npidfile = other.pid\nloglevel = critical\nidentifier = other\n",
                          program("a", "sh -c 'umask; exec sleep 600'", startsecs="0"))
    supervisord.start("-l", supervisord.directory / "s.log", "-j", supervisord.directory / "s.pid", "-e", "debug", "-i", "mine",
                      "-m", "027", "-y", "1MB", "-z", "3", "-q", supervisord.directory, "-k", "-t", "-s", "-a", "512", "--minprocs=10")
    wait_for(lambda: "success: a entered RUNNING state" in supervisord.text("s.log"))
    wait_for(lambda: "DEBG 'a' stdout output" in supervisord.text("s.log"), lambda: supervisord.text("s.log"))
    assert supervisord.text("s.pid").strip() == str(supervisord.process.pid)
    log = wait_for(lambda: list(supervisord.directory.glob("a-stdout---mine-*.log")))[0]
    wait_for(lambda: log.read_text() == "0027\n")


@pytest.mark.no_valgrind("where the link stands does not reach who is started by valgrind")
def test_the_file_is_looked_for_where_supervisor_does(supervisord):
    above, here = supervisord.directory / "opt", supervisord.directory / "here"
    (above / "bin").mkdir(parents=True)
    (here / "etc").mkdir(parents=True)
    (above / "etc").mkdir()
    link = above / "bin" / "supervisord"
    link.symlink_to(MUSTERD)
    places = [above / "etc", above, here, here / "etc"]
    for place in places:
        (place / "supervisord.conf").write_text("[supervisord]\nloglevel = loud\n")
    for place in places:
        done = subprocess.run([link, "-n"], capture_output=True, text=True, timeout=PATIENCE, cwd=here, env=clean_environment())
        named = re.search(r"(/\S+/supervisord.conf):2: ", done.stdout + done.stderr)
        assert done.returncode == 2 and named and os.path.realpath(named[1]) == str(place / "supervisord.conf"), done
        (place / "supervisord.conf").unlink()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_user_and_directory_of_the_command_line(open_supervisord):
    supervisord = open_supervisord
    home = supervisord.directory / "home"
    home.mkdir()
    home.chmod(0o777)
    supervisord.configure("", program("a", "sh -c 'id -un; pwd'", startsecs="0", autorestart="false",
                                      stdout_logfile=supervisord.directory / "out"))
    # the directory is that of the background
    assert supervisord.run("-u", "nobody", "-d", home, "-l", supervisord.directory / "s.log", "-j", supervisord.directory / "s.pid",
                           "--profile_options=cumulative").returncode == 0
    wait_for(lambda: supervisord.text("out") == f"nobody\n{home}\n", lambda: supervisord.text("out") + supervisord.text("s.log"))


def test_a_quoted_semicolon_is_a_comment_and_the_error_says_so(supervisord):
    supervisord.configure("", program("a", 'sh -c "echo a ; echo b"'))
    done = supervisord.run("-n")
    assert done.returncode == 2 and "write %(semicolon)s" in done.stdout + done.stderr, done
    supervisord.configure("logfile = s.log\npidfile = s.pid\n", program("a", 'sh -c "echo a %(semicolon)s echo b"', startsecs="0",
                                                                        autorestart="false", stdout_logfile=supervisord.directory / "out"))
    supervisord.start()
    wait_for(lambda: supervisord.text("out") == "a\nb\n", lambda: supervisord.text("s.log"))


@pytest.mark.no_valgrind("how it was called does not reach who is started by valgrind: after the upgrade it is no supervisord")
def test_programs_may_write_to_the_output_of_the_daemon(supervisord):
    """As in a container: a pipe cannot be rotated, whatever the keys say."""
    command = "sh -c 'for i in 1 2 3; do printf \"%%01000d\\n\" $i; done; echo last >&2; exec sleep 600'"
    supervisord.configure("logfile = s.log\npidfile = s.pid\n",
                          program("a", command, startsecs="0", stdout_logfile="/dev/stdout", stdout_logfile_maxbytes="1000",
                                  stderr_logfile="/dev/stderr"))
    supervisord.process = subprocess.Popen(supervisord.command("-n", "-s"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                           cwd=supervisord.directory, env=clean_environment())
    assert [int(supervisord.process.stdout.readline()) for _ in range(3)] == [1, 2, 3]
    assert supervisord.process.stderr.readline() == "last\n"
    # and so it does after an upgrade, though standard error is the log by then
    supervisord.process.send_signal(signal.SIGRTMIN)
    wait_for(lambda: "goes on with pid" in supervisord.text("s.log"), lambda: supervisord.text("s.log"))
    os.kill(int(re.search(r"spawned: 'a' with pid (\d+)", supervisord.text("s.log"))[1]), signal.SIGKILL)
    assert supervisord.process.stderr.readline() == "last\n"
    assert process_lives(supervisord.process.pid)


def test_a_bad_value_names_the_key(supervisord):
    supervisord.configure()
    done = supervisord.run("-n", "-e", "loud")
    assert done.returncode == 2 and "loglevel" in done.stdout + done.stderr


def test_it_goes_to_the_background(supervisord):
    supervisord.configure("logfile = s.log\npidfile = s.pid\n", program("a", "sleep 600", startsecs="0"))
    assert supervisord.run().returncode == 0
    pid = int(supervisord.text("s.pid"))
    assert os.getsid(pid) == pid
    wait_for(lambda: "success: a" in supervisord.text("s.log"))
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: supervisord.text("s.log").count("success: a") == 2)
    assert int(supervisord.text("s.pid")) == pid


@pytest.mark.no_valgrind("valgrind keeps the limit of descriptors to itself")
def test_limits_are_raised(supervisord):
    supervisord.configure("logfile = s.log\npidfile = s.pid\nminfds = 700\n")
    supervisord.start(preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (300, 1000)))
    limits = pathlib.Path(f"/proc/{supervisord.process.pid}/limits").read_text()
    soft = next(line.split()[3] for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(soft) >= 700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_the_daemon_becomes_its_user(open_supervisord):
    supervisord = open_supervisord
    supervisord.configure("logfile = s.log\npidfile = s.pid\nuser = nobody\n", program("a", "id -un", startsecs="0", autorestart="false",
                                                                                      stdout_logfile=supervisord.directory / "out"))
    supervisord.start()
    wait_for(lambda: supervisord.text("out") == "nobody\n", lambda: supervisord.text("s.log"))
    assert supervisord.status("Uid") == "65534" and supervisord.status("Gid") == "65534"


def test_a_user_that_there_is_not(supervisord):
    supervisord.configure("user = nobody-at-all\n")
    assert supervisord.run("-n").returncode == 2
