# SPDX-License-Identifier: MIT
"""What happens to Redis, and what Muster's driver makes of it: real servers that are killed, stopped and filled up."""
import contextlib
import threading

import pytest

from support.processes import wait_for
from support.proxy import Proxy
from support.redis import RedisServer
from support.store_tool import StoreTool

PAYLOAD = 20000  # bytes of a job that fills the memory


def make_server(directory, name="redis", **options):
    return RedisServer(directory / name, **options)


def test_killed_and_started_again(servers):
    """What was acknowledged with appendfsync always is there after a crash, leases included."""
    server = servers(appendonly="yes", appendfsync="always")
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


def test_a_short_absence_is_not_noticed(servers):
    """A call waits for a server that is back within a second."""
    server = servers(appendonly="yes")
    with StoreTool(server.keys) as store:
        server.kill()
        store.send("push", "q", 1, "a")
        server.start()
        answer = store.receive()
        assert answer["ok"], answer
        assert store.stats()[0] == 1


def test_a_server_that_is_away_fails_soon(servers):
    server = servers()
    with StoreTool({**server.keys, "timeout": "30s"}) as store:
        server.kill()
        answer = store.fails("unavailable", "push", "q", 1, "a")
        assert "Redis at " in answer["error"]
        server.start()
        store.ok("push", "q", 1, "a")


def test_an_idle_connection_that_was_closed(servers):
    """The first call afterwards does not fail, and is sent once."""
    server = servers()
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 1, "a")
        assert server.ask("CLIENT", "KILL", "TYPE", "normal") == 1
        assert store.take() == ["a0"]


def test_a_hang_ends_at_the_deadline(servers):
    """Nothing that was asked meanwhile is carried out later: neither are jobs reserved nor is anything done twice."""
    server = servers()
    with StoreTool({**server.keys, "timeout": "300ms"}) as store:
        store.ok("push", "q", 20, "a")
        with server.paused():
            for _ in range(3):
                answer = store.fails("unavailable", "turn", "w", "q", 5)
                assert answer["ms"] > 250
        taken = store.take(count=5)
        assert taken == ["a0", "a1", "a2", "a3", "a4"]
        wait_for(lambda: store.stats() == (15, 5, 0, 0), store.stats)
        rest = store.ok("turn", "w", "q", 20)["jobs"]
        assert [attempt for _, attempt in rest] == [1] * 15


def test_flushed_scripts_are_sent_again(servers):
    server = servers()
    with StoreTool(server.keys) as store:
        for i in range(3):
            store.ok("push", "q", 1, f"{i}-")
            server.ask("SCRIPT", "FLUSH")
            assert store.take() == [f"{i}-0"]
            server.ask("SCRIPT", "FLUSH")
            store.ok("upkeep")


def test_full_memory(servers):
    """Pushes fail as a whole; what takes jobs away goes on, and then there is room again."""
    server = servers(maxmemory="8mb", maxmemory_policy="noeviction")
    with StoreTool(server.keys) as store:
        pushed = 0
        while (answer := store.call("push", "q", 20, f"{pushed}-", 0, PAYLOAD))["ok"]:
            pushed += 20
        assert answer["code"] == "full" and "OOM" in answer["error"]
        assert store.stats() == (pushed, 0, 0, 0)
        keys = server.ask("DBSIZE")
        store.fails("full", "push", "q", 20, "more", 60000, PAYLOAD)
        store.fails("full", "push", "other", 1, "more")
        assert server.ask("DBSIZE") == keys
        taken, done = [], 0
        while True:
            taken = store.take(count=10, done=taken)
            done += len(taken)
            if not taken:
                break
        assert done == pushed
        store.ok("push", "q", 20, "again", 0, PAYLOAD)


def test_failing_and_releasing_where_memory_is_full(servers):
    server = servers()
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 4, "a")
        store.take(count=4)
        server.ask("CONFIG", "SET", "maxmemory", "1mb")
        store.fails("full", "push", "q", 1, "b")
        answer = store.ok("turn", "w", "q", "-", "a0:1:f", "a1:1:r", "a2:1:u", "a3:1:d")
        assert answer["applied"] == [True] * 4
        assert store.stats() == (2, 0, 0, 1)


def test_a_disk_that_cannot_be_written(servers, tmp_path):
    """stop-writes-on-bgsave-error: the server says so, and nothing is stored."""
    server = servers(save="3600 1000000", dbfilename="dump.rdb")
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 1, "a")
        (server.directory / "dump.rdb").mkdir()
        server.ask("BGSAVE")
        wait_for(lambda: "rdb_last_bgsave_status:err" in server.ask("INFO", "persistence"), "a failed save")
        assert "MISCONF" in store.fails("full", "push", "q", 1, "b")["error"]
        assert store.stats() == (1, 0, 0, 0)


def test_a_server_that_loads(servers):
    server = servers()
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 300, "a")
        server.ask("SAVE")
        server.kill()
        server.options.update(key_load_delay=10000, loading_process_events_interval_bytes=1024)
        server.start(wait=False)
        wait_for(server.path.exists)
        wait_for(lambda: "loading:1" in ask_if_up(server, "INFO", "persistence"), "a server that loads")
        assert "LOADING" in store.fails("unavailable", "stats")["error"]
        wait_for(lambda: store.call("stats")["ok"], "the end of the loading")
        assert store.stats() == (300, 0, 0, 0)


def ask_if_up(server, *words):
    try:
        return server.ask(*words)
    except (OSError, ConnectionError):
        return ""


def test_a_busy_server(servers):
    """A script of somebody else's holds it up for longer than it likes."""
    server = servers(busy_reply_threshold=10)
    with StoreTool({**server.keys, "timeout": "500ms"}) as store:
        def loop():
            with contextlib.suppress(Exception):
                server.ask("EVAL", "while true do end", 0)
        thread = threading.Thread(target=loop)
        thread.start()
        wait_for(lambda: is_busy(server), "a busy server")
        assert "BUSY" in store.fails("unavailable", "stats")["error"]
        server.ask("SCRIPT", "KILL")
        thread.join()
        store.ok("stats")


def is_busy(server):
    try:
        server.ask("GET", "x")
    except Exception as error:
        return "BUSY" in str(error)
    return False


def test_the_clocks_of_clients_do_not_matter(servers):
    """What is due follows Redis' clock."""
    server = servers()
    with StoreTool(server.keys) as store:
        store.ok("step", 3600_000)
        store.ok("push", "q", 1, "later", 600_000)
        store.ok("push", "q", 1, "soon", 2000)
        store.ok("step", -7200_000)
        assert store.ok("turn", "w", "q", 1)["next_due"] <= 2000
        wait_for(lambda: store.take() == ["soon0"], "the job that is due")
        assert 500_000 < store.ok("turn", "w", "q", 1)["next_due"] <= 600_000


# --- answers that are lost ---

@pytest.fixture
def proxied(servers, tmp_path):
    proxy = Proxy(servers(), tmp_path / "proxy.sock")
    with StoreTool({"driver": "redis", "path": proxy.path}) as store:
        store.ok("push", "q", 1, "first")  # so that Redis has the scripts
        store.take(done=store.take())
        yield proxy, store
    proxy.close()


def test_a_lost_answer_to_a_push(proxied):
    proxy, store = proxied
    proxy.losing = 1
    answer = store.ok("push", "q", 10, "a")
    assert answer["stored"] == 10  # by the first or by the second try, who knows
    assert store.stats() == (10, 0, 0, 0)


def test_a_lost_answer_to_a_turn(proxied):
    """What the turn had reserved is not forgotten with its answer, and has not begun."""
    proxy, store = proxied
    store.ok("push", "q", 10, "a")
    for lost in (1, 3):
        proxy.losing = lost
        answer = store.call("turn", "w", "q", 4)
        if not answer["ok"]:
            answer = store.ok("turn", "w", "q", 4)
        assert answer["jobs"] == [[f"a{i}", 1] for i in range(4)]
        assert store.stats() == (6, 4, 0, 0)
        store.ok("return", "w")


def test_a_lost_answer_to_an_acknowledgement(proxied):
    proxy, store = proxied
    store.ok("push", "q", 10, "a")
    taken = store.take(count=4)
    proxy.losing = 1
    answer = store.ok("turn", "w", "q", 2, *(f"{uuid}:1:d" for uuid in taken))
    assert answer["applied"] == [False] * 4  # a repetition
    assert [uuid for uuid, _ in answer["jobs"]] == ["a4", "a5"]
    assert store.stats() == (4, 2, 0, 0)


def test_another_owner_is_not_touched_by_a_lost_answer(servers, proxied):
    proxy, store = proxied
    with StoreTool(proxy.server.keys) as other:
        store.ok("push", "q", 10, "a")
        others = other.take(count=3, owner="x")
        proxy.losing = 1
        assert store.take(count=3) == ["a3", "a4", "a5"]
        assert other.take(count=1, owner="x", done=others) == ["a6"]


# --- wake-ups ---

def test_a_broken_connection_wakes(servers):
    """Who waits must look when the server was away, and is woken by pushes again."""
    server = servers()
    with StoreTool(server.keys) as worker, StoreTool(server.keys) as pusher:
        worker.ok("wake", "q")
        server.kill()
        assert worker.ok("await", 5000)["woken"]
        server.start()
        worker.ok("turn", "w", "q", 1)
        pusher.ok("push", "q", 1, "a")
        assert worker.ok("await", 5000)["woken"]
        assert worker.take() == ["a0"]


def test_a_subscription_that_cannot_be_made_is_tried_again(servers):
    server = servers()
    with StoreTool(server.keys) as worker:
        worker.ok("wake", "q")
        server.ask("ACL", "SETUSER", "default", "-subscribe")
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        assert worker.ok("await", 5000)["woken"]
        worker.ok("turn", "w", "q", 1)
        assert worker.ok("await", 5000)["woken"]  # to try again
        server.ask("ACL", "SETUSER", "default", "+subscribe")
        worker.ok("turn", "w", "q", 1)
        with StoreTool(server.keys) as pusher:
            pusher.ok("push", "q", 1, "a")
        assert worker.ok("await", 5000)["woken"]


def test_a_push_wakes_as_many_as_it_has_jobs(servers):
    server = servers()
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(StoreTool(server.keys)) for _ in range(6)]
        pusher = stack.enter_context(StoreTool(server.keys))
        for number, worker in enumerate(workers):
            worker.ok("wake", "q")
            assert worker.take(owner=f"w{number}") == []
        for count in (2, 3):  # those who were woken do not hear of the next ones
            pusher.ok("push", "q", count, f"{count}-")
            assert sum(worker.ok("await", 100)["woken"] for worker in workers) == count


def test_a_dead_worker_takes_nobodys_wake_up(servers):
    server = servers()
    with StoreTool(server.keys) as worker, StoreTool(server.keys) as pusher:
        for _ in range(5):
            with StoreTool(server.keys) as dead:
                dead.ok("wake", "q")
                assert dead.take(owner="dead") == []
        worker.ok("wake", "q")
        assert worker.take() == []
        assert server.ask("SCARD", "glueful:queue:queue:q:idle") == 6
        pusher.ok("push", "q", 1, "a")
        assert worker.ok("await", 5000)["woken"]


def test_a_busy_worker_takes_nobodys_wake_up(servers):
    """Who has got all that it asked for is not woken."""
    server = servers()
    with StoreTool(server.keys) as busy, StoreTool(server.keys) as idle:
        busy.ok("wake", "q")
        busy.ok("push", "q", 1, "a")
        assert busy.take(owner="busy") == ["a0"]
        idle.ok("wake", "q")
        assert idle.take() == []
        idle.ok("push", "q", 1, "b")
        assert idle.ok("await", 5000)["woken"]
