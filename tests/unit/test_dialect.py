# SPDX-License-Identifier: MIT
"""Compares our readers with what they follow: Supervisor's configparser, shlex.split, and the reader of environment=.

The texts are random, from pieces that matter to the dialect, with fixed seeds. DIALECT_DUMP names the program that
reads them as we do.
"""
import configparser
import json
import os
import random
import shlex
import subprocess

import pytest

options = pytest.importorskip("supervisor.options")
datatypes = pytest.importorskip("supervisor.datatypes")

FILES = 20000
COMMANDS = 20000

INI_PIECES = [
    "\n", "\n", "\n", "\n", "\r\n", "\r", " ", "  ", "\t", "=", ":", " = ", ";", "#", " ;", " #", "a;b #", "[", "]", "[s]", "\n[s]\n",
    "\n[t]\n", "\n[DEFAULT]\n", "\n[long" + "x" * 120 + "]\n", "key", "Key", "other", "\nkey = ", "\nother: ", "\n  ", "\n\n", "%", "é", "|",
    "k=|", "value", "v" * 190, "w " * 120, "; ", "'", '"', "\\", "k" * 60 + " = ", "x ;y" * 60, "a" * 197 + " ; b",
]
COMMAND_PIECES = [" ", "\t", "\n", "'", '"', "\\", "a", "b c", "#", "é", "|", ";", "=", "", "word", "\\\\", "\r"]
NAMES = ["A", "B", "A.b-C", "é", '"A"', ""]
VALUES = ["1", "/bin:/x", "x y", '""', '"q, r"', "'s'", '"it\'s"', "\"'x'\"", "é", "b#c", "@", '"é\n;"', "a\"b\"", ""]
SEPARATORS = [",", ",", ",", ",", ", ", ",\n ", " , ", ";", " ", "", "\n"]


def ours(kind, texts):
    stream = b"".join(b"%d\n%s" % (len(text.encode()), text.encode()) for text in texts)
    done = subprocess.run([os.environ["DIALECT_DUMP"], kind], input=stream, capture_output=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def random_texts(seed, pieces, count, longest):
    chance = random.Random(seed)
    return ["".join(chance.choices(pieces, k=chance.randint(0, longest))) for _ in range(count)]


def random_environments(seed, count):
    chance = random.Random(seed)
    pair = lambda: chance.choice(NAMES) + chance.choice(["=", "=", " = ", ""]) + chance.choice(VALUES)
    return ["".join(pair() + chance.choice(SEPARATORS) for _ in range(chance.randint(0, 4))) for _ in range(count)]


def with_universal_newlines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def python_ini(text):
    parser = options.UnhosedConfigParser()
    try:
        parser.read_string(with_universal_newlines(text))
    except configparser.Error:
        return None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def without_lines(document):
    return document and {name: {key: value for key, (value, _) in keys.items()} for name, keys in document.items()}


def test_ini_means_what_it_means_to_supervisor():
    texts = random_texts(1, INI_PIECES, FILES // 2, 25)
    texts += ["[s]\nkey = " + text for text in random_texts(2, INI_PIECES, FILES // 2, 25)]
    answers = ours("ini", texts)
    assert len(answers) == len(texts)
    accepted = 0
    for text, answer in zip(texts, answers):
        expected = python_ini(text)
        assert without_lines(answer) == expected, text
        accepted += expected is not None and len(expected) > 0
    assert accepted > FILES / 20


def test_line_numbers_are_those_of_the_file():
    chance = random.Random(3)
    for _ in range(200):
        lines, expected = ["[s]", "first = 1"], {"first": 2}
        for number in range(chance.randint(1, 30)):
            lines += chance.choices(["", "; comment", "  continued", "# other"], k=chance.randint(0, 3))
            lines.append(f"key{number} = " + "x" * chance.choice([0, 10, 500]))
            expected[f"key{number}"] = len(lines)
        document = ours("ini", ["\n".join(lines)])[0]
        assert {key: line for key, (_, line) in document["s"].items()} == expected


def python_split(text):
    try:
        return shlex.split(text) or None
    except ValueError:
        return None


def test_commands_are_split_as_by_shlex():
    texts = random_texts(4, COMMAND_PIECES, COMMANDS, 12)
    for text, answer in zip(texts, ours("split", texts), strict=True):
        assert answer == python_split(text), text


def python_environment(text):
    try:
        return datatypes.dict_of_key_value_pairs(text)
    except ValueError:
        return None


def test_an_accepted_environment_is_supervisors():
    texts = random_environments(5, COMMANDS)
    accepted = 0
    for text, answer in zip(texts, ours("environment", texts), strict=True):
        if answer is None:
            continue
        accepted += len(answer) > 0
        assert dict(pair.split("=", 1) for pair in answer) == python_environment(text), text
    assert accepted > COMMANDS / 200


@pytest.mark.parametrize("text", ["A=1", "A=1,B=2", 'A="x y",B=\'z\'', "A=1,\nB=2,", "PATH=/bin:/usr/bin", 'A=""'])
def test_what_is_right_for_supervisor_is_accepted(text):
    assert dict(pair.split("=", 1) for pair in ours("environment", [text])[0]) == python_environment(text)
