# SPDX-License-Identifier: MIT
"""libmuster as it is installed: what is in it, and an application that is built against it, on every store."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.postgres import Postgres, find_programs
from support.processes import BUILD, PATIENCE, ROOT
from support.stores import Redis, Sqlite


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True,
                          timeout=10 * PATIENCE, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


class Installed:
    """What `meson install` puts below a directory, and the environment in which it is found there."""

    def __init__(self, directory):
        self.directory = directory
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", directory)
        pc, = directory.rglob("muster.pc")
        self.libraries = pc.parent.parent
        for file in pc.parent.glob("muster*.pc"):
            file.write_text(file.read_text().replace("prefix=/", f"prefix={directory}/", 1))
        self.environment = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "LD_LIBRARY_PATH": str(self.libraries),
                            "MUSTER_DRIVER_PATH": ""}

    def flags(self, package="muster", compiler="cc"):
        """The compiler with the flags of a package, and with the sanitizers that the build has."""
        options = run("meson", "introspect", BUILD, "--buildoptions")
        sanitize = re.search(r'"name": "b_sanitize", "value": "([^"]*)"', options)
        extra = [f"-fsanitize={sanitize[1]}"] if sanitize and sanitize[1] != "none" else []
        words = run("pkg-config", "--cflags", "--libs", package, env=self.environment).split()
        return [compiler, "-Wall", "-Wextra", "-Werror", *extra], words


@pytest.fixture(scope="module", name="installed")
def installed_fixture(tmp_path_factory):
    return Installed(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module", name="app")
def app_fixture(installed):
    compiler, words = installed.flags()
    program = installed.directory / "app"
    run(*compiler, "-std=c11", "-pedantic", "-o", program, ROOT / "docs" / "examples" / "app.c", *words, env=installed.environment)
    return program


def symbols(library):
    """Those that are visible, by kind, save what the sanitizers add."""
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    found = {line.split()[-1].split("@")[0]: line.split()[-2] for line in lines}
    return {name: kind for name, kind in found.items() if not name.startswith("__odr_asan.")}


def test_its_visible_symbols_are_those_of_the_header_alone(installed):
    library = installed.libraries / "libmuster.so.0"
    header = (installed.directory / "usr" / "local" / "include" / "muster" / "muster.h")
    header = header if header.exists() else next(installed.directory.rglob("muster/muster.h"))
    declared = set(re.findall(r"^\w[\w \*]*?\b(muster_\w+)\(", header.read_text(), re.MULTILINE))
    visible = {name for name, kind in symbols(library).items() if kind != "A"}
    assert len(declared) > 10 and visible == declared


def test_its_name_and_what_it_needs(installed):
    dynamic = run("readelf", "-d", installed.libraries / "libmuster.so.0")
    assert "Library soname: [libmuster.so.0]" in dynamic
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    assert any(name.startswith("libsqlite3") for name in needed)
    assert not [name for name in needed if re.match("libpq|libssl|libcrypto|libhiredis", name)], "they are loaded at need"


def test_drivers_show_their_entry_alone(installed):
    for name in ("redis", "pgsql"):
        assert set(symbols(installed.libraries / "muster" / "drivers" / f"{name}.so")) == {"muster_driver"}


def test_the_header_is_one_for_c_plus_plus_too(installed):
    if not shutil.which("c++"):
        pytest.skip("no C++ compiler")
    compiler, words = installed.flags(compiler="c++")
    source = installed.directory / "version.cc"
    source.write_text('#include <muster/muster.h>\n#include <cstdio>\nint main() { std::puts(muster_version()); }\n')
    run(*compiler, "-o", installed.directory / "version", source, *words, env=installed.environment)
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run(installed.directory / "version", env=installed.environment))


class PostgresStore:
    def __init__(self, directory):
        del directory
        if not find_programs():
            pytest.skip("no PostgreSQL server")
        self.server = Postgres()
        self.section = f"[connection:main]\ndriver = pgsql\ndsn = {self.server.dsn}\n"
        self.start, self.stop = self.server.start, self.server.end


@pytest.mark.parametrize("kind", [Sqlite, Redis, PostgresStore], ids=["sqlite", "redis", "pgsql"])
def test_an_application_pushes_and_looks(installed, app, kind, tmp_path):
    if kind is Redis and not shutil.which("redis-server"):
        pytest.skip("no Redis server")
    store = kind(tmp_path)
    store.start()
    try:
        config = tmp_path / "muster.ini"
        config.write_text(f"[muster]\ndatadir = {tmp_path}\n{store.section}")
        output = run(app, config, env=installed.environment)
    finally:
        store.stop()
    assert re.fullmatch(r"pushed \S{21}\norder: \S{21}\norder: is there already\norder: \S{21}\n"
                        r"4 jobs, 1 of them delayed, in 2 queues\nmain: connection is healthy\n", output)


def test_an_application_without_a_configuration_uses_the_defaults(installed, app, tmp_path):
    environment = {**installed.environment, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "MUSTER_CONFIG": "",
                   "QUEUE_CONNECTION": "nowhere"}
    done = subprocess.run([app], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stderr == "default: there is no connection nowhere; add a [connection:nowhere]\n"


def test_an_application_that_is_told_a_wrong_configuration_says_where(installed, app, tmp_path):
    config = pathlib.Path(tmp_path) / "muster.ini"
    config.write_text("[connection:main]\ndriver = redsi\n")
    done = subprocess.run([app, config], env=installed.environment, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stderr == f"{config}:2: [connection:main] driver: there is no driver redsi; did you mean redis?\n"


def test_a_driver_is_built_against_what_is_installed(installed, tmp_path):
    """The example of a plugin, from the installed headers and library; it is found, and held to a part of the contract."""
    compiler, words = installed.flags("muster-driver")
    plugin = tmp_path / "memory.so"
    run(*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-fvisibility=hidden", "-o", plugin,
        *(word for word in words if word.startswith("-I")), f"-I{ROOT}", *sorted((ROOT / "drivers" / "memory").glob("*.c")),
        *(word for word in words if not word.startswith("-I")), env=installed.environment)
    assert set(symbols(plugin)) == {"muster_driver"}
    environment = {**os.environ, "MUSTER_DRIVER_PATH": str(tmp_path), "HOME": str(tmp_path), "MUSTER_CONFIG": ""}
    answer = json.loads(run(BUILD / "muster", "--json", "queue:drivers", cwd=tmp_path, env=environment))
    assert [driver["name"] for driver in answer["drivers"]][-1] == "memory" and answer["refused"] == []
    run(BUILD / "tests" / "drivers" / "conformance", "--part=push", "--part=outcomes", "driver=memory",
        f"driver_path={tmp_path}", f"path={tmp_path}/%")


@pytest.mark.parametrize("spoil, reason", [
    (lambda plugin: plugin.chmod(0o666), "can be written to by others: chmod go-w it"),
    (lambda plugin: plugin.write_bytes(b"no object"), "cannot load the plugin"),
    (lambda plugin: plugin.rename(plugin.with_name("tape.so")), "its file must be memory.so"),
    (lambda plugin: plugin.rename(plugin.with_name("redis.so")), "the name is taken by the driver redis"),
], ids=["writable", "rubbish", "name", "duplicate"])
def test_a_driver_that_is_refused_is_listed_with_the_reason(tmp_path, spoil, reason):
    plugin = tmp_path / "memory.so"
    shutil.copy(BUILD / "drivers" / "memory" / "memory.so", plugin)
    plugin.chmod(0o644)
    spoil(plugin)
    environment = {**os.environ, "MUSTER_DRIVER_PATH": str(tmp_path), "HOME": str(tmp_path), "MUSTER_CONFIG": ""}
    answer = json.loads(run(BUILD / "muster", "--json", "queue:drivers", cwd=tmp_path, env=environment))
    refused, = answer["refused"]
    assert reason in refused["message"] and refused["file"].startswith(str(tmp_path))
    assert [driver["name"] for driver in answer["drivers"]] == ["sqlite", "pgsql", "redis"]
