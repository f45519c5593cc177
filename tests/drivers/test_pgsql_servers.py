# SPDX-License-Identifier: MIT
"""Where a connection to PostgreSQL leads, and who may use it: real servers, standbys, certificates, a pooler."""
import pathlib
import shutil
import signal
import subprocess

import pytest

from support.certificates import Authority
from support.postgres import Postgres, find_programs, free_port, give, owner
from support.processes import wait_for
from support.store_tool import StoreTool

pytestmark = pytest.mark.skipif(not find_programs(), reason="there is no PostgreSQL server here")
MANUAL = pathlib.Path(__file__).parents[2] / "docs" / "stores.md"


def make_server(_, server=None, **options):
    return server or Postgres(**options)


# --- users and tables ---

def test_a_password(servers, tmp_path):
    server = servers(auth="trust")
    server.sql("CREATE ROLE app LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO app")
    hba = server.data / "pg_hba.conf"
    hba.write_text("local all app scram-sha-256\n" + hba.read_text())
    server.sql("SELECT pg_reload_conf()")
    keys = {"driver": "pgsql", "dsn": f"host={server.directory} user=app dbname=postgres"}
    wait_for(lambda: not told(keys)["ok"])
    for wrong in ({}, {"password": "wrong"}):
        answer = told({**keys, **wrong})
        assert "password" in answer["error"] and "username and password" in answer["error"] and "secret" not in answer["error"]
    path = tmp_path / "password"
    path.write_text("secret\nnot this\n")
    with StoreTool({**keys, "password_file": path}) as store, StoreTool({**keys, "password": "secret"}) as other:
        other.ok("push", "q", 1, "a")
        assert store.take() == ["a0"]
        server.sql("ALTER ROLE app PASSWORD 'new'")
        path.write_text("new")
        server.stop()
        server.start()
        store.ok("stats")  # the file is read again
    path.unlink()
    assert "password_file" in told({**keys, "password_file": path})["error"]


def told(keys):
    """What opening a store there says."""
    with StoreTool(keys, is_open=False) as store:
        return store.call("open")


def test_a_user_with_what_the_manual_says(server):
    """Who makes the tables, and who uses them, with no more rights than it tells."""
    lines = MANUAL.read_text().split("<!-- rights -->")[1].split("```")[1].split("\n", 1)[1]
    server.sql("CREATE ROLE muster LOGIN; CREATE ROLE app LOGIN; CREATE SCHEMA jobs AUTHORIZATION muster")
    of = {"driver": "pgsql", "dsn": f"{server.dsn} options='-c search_path=jobs'"}
    mine, apps = ({**of, "dsn": of["dsn"].replace("user=postgres", f"user={name}")} for name in ("muster", "app"))
    with StoreTool(mine) as store:
        server.sql(lines)
        with StoreTool(apps) as app:
            app.ok("push", "q", 2, "a")
            store.take(done=store.take())
            app.ok("stats")
            server.sql("SET SESSION AUTHORIZATION app; SELECT jobs.muster_push('q', 'Mail', '{}')")
            assert store.stats() == (1, 1, 0, 0)


def test_a_schema_of_the_future_is_refused(server):
    with StoreTool(server.keys) as store:
        store.ok("push", "q", 1, "a")
    server.sql("UPDATE queue_version SET version = 99")
    answer = told(server.keys)
    assert answer["code"] == "conflict" and "99" in answer["error"] and "upgrade" in answer["error"]
    assert server.sql("SELECT count(*) FROM queue_jobs") == [["1"]]


def test_tables_of_another_program_are_refused(server):
    server.sql("CREATE TABLE queue_jobs (id bigint)")
    answer = told(server.keys)
    assert answer["code"] == "conflict" and "another program's" in answer["error"]
    with StoreTool({**server.keys, "table": "muster_jobs", "failed_table": "muster_failed"}) as store:
        store.ok("push", "q", 1, "a")


def test_what_is_no_database_for_jobs(server):
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    answer = told({**server.keys, "dsn": server.dsn.replace("dbname=postgres", "dbname=latin")})
    assert answer["code"] == "invalid" and "UTF8" in answer["error"]
    assert "does not exist" in told({**server.keys, "dsn": server.dsn.replace("dbname=postgres", "dbname=none")})["error"]
    answer = told({"driver": "pgsql", "dsn": "host=no-such-host.invalid user=postgres", "timeout": "2s"})
    assert answer["code"] == "unavailable" and "no-such-host.invalid" in answer["error"]


# --- several servers ---

@pytest.fixture
def pair(servers):
    """A server and its standby, and the keys that name both."""
    first = servers()
    first.sql("SELECT 1")
    with StoreTool(first.keys) as store:
        store.ok("push", "q", 10, "a")
    second = servers(first.standby())
    wait_for(lambda: second.sql("SELECT count(*) FROM pg_class WHERE relname = 'queue_jobs'") == [["1"]])
    dsn = f"host={second.directory},{first.directory} user=postgres dbname=postgres"
    return first, second, {"driver": "pgsql", "dsn": dsn, "timeout": "10s"}


def promote(server):
    server.sql("SELECT pg_promote()")
    wait_for(lambda: server.sql("SELECT pg_is_in_recovery()") == [["f"]])


def jobs_at(server):
    return int(server.sql("SELECT count(*) FROM queue_jobs")[0][0])


@pytest.mark.parametrize("target", ["", " target_session_attrs=any"])
def test_the_server_that_takes_writes_is_found(pair, target):
    """The standby is named first. Then the first one dies, and the standby takes its place."""
    first, second, keys = pair
    with StoreTool({**keys, "dsn": keys["dsn"] + target}, is_open=False) as store:
        wait_for(lambda: store.call("open")["ok"])
        wait_for(lambda: store.call("push", "q", 1, "b")["ok"])
        wait_for(lambda: jobs_at(second) == 11)
        first.kill()
        assert not store.call("push", "q", 1, "c")["ok"]
        promote(second)
        wait_for(lambda: store.call("push", "q", 1, "c")["ok"])
        assert len(store.take(count=20)) == 12


def test_a_server_that_hangs_is_passed_over(pair):
    """It gets its part of the time, and then the next one is tried."""
    first, second, keys = pair
    promote(second)
    with StoreTool({**keys, "dsn": f"host={first.directory},{second.directory} user=postgres dbname=postgres"}, is_open=False) as store:
        with first.paused():
            answer = store.ok("open")
            assert answer["ms"] > 4000
            store.ok("push", "q", 1, "b")
        assert jobs_at(second) == 11 and jobs_at(first) == 10


def test_a_standby_alone_is_refused(pair):
    first, second, keys = pair
    with StoreTool(second.keys, is_open=False) as store:
        store.call("open")
        assert "read" in store.fails("unavailable", "push", "q", 1, "b")["error"]


# --- TLS ---

@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def tls(servers, authority):
    """Makes a server that speaks TLS on 127.0.0.1, with a certificate for these names."""
    def make(names="DNS:localhost,IP:127.0.0.1", method="trust"):
        server = Postgres(port=free_port())
        for path, name in zip((*authority.issue("server", names), authority.certificate), ("server.crt", "server.key", "root.crt")):
            shutil.copy(path, server.data / name)
            (server.data / name).chmod(0o600)
            give(server.data / name)
        (server.data / "pg_hba.conf").write_text(f"local all all trust\nhostssl all all 127.0.0.1/32 {method}\n")
        server.settings |= {"ssl": "on", "ssl_ca_file": "root.crt"}
        return servers(server)
    return make


def dsn_of(server, authority, mode="verify-full", **more):
    values = {"sslmode": mode, "sslrootcert": authority.certificate, **more}
    return server.tcp_dsn + "".join(f" {key}={value}" for key, value in values.items())


def is_encrypted(server):
    return server.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                      " WHERE application_name = 'muster'") == [["t"]]


def test_tls(tls, authority):
    """By a connection string and by keys; wake-ups too."""
    server = tls()
    by_keys = {"driver": "pgsql", "host": "127.0.0.1", "port": server.port, "username": "postgres", "dbname": "postgres",
               "tls": "yes", "tls_ca": authority.certificate}
    with StoreTool(by_keys) as store, StoreTool({"driver": "pgsql", "dsn": dsn_of(server, authority)}) as pusher:
        store.ok("wake", "q")
        assert store.take() == []
        pusher.ok("push", "q", 300, "a", 0, 100000)  # 30 MB in one call
        assert store.ok("await", 20000)["woken"]
        got = []
        while taken := store.take(count=100):  # about 16 MB each
            got += taken
        assert got == [f"a{i}" for i in range(300)]
        assert is_encrypted(server)
    plain = told({"driver": "pgsql", "dsn": server.tcp_dsn + " sslmode=disable"})
    assert "no encryption" in plain["error"]


def test_tls_checks_the_authority(tls, authority, tmp_path):
    server = tls()
    other = Authority(tmp_path, "other")
    assert "certificate verify failed" in told({"driver": "pgsql", "dsn": dsn_of(server, other)})["error"]
    assert "does not exist" in told({"driver": "pgsql", "dsn": dsn_of(server, authority, sslrootcert=tmp_path / "none")})["error"]
    assert told({"driver": "pgsql", "dsn": dsn_of(server, other, "require", sslrootcert="")})["ok"]  # encrypted, and no more


def test_tls_checks_the_name(tls, authority):
    server = tls(names="DNS:pg.example")
    assert "does not match host name" in told({"driver": "pgsql", "dsn": dsn_of(server, authority)})["error"]
    assert told({"driver": "pgsql", "dsn": dsn_of(server, authority, "verify-ca")})["ok"]
    by_keys = {"driver": "pgsql", "host": "127.0.0.1", "port": server.port, "username": "postgres", "dbname": "postgres",
               "tls": "yes", "tls_ca": authority.certificate}
    assert "does not match host name" in told(by_keys)["error"]
    assert told({**by_keys, "tls_server_name": "pg.example"})["ok"]


def test_tls_with_a_certificate_of_the_client(tls, authority):
    server = tls(method="cert")
    assert "certificate" in told({"driver": "pgsql", "dsn": dsn_of(server, authority)})["error"]
    certificate, key = authority.issue("postgres")
    assert told({"driver": "pgsql", "dsn": dsn_of(server, authority, sslcert=certificate, sslkey=key)})["ok"]
    assert told({"driver": "pgsql", "host": "127.0.0.1", "port": server.port, "username": "postgres", "dbname": "postgres",
                 "tls": "yes", "tls_ca": authority.certificate, "tls_cert": certificate, "tls_key": key})["ok"]


# --- a pooler ---

@pytest.fixture
def pooler(server):
    """pgbouncer in transaction mode, with fewer connections than it has clients; gives its connection string."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if not program:
        pytest.skip("needs pgbouncer")
    users = server.directory / "users"
    users.write_text('"postgres" ""\n')
    configuration = server.directory / "pgbouncer.ini"
    port = free_port()
    configuration.write_text(f"""[databases]
postgres = host={server.directory} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
logfile = {server.directory}/pgbouncer.log
""")
    for path in (users, configuration):
        give(path)
    process = subprocess.Popen([program, configuration], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, cwd="/", **owner())
    dsn = f"host=127.0.0.1 port={port} user=postgres dbname=postgres"
    wait_for(lambda: subprocess.run(["psql", "-Xqc", "SELECT 1", dsn], capture_output=True, check=False).returncode == 0)
    yield dsn
    process.send_signal(signal.SIGINT)
    process.wait()


def test_a_pooler_in_transaction_mode(server, pooler):
    """prepare=off keeps nothing in sessions; listen_dsn leads past it."""
    keys = {"driver": "pgsql", "dsn": pooler, "prepare": "off", "listen_dsn": server.dsn}
    with StoreTool(keys) as a, StoreTool(keys) as b, StoreTool(keys) as c, StoreTool(keys) as pusher:
        workers = {"a": a, "b": b, "c": c}
        pusher.ok("push", "q", 60, "j")
        got = []
        for turn in range(20):
            for name, worker in workers.items():
                worker.send("turn", name, "q", 1)
            for worker in workers.values():
                got += [uuid for uuid, _ in worker.receive()["jobs"]]
        assert sorted(got) == sorted(f"j{i}" for i in range(60))
        a.ok("extend", "a", 60000, f"{got[0]}:1")
        pusher.ok("upkeep")
        pusher.ok("health")
        assert pusher.ok("return", "b")["ok"]
        a.ok("wake", "p")
        assert a.take("p") == []
        pusher.ok("push", "p", 1, "new")
        assert a.ok("await", 10000)["woken"]
        assert a.take("p") == ["new0"]


def test_a_pooler_without_a_way_past_it(server, pooler):
    """Nobody is told anything, and workers look now and then."""
    with StoreTool({"driver": "pgsql", "dsn": pooler, "prepare": "off"}) as store:
        answer = store.call("wake", "q")
        assert "woken" not in answer and not server.sql("SELECT FROM pg_locks WHERE locktype = 'advisory'")
        store.ok("push", "q", 1, "a")
        assert store.take() == ["a0"]


# --- jobs that an application pushes in its own transaction ---

def test_the_examples_of_the_manual(server):
    """A job is there when the transaction commits, and only then; a waiting worker is woken."""
    example = MANUAL.read_text().split("<!-- muster_push -->")[1].split("```")[1].split("\n", 1)[1]
    with StoreTool(server.keys) as store:
        server.sql("CREATE TABLE orders (id bigint PRIMARY KEY, total numeric)")
        store.ok("wake", "mail")
        assert store.take("mail") == []
        server.sql(example)
        assert store.ok("await", 10000)["woken"]
        assert len(store.take("mail", count=10)) == 1
        with pytest.raises(subprocess.CalledProcessError):
            server.sql("BEGIN; SELECT muster_push('mail', 'Confirm', '{}'); SELECT 1 / 0; COMMIT")
        assert store.take("mail", count=10) == []
