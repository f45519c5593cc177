# SPDX-License-Identifier: MIT
"""Where the Redis server is, and who may use it: replicas, Sentinels, a cluster, TLS, users, databases."""
import pathlib

import pytest

from support.certificates import Authority
from support.processes import wait_for
from support.redis import RedisServer, free_port
from support.store_tool import StoreTool


def make_server(directory, name="redis", port=None, **options):
    server = RedisServer(directory / name, port=free_port() if port is None else port, **options)
    server.options.setdefault("repl_diskless_sync_delay", 0)
    return server


def replica_of(server):
    return f"127.0.0.1 {server.port}"


def wait_synchronised(replica):
    wait_for(lambda: replica.ask("ROLE")[3] == "connected", lambda: f"a replica: {replica.ask('ROLE')}")


# --- users and databases ---

def test_a_password(servers, tmp_path):
    server = servers(requirepass="secret")
    with StoreTool(server.keys, is_open=False) as store:
        assert "username and password" in store.fails("invalid", "open")["error"]
    with StoreTool({**server.keys, "password": "wrong"}, is_open=False) as store:
        assert "WRONGPASS" in store.fails("invalid", "open")["error"]
    with StoreTool({**server.keys, "password": "secret"}) as store:
        store.ok("push", "q", 1, "a")
    path = tmp_path / "password"
    path.write_text("secret\nnot this\n")
    with StoreTool({**server.keys, "password_file": path}) as store:
        assert store.take() == ["a0"]
        server.ask("CONFIG", "SET", "requirepass", "new")
        server.options["requirepass"] = "new"
        path.write_text("new")
        server.ask("CLIENT", "KILL", "TYPE", "normal")
        store.ok("stats")  # the file is read again
    path.unlink()
    with StoreTool({**server.keys, "password_file": path}, is_open=False) as store:
        assert "password_file" in store.call("open")["error"]


def test_a_user_with_what_the_manual_says(servers):
    server = servers()
    manual = (pathlib.Path(__file__).parents[2] / "docs" / "stores.md").read_text()
    rules = manual.split("A user needs `")[1].split("`")[0].replace("PREFIX", "glueful:queue:")
    server.ask("ACL", "SETUSER", "muster", "on", ">pass", *rules.split())
    keys = {**server.keys, "username": "muster", "password": "pass"}
    with StoreTool(keys) as store, StoreTool(keys) as other:
        store.ok("wake", "q")
        assert store.take() == []
        other.ok("push", "q", 3, "a")
        assert store.ok("await", 5000)["woken"]
        store.take(count=2)
        store.ok("upkeep")
        store.ok("health")
        store.ok("turn", "w", "q", "-", "a0:1:f", "a1:1:r")
        server.ask("ACL", "SETUSER", "muster", "-evalsha")
        assert "NOPERM" in store.fails("invalid", "stats")["error"]


def test_a_database(servers):
    server = servers()
    with StoreTool({**server.keys, "database": 3}) as store, StoreTool(server.keys) as other:
        store.ok("wake", "q")
        assert store.take() == []
        other.ok("push", "q", 1, "other")
        with StoreTool({**server.keys, "database": 3}) as pusher:
            pusher.ok("push", "q", 1, "a")
        assert store.ok("await", 5000)["woken"]
        assert store.take() == ["a0"]
        assert other.stats() == (1, 0, 0, 0)
        server.ask("CLIENT", "KILL", "TYPE", "normal")
        assert store.stats() == (0, 1, 0, 0)  # the new connection is in it too
    with StoreTool({**server.keys, "database": 16}, is_open=False) as store:
        assert "database 16" in store.fails("invalid", "open")["error"]


def test_prefixes_are_apart(servers):
    server = servers()
    with StoreTool({**server.keys, "prefix": "a:"}) as a, StoreTool({**server.keys, "prefix": "b:"}) as b:
        a.ok("push", "q", 2, "a")
        b.ok("push", "q", 1, "b")
        assert (a.stats(), b.stats()) == ((2, 0, 0, 0), (1, 0, 0, 0))
        server.ask("SET", "b:queue:q:delayed", "something else")
        assert "another program" in b.fails("invalid", "push", "q", 1, "c", 100)["error"]


def test_what_another_program_has_put_there_is_kept(servers):
    """PHP's Glueful writes its jobs in another form."""
    server = servers()
    server.ask("RPUSH", "glueful:queue:queue:q", '"pie4PhqHEot2"')
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 1, "a")
        assert store.take(count=5) == ["a0"]
    assert server.ask("LRANGE", "glueful:queue:queue:q:strangers", 0, -1) == ['"pie4PhqHEot2"']


def test_a_damaged_payload_fails_alone(servers):
    server = servers()
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 3, "a")
        assert server.ask("HSET", "glueful:queue:job:a1", "payload", '{"job":') == 0
        assert store.take(count=3) == ["a0", "a1", "a2"]
        store.ok("turn", "w", "q", "-", "a1:1:f")
        assert store.stats() == (0, 2, 0, 1)


def test_something_else_than_redis(tmp_path, servers):
    sentinel = start_sentinel(tmp_path, servers(), free_port(), 0)
    with StoreTool({"driver": "redis", "host": "127.0.0.1", "port": sentinel.port}, is_open=False) as store:
        assert not store.call("open")["ok"]
    sentinel.stop()
    with StoreTool({"driver": "redis", "host": "no-such-host.invalid", "timeout": "2s"}, is_open=False) as store:
        answer = store.fails("unavailable", "open")
        assert "no-such-host.invalid" in answer["error"]
        assert answer["ms"] < 4000


# --- replicas ---

def test_a_replica_leads_to_its_master(servers):
    master = servers("master")
    replica = servers("replica", replicaof=replica_of(master))
    wait_synchronised(replica)
    with StoreTool(replica.keys) as store:
        store.ok("push", "q", 1, "a")
        assert master.ask("LLEN", "glueful:queue:queue:q") == 1


def test_a_master_that_becomes_a_replica(servers):
    """The client follows it while it is connected, its subscription too."""
    first, second = servers("first"), servers("second")
    second.ask("REPLICAOF", "127.0.0.1", first.port)
    wait_synchronised(second)
    with StoreTool(first.keys) as store:
        store.ok("push", "q", 2, "a")
        store.ok("wake", "q")
        wait_for(lambda: second.ask("LLEN", "glueful:queue:queue:q") == 2)
        second.ask("REPLICAOF", "NO", "ONE")
        first.ask("REPLICAOF", "127.0.0.1", second.port)
        assert store.take(count=3) == ["a0", "a1"]
        assert store.take(count=1) == []
        with StoreTool(second.keys) as pusher:
            pusher.ok("push", "q", 1, "b")
        assert store.ok("await", 5000)["woken"]
        assert store.take() == ["b0"]


def test_writes_that_too_few_replicas_would_have(servers):
    server = servers(min_replicas_to_write=1)
    with StoreTool(server.keys) as store:
        assert "NOREPLICAS" in store.fails("unavailable", "push", "q", 1, "a")["error"]
        assert server.ask("DBSIZE") == 0


# --- Sentinels ---

def start_sentinel(tmp_path, master, port, number, password=""):
    sentinel = RedisServer(tmp_path / f"sentinel{number}", port=port, program="redis-sentinel")
    sentinel.options = {f"sentinel monitor main 127.0.0.1 {master.port} 2": "",
                        "sentinel down-after-milliseconds main 1000": "",
                        "sentinel failover-timeout main 3000": ""}
    if password:
        sentinel.options["requirepass"] = password
    return sentinel.start()


@pytest.fixture
def sentinels(tmp_path):
    made = []

    def make(master, **options):
        made.extend(start_sentinel(tmp_path, master, free_port(), number, **options) for number in range(3))
        wait_for(lambda: all(len(sentinel.ask("SENTINEL", "SENTINELS", "main")) == 2 for sentinel in made),
                 "Sentinels that know each other")
        return made
    yield make
    for sentinel in made:
        sentinel.stop()


def addresses(sentinels):
    return ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in sentinels)


def test_a_failover(servers, sentinels):
    """The master is killed, a replica takes over, and everything goes on; the old one comes back as a replica."""
    master = servers("master", min_replicas_max_lag=1)
    replica = servers("replica", replicaof=replica_of(master))
    wait_synchronised(replica)
    group = sentinels(master)
    wait_for(lambda: all(len(s.ask("SENTINEL", "REPLICAS", "main")) == 1 for s in group), "a known replica")
    keys = {"driver": "redis", "sentinels": addresses(group), "sentinel_master": "main", "timeout": "2s"}
    with StoreTool(keys) as store:
        store.ok("push", "q", 100, "a")
        store.ok("wake", "q")
        taken = store.take(count=10)
        wait_for(lambda: replica.ask("ZCARD", "glueful:queue:queue:q:reserved") == 11)
        group[0].kill()  # and the first of the Sentinels as well
        master.kill()
        assert not store.call("stats")["ok"]
        assert store.ok("await", 5000)["woken"]
        wait_for(lambda: store.call("stats")["ok"], lambda: f"the new master: {store.call('stats')}")
        assert replica.role() == "master"
        assert store.stats() == (90, 10, 0, 0)
        assert len(store.take(count=100, done=taken)) == 90
        assert store.take() == []
        with StoreTool(keys) as pusher:
            pusher.ok("push", "q", 1, "b")
        assert store.ok("await", 5000)["woken"]
        master.start()
        # On a busy machine the Sentinels may take the new one for dead, and change the roles once more.
        wait_for(lambda: {master.role(), replica.role()} == {"master", "slave"}, "one master and one replica")
        store.ok("stats")


def test_what_sentinels_may_say(servers, sentinels):
    master = servers("master")
    group = sentinels(master, password="guard")
    keys = {"driver": "redis", "sentinels": f"127.0.0.1:{free_port()} {addresses(group)}", "timeout": "2s"}
    with StoreTool({**keys, "sentinel_master": "main", "sentinel_password": "guard"}) as store:
        store.ok("push", "q", 1, "a")
    with StoreTool({**keys, "sentinel_master": "other", "sentinel_password": "guard"}, is_open=False) as store:
        assert "sentinel_master" in store.fails("invalid", "open")["error"]
    with StoreTool({**keys, "sentinel_master": "main", "sentinel_password": "no"}, is_open=False) as store:
        assert "sentinel_password" in store.fails("invalid", "open")["error"]
    with StoreTool({"driver": "redis", "sentinels": f"127.0.0.1:{free_port()}"}, is_open=False) as store:
        assert "Sentinel at 127.0.0.1" in store.fails("unavailable", "open")["error"]


# --- a cluster ---

@pytest.fixture
def cluster(servers):
    """Two nodes, each with half of the slots."""
    buses = [free_port() for _ in range(2)]
    nodes = [servers(f"node{number}", port=free_port(), cluster_enabled="yes", cluster_port=bus) for number, bus in enumerate(buses)]
    nodes[0].ask("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
    nodes[1].ask("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
    nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", nodes[1].port, buses[1])
    wait_for(lambda: all("cluster_state:ok" in node.ask("CLUSTER", "INFO") for node in nodes), "a cluster")
    return nodes


def test_a_cluster(cluster):
    with StoreTool(cluster[0].keys, is_open=False) as store:
        assert "hash tag" in store.fails("invalid", "open")["error"]
    for tag in "ab":
        owner = cluster[cluster[0].ask("CLUSTER", "KEYSLOT", f"{{{tag}}}") >= 8192]
        for node in cluster:  # each leads to the right one
            with StoreTool({**node.keys, "prefix": f"{{{tag}}}:"}) as store:
                store.ok("push", "q", 5, f"{node.port}-")
                store.ok("wake", "q")
                store.take(done=store.take(count=3))
                store.ok("upkeep")
        assert owner.ask("SCARD", f"{{{tag}}}:queues") == 1


def test_wake_ups_in_a_cluster(cluster):
    keys = {**cluster[0].keys, "prefix": "{b}:"}
    with StoreTool(keys) as worker, StoreTool({**cluster[1].keys, "prefix": "{b}:"}) as pusher:
        worker.ok("wake", "q")
        assert worker.take() == []
        pusher.ok("push", "q", 1, "a")
        assert worker.ok("await", 5000)["woken"]
        assert worker.take() == ["a0"]


# --- TLS ---

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(servers, authority):
    """Makes servers that speak TLS alone; they want a certificate of the client where clients is yes."""
    def make(names="DNS:localhost,IP:127.0.0.1", clients="no", **options):
        certificate, key = authority.issue("server", names)
        port = free_port()
        server = servers("tls", port=0, tls_port=port, tls_cert_file=certificate, tls_key_file=key,
                         tls_ca_cert_file=authority.certificate, tls_auth_clients=clients, **options)
        keys = {"driver": "redis", "host": "127.0.0.1", "port": port, "tls": "yes", "tls_ca": authority.certificate}
        return server, keys
    return make


def test_tls(tls):
    server, keys = tls()
    with StoreTool({**keys, "timeout": "60s"}) as store:
        store.ok("push", "q", 300, "a", 0, 100000)  # 30 MB in one call
        store.ok("wake", "q")
        got = []
        while taken := store.take(count=100):  # about 16 MB each
            got += taken
        assert got == [f"a{i}" for i in range(300)]
        with StoreTool({**keys, "host": "localhost"}) as pusher:
            pusher.ok("push", "q", 1, "b")
        assert store.ok("await", 5000)["woken"]
        server.ask("CLIENT", "KILL", "TYPE", "pubsub")
        assert store.ok("await", 5000)["woken"]
        assert store.take() == ["b0"]


def test_tls_checks_the_authority(tls, tmp_path):
    server, keys = tls()
    other = Authority(tmp_path, "other")
    with StoreTool({**keys, "tls_ca": other.certificate}, is_open=False) as store:
        assert "certificate is refused" in store.fails("invalid", "open")["error"]
    with StoreTool({key: value for key, value in keys.items() if key != "tls_ca"}, is_open=False) as store:
        assert "certificate is refused" in store.fails("invalid", "open")["error"]
    with StoreTool({**keys, "tls_ca": tmp_path / "none.pem"}, is_open=False) as store:
        assert "tls_ca" in store.fails("invalid", "open")["error"]


def test_tls_checks_the_name(tls):
    server, keys = tls(names="DNS:redis.example")
    with StoreTool(keys, is_open=False) as store:
        assert "IP address mismatch" in store.fails("invalid", "open")["error"]
    with StoreTool({**keys, "host": "localhost"}, is_open=False) as store:
        assert "hostname mismatch" in store.fails("invalid", "open")["error"]
    with StoreTool({**keys, "tls_server_name": "other.example"}, is_open=False) as store:
        assert "hostname mismatch" in store.fails("invalid", "open")["error"]
    with StoreTool({**keys, "tls_server_name": "redis.example"}) as store:
        store.ok("stats")


def test_tls_with_a_certificate_of_the_client(tls, authority, tmp_path):
    server, keys = tls(clients="yes")
    certificate, key = authority.issue("client")
    with StoreTool(keys, is_open=False) as store:
        assert not store.call("open")["ok"]
    with StoreTool({**keys, "tls_cert": certificate, "tls_key": key}) as store:
        store.ok("push", "q", 1, "a")
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    with StoreTool({**keys, "tls_cert": both}) as store:
        assert store.take() == ["a0"]
    stranger, strangers_key = Authority(tmp_path, "stranger").issue("client")
    with StoreTool({**keys, "tls_cert": stranger, "tls_key": strangers_key}, is_open=False) as store:
        assert not store.call("open")["ok"]


def test_no_tls_where_it_is_expected(servers, tls):
    plain = servers("plain")
    with StoreTool({**plain.keys, "tls": "yes", "timeout": "2s"}, is_open=False) as store:
        assert not store.call("open")["ok"]
    server, keys = tls()
    with StoreTool({**keys, "tls": "no", "timeout": "2s"}, is_open=False) as store:
        assert not store.call("open")["ok"]


def test_a_hang_with_tls(tls):
    server, keys = tls()
    with StoreTool({**keys, "timeout": "2s"}) as store:
        store.ok("push", "q", 1, "a")
        with server.paused():
            store.fails("unavailable", "stats")
            store.fails("unavailable", "stats")  # in the handshake
        assert store.take() == ["a0"]
