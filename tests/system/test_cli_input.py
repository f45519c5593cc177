# SPDX-License-Identifier: MIT
"""Bad input to the command line: a message that says what is wrong, a status, and nothing half done."""
import json
import pty
import os
import subprocess

import pytest

from support.processes import PATIENCE

USAGE, NOT_FOUND, UNAVAILABLE = 2, 3, 4


@pytest.fixture
def cli(muster):
    muster.configure(muster.queue("emails", workers=0))
    return muster


@pytest.mark.parametrize("arguments, message", [
    ([], "usage: muster"),
    (["queue:psuh"], "did you mean queue:push?"),
    (["nonsense-command-of-no-kind"], "muster help"),
    (["queue:push"], "an argument is missing; usage: muster queue:push"),
    (["queue:push", "A", "1", "2"], "too many arguments"),
    (["queue:push", "A", "--qeue=x"], "did you mean --queue?"),
    (["queue:push", "A", "--priority"], "--priority needs a value"),
    (["queue:push", "A", "--priority=high"], "high"),
    (["queue:push", "A", "--priority=1001"], "1000"),
    (["queue:push", "A", "--delay=-1"], "-1"),
    (["queue:push", "A", "--delay=1y"], "1y"),
    (["queue:push", "A", "--delay=400000000"], "400000000"),
    (["queue:push", "A", "--tries=0"], "--tries=0"),
    (["queue:push", "A", "--timeout=0"], "--timeout=0"),
    (["queue:push", "A", "--queue="], "--queue="),
    (["queue:push", "A", "--queue=a b"], "a b"),
    (["queue:push", "A", "--queue=a/b"], "a/b"),
    (["queue:push", "A", "--queue=a\nb"], "queue"),
    (["queue:push", "A", "--queue=\x1b[31mred"], "queue"),
    (["queue:push", "A", "--queue=" + "x" * 101], "100"),
    (["queue:push", ""], "job"),
    (["queue:push", "A\x07B"], "job"),
    (["queue:push", "A" * 256], "255"),
    (["queue:push", "A", "{"], "data"),
    (["queue:push", "A", "{'a':1}"], "data"),
    (["queue:push", "A", '{"a":1} x'], "data"),
    (["queue:push", "A", ""], "data"),
    (["queue:push", "A", '"\\u0000"'], "data"),
    (["queue:push", "A", "[" * 200 + "]" * 200], "data"),
    (["queue:push", "A", "--uuid=with space"], "uuid"),
    (["queue:push", "A", "--uuid=" + "u" * 65], "uuid"),
    (["queue:push", "A", "{}", "--data-file=x"], "not both"),
    (["queue:later", "soon", "A"], "soon"),
    (["queue:bulk", "-", "extra"], "too many arguments"),
    (["queue:failed", "--since=yesterday"], "yesterday"),
    (["queue:failed", "--limit=0"], "--limit=0"),
    (["queue:failed", "x", "--queue=emails"], "not both"),
    (["queue:prune", "--days=-3"], "-3"),
    (["queue:work", "--queue=unknown"], "command"),
    (["queue:work", "--memory=lots", "--", "true"], "lots"),
    (["queue:work", "--handler=fork", "--", "true"], "exec"),
    (["queue:stats", "--json=yes"], "takes no value"),
    (["queue:stats", "surplus"], "too many arguments"),
    (["config:check", "a", "b"], "too many arguments"),
], ids=lambda value: " ".join(value)[:50].encode("unicode_escape").decode() if isinstance(value, list) else "")
def test_what_is_wrong_with_a_command_line_is_said(cli, arguments, message):
    for json_wanted in (False, True) if arguments else (False,):
        result = cli.run(*(["--json"] if json_wanted else []), *arguments)
        assert (result.returncode, result.stdout) == (USAGE, "")
        assert message in result.stderr, result.stderr
        assert result.stderr.count("\n") == 1 or not arguments
        assert "\x1b" not in result.stderr and "\x07" not in result.stderr
        if json_wanted:
            assert json.loads(result.stderr)["error"]["code"] in ("invalid", "limit")
    assert cli.stats()["total"] == 0


@pytest.mark.parametrize("arguments, status, message", [
    (["queue:push", "A", "--connection=nowhere"], NOT_FOUND, "[connection:nowhere]"),
    (["queue:push", "A", "--data-file=/nowhere/x"], NOT_FOUND, "/nowhere/x"),
    (["queue:bulk", "/nowhere/jobs"], NOT_FOUND, "/nowhere/jobs"),
    (["queue:bulk", "/tmp"], USAGE, "/tmp is a directory"),
    (["queue:retry", "nobody"], NOT_FOUND, "nobody"),
    (["queue:workers"], UNAVAILABLE, "musterd is not running"),
    (["queue:restart"], UNAVAILABLE, "musterd is not running"),
    (["master:status"], UNAVAILABLE, "musterd is not running"),
    (["master:reload"], UNAVAILABLE, "musterd is not running"),
    (["master:reopen-logs"], UNAVAILABLE, "musterd is not running"),
    (["master:stop"], UNAVAILABLE, "musterd is not running"),
    (["config:check", "/nowhere/muster.ini"], NOT_FOUND, "/nowhere/muster.ini"),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_failures_have_a_status_and_a_code(cli, arguments, status, message):
    result = cli.run(*arguments)
    assert result.returncode == status and message in result.stderr
    assert result.stdout in ("", "0 failed jobs put back into their queues\n")
    error = json.loads(cli.run(*arguments, "--json").stderr)["error"]
    assert message in error["message"] and error["code"]


@pytest.mark.parametrize("line, message", [
    ("[1]", "object"),
    ('"text"', "object"),
    ("{}", "job"),
    ('{"job":"A"}', ""),
    ('{"job":"A","data":1,"speed":2}', "speed"),
    ('{"job":7,"data":1}', "job"),
    ('{"job":"A","data":1,"delay":"soon"}', "delay"),
    ('{"job":"A","data":1,"delay":-1}', "delay"),
    ('{"job":"A","data":1,"priority":1.5}', "priority"),
    ('{"job":"A","data":1,"queue":"a\\u0007b"}', "queue"),
    ('{"job":"A","data":1,"queue":"../etc"}', "queue"),
    ('{"job":"A","data":1,"uuid":""}', "uuid"),
    ('{"job":"A","data":1,"job":"B"}', "job"),
    ('{"job":"A","data":01}', ""),
    ('{"job":"A","data":1}}', ""),
    ('{"job":"\udcff","data":1}', "UTF-8"),
    ('{"job":"A","data":"\\ud800"}', ""),
], ids=lambda value: value.encode("unicode_escape", "surrogateescape").decode()[:40])
def test_a_line_of_bulk_that_is_no_job(cli, line, message):
    path = cli.directory / "jobs.jsonl"
    path.write_bytes(b'{"job":"A","data":1}\n' + line.encode("utf-8", "surrogateescape") + b"\n")
    result = cli.run("queue:bulk", path, "--queue=emails")
    if line == '{"job":"A"}' and result.returncode == 0:
        pytest.skip("data may be left out")
    assert result.returncode == USAGE and f"{path}:2: " in result.stderr and message in result.stderr
    assert cli.stats()["total"] == 0


def test_jobs_of_several_connections_are_not_pushed_together(cli):
    other = f"[connection:other]\ndriver = sqlite\npath = {cli.directory}/other.db\n[queue:far]\nconnection = other\n"
    cli.configure(other)
    result = cli.run("queue:bulk", "-", input='{"job":"A","data":1}\n{"job":"A","data":1,"queue":"far"}\n')
    assert result.returncode == USAGE and "far is on connection other" in result.stderr


def test_what_jobs_say_cannot_write_to_the_terminal(cli):
    """Escape sequences of a handler's exception are not obeyed."""
    cli.push({"do": "fail", "message": "\x1b]0;owned\x07\x1b[31mred\u202e"}, queue="emails")
    cli.configure(cli.queue("emails"), options={"max_attempts": 1})
    assert cli.run("queue:work", "--queue=emails", "--once").returncode == 0
    uuid, = cli.failed()
    for arguments in (["queue:failed"], ["queue:failed", uuid]):
        output = cli.run(*arguments).stdout
        assert "owned" in output and "\x1b" not in output and "\x07" not in output


def test_a_full_disk_under_the_answer_is_a_failure(cli):
    with open("/dev/full", "w") as full:
        result = cli.run("queue:stats", stdout=full)
    assert result.returncode == 1 and "cannot write the answer" in result.stderr


def test_a_reader_that_is_gone_ends_it_quietly(cli):
    reader, writer = os.pipe()
    os.close(reader)
    result = cli.run("queue:stats", stdout=writer)
    os.close(writer)
    assert result.returncode != 0 and "Segmentation" not in result.stderr


def test_progress_is_shown_at_a_terminal_and_nowhere_else(cli):
    lines = "".join('{"job":"A","data":%d}\n' % n for n in range(20000))
    path = cli.directory / "jobs.jsonl"
    path.write_text(lines)
    main, terminal = pty.openpty()
    process = subprocess.Popen([cli.command, "-c", cli.config, "queue:bulk", path, "--queue=emails"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=terminal, env=cli.environment)
    os.close(terminal)
    assert process.communicate(timeout=PATIENCE * 2)[0] == b"20000 jobs stored\n" and process.returncode == 0
    os.set_blocking(main, False)
    assert b"jobs" in os.read(main, 65536)
    os.close(main)
    assert cli.run("queue:bulk", path, "--queue=emails", timeout=PATIENCE * 2).stderr == ""
