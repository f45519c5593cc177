# SPDX-License-Identifier: MIT
"""Completions of the command line in the shells themselves."""
import shutil
import subprocess

import pytest

from support.processes import PATIENCE, ROOT

COMPLETIONS = ROOT / "etc" / "completions"

BASH = """
source /usr/share/bash-completion/bash_completion
source {completions}/muster.bash
COMP_LINE={line!r} COMP_POINT={point} COMP_WORDS=({words}) COMP_CWORD={last}
_muster
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash(line):
    """What bash offers at the end of a line, as it breaks the line into words."""
    words = line.replace(":", " : ").replace("=", " = ").split(" ")
    words = [word for word in words[:-1] if word] + words[-1:]
    script = BASH.format(completions=COMPLETIONS, line=line, point=len(line), last=len(words) - 1,
                         words=" ".join(f"'{word}'" for word in words))
    result = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=PATIENCE)
    assert result.stderr == ""
    return set(result.stdout.split())


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_completes_commands_options_and_values():
    assert {"queue:push", "master:stop", "config:check", "help"} <= bash("muster ")
    assert bash("muster queue:pu") == {"push", "purge"}  # what is before the colon is a word of its own
    assert bash("muster queue:push --dat") == {"--data-file="}
    assert bash("muster queue:stats --q") == {"--queue="}
    assert {"exec", "persistent"} <= bash("muster queue:work --handler=")
    assert bash("muster queue:work --handler=p") >= {"persistent"}
    assert bash("muster -c x queue:rest") == {"restart"}
    assert bash("muster help queue:fo") == {"forget"}
    assert f"{ROOT}/packages.txt" in bash(f"muster config:check -c {ROOT}/pack")


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_fish_completes_commands_and_options():
    def fish(line):
        script = f"source {COMPLETIONS}/muster.fish; complete -C {line!r}"
        result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=PATIENCE)
        return {offer.split("\t")[0] for offer in result.stdout.splitlines()}
    assert {"queue:push", "queue:purge"} <= fish("muster queue:pu")
    assert "--data-file" in fish("muster queue:push --dat")
    assert {"exec", "persistent"} <= fish("muster queue:work --handler ")


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_reads_its_completions():
    script = ("autoload -Uz compinit && compinit -u -D; "
              f"fpath=({COMPLETIONS} $fpath); autoload -Uz +X _muster && functions _muster")
    result = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, timeout=PATIENCE)
    assert result.returncode == 0 and result.stderr == "" and "queue\\:push" in result.stdout
