# SPDX-License-Identifier: MIT
"""What happens to PostgreSQL, and what Muster's driver makes of it: real servers that are killed, stopped and got in the way of."""
import contextlib
import os
import pathlib
import signal
import subprocess
import time

import pytest

from support.postgres import Postgres, find_programs
from support.processes import wait_for
from support.proxy import Proxy
from support.store_tool import StoreTool

pytestmark = pytest.mark.skipif(not find_programs(), reason="there is no PostgreSQL server here")


def make_server(_, **options):
    return Postgres(**options)


def backends(server, condition="true"):
    """Those that serve stores."""
    return [pid for pid, in server.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'muster' AND " + condition)]


def terminate(server, condition="true"):
    return len([server.sql(f"SELECT pg_terminate_backend({pid})") for pid in backends(server, condition)])


class Session:
    """A client in the middle of a transaction."""

    def __init__(self, server, dsn=""):
        self.process = subprocess.Popen(["psql", "-XqAt", server.dsn + dsn], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def send(self, sql):
        self.process.stdin.write(f"{sql};\n\\echo done\n")
        self.process.stdin.flush()

    def wait(self):
        while self.process.stdout.readline().strip() != "done":
            assert self.process.poll() is None

    def run(self, sql):
        self.send(sql)
        self.wait()


# --- the server goes away ---

def test_killed_and_started_again(server):
    """What was acknowledged is there after a crash, leases included."""
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 100, "a")
        taken = store.take(count=10)
        server.kill()
        store.fails("unavailable", "stats")
        server.start()
        assert store.stats() == (90, 10, 0, 0)
        assert len(store.take(count=100, done=taken)) == 90
        assert store.ok("extend", "w", 60000, "a50:1")["states"] == ["held"]
        assert store.stats() == (0, 90, 0, 0)


def test_a_restart_is_not_noticed_between_calls(server):
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 2, "a")
        server.stop()
        server.start()
        taken = store.take()
        server.stop()
        server.start()
        assert store.take(done=taken) == ["a1"]


def test_a_server_that_is_away_fails_soon_and_with_its_name(server):
    with StoreTool({**server.keys, "timeout": "30s"}) as store:
        server.kill()
        answer = store.fails("unavailable", "push", "q", 1, "a")
        assert str(server.directory) in answer["error"]
        assert answer["ms"] < 15000
        server.start()
        store.ok("push", "q", 1, "a")


def test_a_hang_ends_at_the_deadline(server):
    """Nothing that was asked meanwhile is lost: what was reserved is given back by the next turns."""
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 20, "a")
    with StoreTool({**server.keys, "timeout": "1s"}, is_open=False) as store:
        wait_for(lambda: store.call("open")["ok"])
        wait_for(lambda: store.call("turn", "w", "q", "-")["ok"])
        with server.paused():
            for _ in range(3):
                answer = store.fails("unavailable", "turn", "w", "q", 5)
                assert 900 < answer["ms"] < 10000
                assert "in time" in answer["error"]
        patient(store)
        wait_for(lambda: len(backends(server)) == 1, lambda: f"the end of old sessions: {backends(server)}")
        taken = wait_for(lambda: store.call("turn", "w", "q", 5).get("jobs"))
        assert taken == [[f"a{i}", 1] for i in range(5)]
        rest = wait_for(lambda: store.call("turn", "w", "q", 20).get("jobs"))
        assert rest == [[f"a{i}", 1] for i in range(5, 20)]


def patient(store):
    """Until the server is quick enough for the short deadline again."""
    wait_for(lambda: store.call("stats")["ok"])


# --- sessions and transactions end ---

def test_terminated_between_calls(server):
    """The first call afterwards does not fail."""
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 3, "a")
        for i in range(3):
            assert terminate(server) == 1
            wait_for(lambda: not backends(server))
            assert store.take() == [f"a{i}"]


def test_terminated_during_a_call(server):
    """The call is made again, and done once."""
    with StoreTool(server.keys) as store, Session(server) as other:
        store.ok("push", "q", 1, "a")
        other.run("BEGIN")
        other.run("LOCK TABLE queue_jobs")
        store.send("push", "q", 10, "b")
        wait_for(lambda: terminate(server, "wait_event_type = 'Lock'"))
        other.run("COMMIT")
        answer = store.receive()
        assert answer["ok"] and answer["stored"] == 10, answer
        assert store.stats() == (11, 0, 0, 0)


def test_a_lock_of_somebody_else_is_waited_for_until_the_deadline(server):
    with StoreTool({**server.keys, "timeout": "500ms"}) as store, Session(server) as other:
        patient(store)
        other.run("BEGIN")
        other.run("LOCK TABLE queue_jobs")
        answer = store.fails("unavailable", "push", "q", 1, "a")
        assert answer["ms"] < 5000
        other.run("COMMIT")
        wait_for(lambda: store.call("push", "q", 1, "b")["ok"])
        assert store.stats()[0] == 1


def test_reservations_pass_over_what_somebody_else_holds(server):
    with StoreTool(server.keys) as store, Session(server) as other:
        store.ok("push", "q", 3, "a")
        other.run("BEGIN")
        other.run("SELECT FROM queue_jobs WHERE uuid = 'a1' FOR UPDATE")
        assert store.take(count=3) == ["a0", "a2"]
        other.run("COMMIT")
        assert store.take(count=3) == ["a1"]


def test_a_deadlock_is_tried_again(server):
    keys = {**server.keys, "dsn": server.dsn + " options='-c deadlock_timeout=500ms'", "timeout": "60s"}
    with StoreTool(keys) as store, Session(server, " options='-c deadlock_timeout=10min'") as other:
        store.ok("push", "q", 2, "a")
        store.take(count=2)
        other.run("BEGIN")
        other.run("UPDATE queue_jobs SET progress = 1 WHERE uuid = 'a1'")
        other.send("UPDATE queue_jobs SET progress = 1 WHERE uuid = (SELECT 'a0' FROM pg_sleep(0.3))")
        store.send("extend", "w", 60000, "a0:1", "a1:1")
        other.wait()
        other.run("COMMIT")
        assert store.receive()["states"] == ["held", "held"]
        assert "deadlock detected" in server.log_text()


def test_a_database_that_is_serializable_by_default(server):
    """Two that reserve at once do not fail each other."""
    server.sql("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'")
    with StoreTool(server.keys) as a, StoreTool(server.keys) as b:
        a.ok("push", "q", 200, "a")
        got = []
        for _ in range(10):
            a.send("turn", "a", "q", 10)
            b.send("turn", "b", "q", 10)
            for store in (a, b):
                got += [uuid for uuid, _ in store.receive()["jobs"]]
        assert sorted(got) == sorted(f"a{i}" for i in range(200))


def test_tables_that_have_changed(server):
    """Prepared statements are made again."""
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 1, "a")
        store.take()
        server.sql("ALTER TABLE queue_jobs ADD COLUMN ours integer")
        server.sql("ALTER TABLE queue_jobs ALTER COLUMN batch_uuid TYPE varchar(64) COLLATE \"C\"")
        store.ok("push", "q", 1, "b")
        assert store.take() == ["b0"]


def test_too_many_connections(servers):
    server = servers(max_connections=5)
    server.sql("CREATE ROLE app LOGIN; GRANT CREATE ON SCHEMA public TO app")
    keys = {"driver": "pgsql", "dsn": server.dsn.replace("user=postgres", "user=app"), "timeout": "5s"}
    with StoreTool(keys) as one, StoreTool(keys) as two, StoreTool(keys, is_open=False) as three:
        answer = three.fails("unavailable", "open")
        assert "connection" in answer["error"]
        one.ok("push", "q", 1, "a")
        assert two.take() == ["a0"]


def test_the_clocks_of_clients_do_not_matter(server):
    """What is due follows the server's clock."""
    with StoreTool(server.keys) as store:
        store.ok("step", 3600_000)
        store.ok("push", "q", 1, "later", 60_000)
        store.ok("push", "q", 1, "soon", 50)
        store.ok("step", -7200_000)
        assert store.ok("turn", "w", "q", 1)["next_due"] <= 50
        wait_for(lambda: store.take() == ["soon0"], "the job that is due")
        assert 10_000 < store.ok("turn", "w", "q", 1)["next_due"] <= 60_000


def is_told_to_end(pid):
    """A stopped process hears of SIGTERM when it goes on."""
    pending = next(line for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("ShdPnd:"))
    return int(pending.split()[1], 16) >> (signal.SIGTERM - 1) & 1


def test_nothing_is_reserved_for_a_dead_worker_after_its_leases_are_back(server):
    """The server has its reservation, and has not read it yet."""
    with StoreTool(server.keys) as store, StoreTool(server.keys, is_open=False) as worker:
        store.ok("push", "q", 10, "a")
        before = backends(server)
        worker.ok("open")
        assert worker.take(owner="dead", count=2) == ["a0", "a1"]
        backend, = (int(pid) for pid in backends(server) if pid not in before)
        os.kill(backend, signal.SIGSTOP)
        try:
            worker.send("turn", "dead", "q", 3)
            worker.kill()
            store.send("return", "dead")
            wait_for(lambda: is_told_to_end(backend))
        finally:
            os.kill(backend, signal.SIGCONT)
        assert store.receive()["returned"] == 2
        wait_for(lambda: len(backends(server)) == 1)
        assert store.stats() == (10, 0, 0, 0)


# --- answers that are lost ---

@pytest.fixture
def proxied(server):
    proxy = Proxy(server, server.directory / ".s.PGSQL.1")
    with StoreTool({"driver": "pgsql", "dsn": server.dsn.replace("port=5432", "port=1")}) as store:
        store.ok("push", "q", 1, "first")
        store.take(done=store.take())
        store.ok("stats")
        yield proxy, store
    proxy.close()


def test_a_lost_answer_to_a_push(proxied):
    """Whoever repeats it is told that it is there."""
    proxy, store = proxied
    proxy.losing = 1
    store.fails("unavailable", "push", "q", 10, "a")
    assert store.ok("push", "q", 10, "a")["stored"] == 0
    assert store.stats() == (10, 0, 0, 0)


def test_a_lost_answer_to_a_turn(proxied):
    """What the turn had reserved is not forgotten with its answer, and has not begun."""
    proxy, store = proxied
    store.ok("push", "q", 10, "a")
    store.ok("stats")  # takes in what was still to come
    proxy.losing = 1
    store.fails("unavailable", "turn", "w", "q", 4)
    wait_for(lambda: store.stats() == (6, 4, 0, 0), store.stats)
    answer = store.ok("turn", "w", "q", 4)
    assert answer["jobs"] == [[f"a{i}", 1] for i in range(4)]
    assert store.stats() == (6, 4, 0, 0)
    assert [uuid for uuid, _ in store.ok("turn", "w", "q", 2)["jobs"]] == ["a4", "a5"]  # those are kept
    assert store.stats() == (4, 6, 0, 0)


def test_a_lost_answer_to_an_acknowledgement(proxied):
    proxy, store = proxied
    store.ok("push", "q", 10, "a")
    taken = store.take(count=4)
    store.ok("stats")  # takes in what was still to come
    proxy.losing = 1
    outcomes = [f"{uuid}:1:d" for uuid in taken]
    store.fails("unavailable", "turn", "w", "q", 2, *outcomes)
    wait_for(lambda: store.stats() == (4, 2, 0, 0), store.stats)
    answer = store.ok("turn", "w", "q", 2, *outcomes)
    assert answer["applied"] == [False] * 4  # a repetition
    assert [uuid for uuid, _ in answer["jobs"]] == ["a4", "a5"]
    assert store.stats() == (4, 2, 0, 0)


def test_another_owner_is_not_touched_by_a_lost_answer(server, proxied):
    proxy, store = proxied
    with StoreTool(server.keys) as other:
        store.ok("push", "q", 10, "a")
        others = other.take(count=3, owner="x")
        store.ok("stats")
        proxy.losing = 1
        store.fails("unavailable", "turn", "w", "q", 3)
        wait_for(lambda: store.stats() == (4, 6, 0, 0), store.stats)
        assert store.take(count=3) == ["a3", "a4", "a5"]
        assert other.take(count=1, owner="x", done=others) == ["a6"]


# --- wake-ups ---

def test_a_broken_connection_wakes(server):
    """Who waits must look when the server was away, and is woken by pushes again."""
    with StoreTool(server.keys) as worker, StoreTool(server.keys) as pusher:
        worker.ok("wake", "q")
        server.kill()
        assert worker.ok("await", 5000)["woken"]
        server.start()
        wait_for(lambda: wakes(worker, pusher), "a wake-up", 60)


def wakes(worker, pusher):
    """True where a push reaches who waits; a connection is not tried again at once."""
    worker.ok("turn", "w", "q", 100)
    if not worker.call("wake", "q")["ok"]:
        return False
    while worker.ok("await", 0)["woken"]:
        worker.ok("turn", "w", "q", 100)
    pusher.ok("push", "q", 1, f"x{time.monotonic_ns()}-")
    return worker.ok("await", 2000)["woken"]


def test_listening_is_armed_again_after_a_terminated_session(server):
    with StoreTool(server.keys) as worker, StoreTool(server.keys) as pusher:
        worker.ok("wake", "q")
        assert worker.take() == []
        assert terminate(server) == 3
        wait_for(lambda: worker.ok("await", 1000)["woken"])  # a farewell comes first, and is no news
        wait_for(lambda: wakes(worker, pusher), "a wake-up", 60)


def test_a_push_wakes_as_many_as_it_has_jobs(server):
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(StoreTool(server.keys)) for _ in range(6)]
        pusher = stack.enter_context(StoreTool(server.keys))
        for number, worker in enumerate(workers):
            worker.ok("wake", "q")
            assert worker.take(owner=f"w{number}") == []
        for count in (2, 3):  # those who were woken do not hear of the next ones
            pusher.ok("push", "q", count, f"{count}-")
            woken = 0
            deadline = time.monotonic() + 10
            while woken < count and time.monotonic() < deadline:
                woken += sum(worker.ok("await", 20)["woken"] for worker in workers)
            assert woken == count


def test_a_dead_worker_takes_nobodys_wake_up(server):
    with StoreTool(server.keys) as worker, StoreTool(server.keys) as pusher:
        for _ in range(3):
            with StoreTool(server.keys) as dead:
                dead.ok("wake", "q")
                assert dead.take(owner="dead") == []
        wait_for(lambda: len(backends(server)) == 2)
        worker.ok("wake", "q")
        assert worker.take() == []
        pusher.ok("push", "q", 1, "a")
        wait_for(lambda: worker.ok("await", 1000)["woken"])
