# SPDX-License-Identifier: MIT
"""Bad input to every route of the HTTP interface, as its description lists them: the right status, a problem as the body, and
nothing changed."""
import json

import pytest

from support.http import Daemon, basic, free_port
from support.processes import ROOT

PATHS = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
ROUTES = [(method.upper(), path, route) for path, methods in PATHS.items() for method, route in methods.items()]
PLACES = {"queue": "mails", "uuid": "unknown", "name": "unknown", "process": "unknown", "operation": "1"}


def ids(routes):
    return [f"{method} {path}" for method, path, *_ in routes]


def fill(path):
    for name, value in PLACES.items():
        path = path.replace("{%s}" % name, value)
    assert "{" not in path, f"{path}: PLACES lacks a value"
    return "/api/v1" + path


def body_members(route):
    schema = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return schema.get("properties", {}), schema.get("additionalProperties", False)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    daemon = Daemon(tmp_path_factory.mktemp("api"))
    daemon.port = free_port()
    daemon.configure(f"[inet_http_server]\nport = 127.0.0.1:{daemon.port}\nusername = operator\npassword = secret\n"
                     "reader = viewer\nreader_password = looking\ntoken = long-token\n")
    daemon.start()
    daemon.wait_store()
    yield daemon
    daemon.end()


def is_problem(daemon, status, answer):
    assert daemon.headers["Content-Type"] == "application/problem+json"
    assert answer["status"] == status and answer["type"] == "about:blank" and answer["title"] and answer["detail"]


def unchanged(daemon):
    assert daemon.answers(), daemon.log_text()
    assert all(row["pending"] + row["delayed"] == 0 for row in daemon.get("/queues")["queues"])


def refused(daemon, method, path, body, statuses, **options):
    status, answer = daemon.call(method, path, body, **options)
    assert status in statuses, (status, answer)
    is_problem(daemon, status, answer)
    return status


@pytest.mark.parametrize("method, path, route", ROUTES, ids=ids(ROUTES))
def test_other_methods(running, method, path, route):
    for other in ("PUT", "DELETE", "PATCH"):
        refused(running, other, fill(path), {}, {409})
    unchanged(running)


@pytest.mark.parametrize("method, path, route", ROUTES, ids=ids(ROUTES))
def test_nobody_and_wrong_passwords(running, method, path, route):
    for headers in ({}, {"Authorization": "Basic !"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        refused(running, method, fill(path), {} if method == "POST" else None, {401}, port=running.port, **headers)
    unchanged(running)


def has_an_end(route):
    return "text/event-stream" not in route["responses"]["200"]["content"]


READS = [row for row in ROUTES if row[0] == "GET" and has_an_end(row[2])]
ORDERS = [row for row in ROUTES if row[0] == "POST"]


@pytest.mark.parametrize("method, path, route", READS, ids=ids(READS))
def test_who_reads(running, method, path, route):
    wanted = running.call(method, fill(path))[0]
    for who in (basic("viewer", "looking"), basic("operator", "secret"), "Bearer long-token"):
        assert running.call(method, fill(path), port=running.port, Authorization=who)[0] == wanted


@pytest.mark.parametrize("method, path, route", ORDERS, ids=ids(ORDERS))
def test_readers_give_no_orders(running, method, path, route):
    refused(running, method, fill(path), {}, {403}, port=running.port, Authorization=basic("viewer", "looking"))
    unchanged(running)


@pytest.mark.parametrize("method, path, route", ORDERS, ids=ids(ORDERS))
def test_forged_requests(running, method, path, route):
    refused(running, method, fill(path), {}, {403}, Sec_Fetch_Site="cross-site")
    refused(running, method, fill(path), "{}", {403}, Content_Type="text/plain")
    unchanged(running)


@pytest.mark.parametrize("method, path, route", ORDERS, ids=ids(ORDERS))
def test_bodies(running, method, path, route):
    properties, is_free = body_members(route)
    bodies = ["{", "[]", "7", "null", '{"a":1,}', '{"a":"\\u0000"}', b"\xff\xfe", b"{\"a\":\"\xff\"}"]
    for body in bodies:
        refused(running, method, fill(path), body, {400})
    refused(running, method, fill(path), "[" * 100000, {413})
    refused(running, method, fill(path), b"x" * (3 << 20), {413})
    if not is_free:
        assert "unheard" in running.call(method, fill(path), {"unheard": 1})[1]["detail"]
        refused(running, method, fill(path), {"unheard": 1}, {400})
    for name, schema in properties.items():
        for value in {"string": [5, [], {}], "integer": ["x", [], {}], "boolean": ["yes", [], {}],
                      "array": [5, "x", {}, [5], [["x"]]]}[schema["type"]]:
            refused(running, method, fill(path), {name: value}, {400})
    unchanged(running)


@pytest.mark.parametrize("method, path, route", READS, ids=ids(READS))
def test_queries(running, method, path, route):
    for param in route["parameters"]:
        if param["in"] == "query" and param["schema"]["type"] == "integer":
            for value in ("x", "-1", "1.5", "", "9" * 30):
                refused(running, method, f"{fill(path)}?{param['name']}={value}", None, {400})
        if param["in"] == "query" and param["name"] == "connection":
            refused(running, method, f"{fill(path)}?connection=nowhere", None, {404})


@pytest.mark.parametrize("method, path, route", ROUTES, ids=ids(ROUTES))
def test_paths_that_go_on(running, method, path, route):
    refused(running, method, fill(path) + "/more/of/it", {} if method == "POST" else None, {404})
    refused(running, method, fill(path) + "/", {} if method == "POST" else None, {404})


def test_answers_are_objects_as_described(running):
    for method, path, route in READS:
        status, answer = running.call(method, fill(path))
        assert status in (200, 404) and isinstance(answer, dict), (path, answer)
