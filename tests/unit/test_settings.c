/* SPDX-License-Identifier: MIT */
#include "tests/unit/settings_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"

static void print(const struct settings *settings, struct buf *out)
{
    buf_init(out, 1 << 20);
    assert_int_equal(settings_print(settings, out), 0);
}

static void test_defaults_alone(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    setenv("XDG_DATA_HOME", "/data", 1);
    struct settings *settings = settings_load(NULL, &err);
    assert_non_null(settings);
    assert_int_equal(settings->connection_count, 1);
    assert_string_equal(settings->connections[0].name, "database");
    assert_string_equal(settings->connections[0].driver, "sqlite");
    assert_int_equal(settings->connections[0].retry_after, 90000);
    assert_int_equal(settings->queue_count, 1);
    const struct queue_settings *queue = settings_queue(settings, "default");
    assert_non_null(queue);
    assert_string_equal(queue->connection, "database");
    assert_int_equal(queue->options.memory, 128 << 20);
    assert_int_equal(queue->options.backoff, BACKOFF_EXPONENTIAL);
    assert_int_equal(settings->muster.log_level, LOG_INFO);
    assert_ptr_equal(settings_connection_of(settings, "other"), &settings->connections[0]);
    settings_destroy(settings);
}

static void test_queues_start_from_worker_options(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[queue:a]\ntimeout = 1m30s\n[worker_options]\nmemory = 1GB\n"
               "timeout = 5\n[queue:b]\nmemory=64\nbackoff = fixed\n");
    const struct queue_settings *a = settings_queue(settings, "a");
    const struct queue_settings *b = settings_queue(settings, "b");
    assert_int_equal(a->options.timeout, 90000);
    assert_int_equal(a->options.memory, INT64_C(1) << 30);
    assert_int_equal(b->options.timeout, 5000);
    assert_int_equal(b->options.memory, 64 << 20);
    assert_int_equal(b->options.backoff, BACKOFF_FIXED);
    struct queue_settings other;
    settings_queue_or_default(settings, "other", &other);
    assert_int_equal(other.options.timeout, 5000);
    assert_string_equal(other.connection, "database");
    settings_queue_finish(&other);
    settings_destroy(settings);
}

static void test_paths_and_expansions(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[muster]\ndatadir = var/../data\n[connection:main]\ndriver=database\n"
               "[queue:mail]\ncommand = %(here)s/run %(queue_name)s 100%% %(semicolon)s\n");
    assert_string_equal(settings->muster.datadir, "/etc/data");
    assert_string_equal(settings->muster.socket, "/etc/data/muster.sock");
    assert_string_equal(settings->muster.connection, "main");
    assert_string_equal(settings->connections[0].path, "/etc/data/main.db");
    assert_string_equal(settings->queues[0].command, "/etc/run mail 100% ;");
    settings_destroy(settings);
}

static void test_errors_name_the_place_and_the_cure(void **state)
{
    (void)state;
    assert_refused(
        "[queue:a]\n\ntimeout = soon\n",
        "/etc/test.ini:3: [queue:a] timeout: \"soon\" is not a time; write seconds, or ms, "
        "s, m, h, d, e.g. 60 or 1m30s");
    assert_refused("[queue:a]\ntimeot = 1\n", "/etc/test.ini:2: [queue:a] timeot: there is no such "
                                              "key; did you mean timeout?");
    assert_refused("[quue:a]\n", "/etc/test.ini:1: [quue:a] there is no such section; did you mean "
                                 "[queue:a]?");
    assert_refused("[queue:a]\nconnection = databse\n",
                   "/etc/test.ini:2: [queue:a] connection: there is no connection databse; did you "
                   "mean database?");
    assert_refused(
        "[queue:a b]\n",
        "/etc/test.ini:1: [queue:a b] the queue: the name may consist of A-Z a-z 0-9 _ - . "
        ": and begin with one of A-Z a-z 0-9 _");
    assert_refused("[queue:a]\nconcurrency = 257\n",
                   "/etc/test.ini:2: [queue:a] concurrency: out of range; write 1 to 256");
    assert_refused(
        "[queue:a]\ncommand = sh -c 'x\n",
        "/etc/test.ini:2: [queue:a] command: no closing quotation; close the quote, or put "
        "\\ before it (; or # behind a space begins a comment, also inside quotes: write "
        "%(semicolon)s or %(hash)s)");
    assert_refused(
        "[queue:a]\nbackoff_delay = 1h\n",
        "/etc/test.ini:2: [queue:a] backoff_delay: longer than backoff_max; write a smaller "
        "one, or a larger backoff_max");
    assert_refused(
        "[connection:x]\ntable = a-b\n",
        "/etc/test.ini:2: [connection:x] table: \"a-b\" is not a table's name; write 1 to "
        "48 of A-Z a-z 0-9 _, not beginning with a digit");
}

static void test_a_redis_connection(void **state)
{
    (void)state;
    struct settings *settings =
        parsed("[connection:a]\ndriver = redis\nprefix = {q}:\nport = 6400\n"
               "job_expiration = 1d\nsentinels = s1, [::1]:7000\n"
               "[connection:b]\ndriver = redis\npath = run/redis.sock\n");
    const struct connection_settings *a = settings_connection(settings, "a");
    const struct connection_settings *b = settings_connection(settings, "b");
    assert_string_equal(a->path, "");
    assert_string_equal(a->prefix, "{q}:");
    assert_int_equal(a->port, 6400);
    assert_int_equal(a->job_expiration, 86400000);
    assert_string_equal(a->sentinel_master, "mymaster");
    assert_string_equal(b->path, "/etc/run/redis.sock");
    assert_string_equal(b->prefix, "glueful:queue:");
    assert_string_equal(b->host, "127.0.0.1");
    assert_int_equal(b->port, KEY_UNSET);
    settings_destroy(settings);
    assert_refused("[connection:a]\nprefix = {}q:\n",
                   "/etc/test.ini:2: [connection:a] prefix: the hash tag is empty or not closed; "
                   "write {queue}: for one");
    assert_refused("[connection:a]\nsentinels = s:x\n",
                   "/etc/test.ini:2: [connection:a] sentinels: \"s:x\" is not an address; write "
                   "host, host:port or [IPv6]:port");
    assert_refused("[connection:a]\npassword = x\npassword_file = y\n",
                   "/etc/test.ini:3: [connection:a] password_file: password is set too; write one "
                   "of them");
}

static void test_sections_of_supervisor_are_let_be(void **state)
{
    (void)state;
    struct settings *settings = parsed("[DEFAULT]\nuser = me\n[supervisord]\nnodaemon = true\n"
                                       "[program:x]\ncommand = cat\n[odd]\na = b\n[queue:a]\n"
                                       "colour = red\n");
    assert_int_equal(settings->warning_count, 2);
    assert_string_equal(settings->warnings[0],
                        "/etc/test.ini:7: [odd] is ignored: there is no such section");
    assert_string_equal(settings->warnings[1],
                        "/etc/test.ini:10: [queue:a] colour is ignored: there is no such key");
    settings_destroy(settings);
}

static void test_environment_overrides_the_file(void **state)
{
    (void)state;
    setenv("QUEUE_WORKER_TIMEOUT", "7", 1);
    setenv("QUEUE_BATCH_SIZE", "9", 1);
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(NULL, &err);
    assert_non_null(settings);
    assert_int_equal(settings->queues[0].options.timeout, 7000);
    assert_int_equal(settings->connections[0].batch_size, 9);
    settings_destroy(settings);
    setenv("QUEUE_BATCH_SIZE", "many", 1);
    assert_null(settings_load(NULL, &err));
    assert_string_equal(err.text,
                        "environment variable QUEUE_BATCH_SIZE: batch_size: \"many\" is not "
                        "a whole number; write one, e.g. 100");
    unsetenv("QUEUE_WORKER_TIMEOUT");
    unsetenv("QUEUE_BATCH_SIZE");
}

static void test_monitoring_of_the_guide(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    struct settings *settings = settings_load(NULL, &err);
    assert_non_null(settings);
    const struct monitoring_settings *monitoring = &settings->monitoring;
    assert_true(monitoring->enabled);
    assert_int_equal(monitoring->metrics_retention, 7);
    assert_int_equal(settings->muster.health_check_interval, 60000);
    assert_int_equal(monitoring->alerts.failure_rate, 10);
    assert_int_equal(monitoring->alerts.queue_size, 1000);
    assert_int_equal(monitoring->alerts.worker_memory, 90);
    settings_destroy(settings);
    setenv("QUEUE_MONITORING", "false", 1);
    setenv("QUEUE_HEALTH_CHECK_INTERVAL", "45", 1);
    setenv("QUEUE_ALERT_FAILURE_RATE", "20", 1);
    setenv("QUEUE_ALERT_QUEUE_SIZE", "500", 1);
    settings = settings_load(NULL, &err);
    assert_non_null(settings);
    monitoring = &settings->monitoring;
    assert_false(monitoring->enabled);
    assert_int_equal(settings->muster.health_check_interval, 45000);
    assert_int_equal(monitoring->alerts.failure_rate, 20);
    assert_int_equal(monitoring->alerts.queue_size, 500);
    settings_destroy(settings);
    unsetenv("QUEUE_MONITORING");
    unsetenv("QUEUE_HEALTH_CHECK_INTERVAL");
    unsetenv("QUEUE_ALERT_FAILURE_RATE");
    unsetenv("QUEUE_ALERT_QUEUE_SIZE");
}

static void test_variables_of_redis_are_for_redis(void **state)
{
    (void)state;
    setenv("REDIS_HOST", "redis.example", 1);
    setenv("QUEUE_TABLE", "jobs", 1);
    static const char text[] = "[connection:p]\ndriver = pgsql\nhost = db.example\n"
                               "[connection:r]\ndriver = redis\nhost = other\n";
    char path[] = "/tmp/muster-settings-XXXXXX";
    struct err err = ERR_INIT;
    int fd = mkstemp(path);
    assert_int_equal(fd_write_all(fd, text, sizeof text - 1), 0);
    fd_close(&fd);
    struct settings *settings = settings_load(path, &err);
    unlink(path);
    assert_non_null(settings);
    assert_string_equal(settings->connections[0].host, "db.example");
    assert_string_equal(settings->connections[0].table, "jobs");
    assert_string_equal(settings->connections[1].host, "redis.example");
    settings_destroy(settings);
    unsetenv("REDIS_HOST");
    unsetenv("QUEUE_TABLE");
}

static void test_a_pooler_needs_a_way_around_it(void **state)
{
    (void)state;
    struct settings *settings = parsed("[connection:p]\ndriver = pgsql\nprepare = no\n");
    assert_int_equal(settings->warning_count, 1);
    assert_non_null(strstr(settings->warnings[0], "listen_dsn"));
    settings_destroy(settings);
}

static void test_a_snapshot_reads_back_the_same(void **state)
{
    (void)state;
    setenv("MUSTER_TEST_VALUE", "  tail ;x #y \n\n;z\t", 1);
    struct settings *settings =
        parsed("[queue:a]\ncommand = sh -c \"%%d\n   second;line\n\n   third\"  %(semicolon)s x\n"
               "environment = A=\"%(ENV_MUSTER_TEST_VALUE)s\",\n  B='it \"is\" so'\n"
               "directory = /tmp/%(space)s\n[queue:b]\nrest = 1500ms\nmemory = 1025KB\n");
    settings->generation = 7;
    assert_string_equal(settings->queues[0].environment,
                        "A=\"  tail ;x #y \n\n;z\t\",\nB='it \"is\" so'");
    struct buf first, second;
    print(settings, &first);
    struct settings *again = parsed(buf_text(&first));
    print(again, &second);
    assert_string_equal(buf_text(&first), buf_text(&second));
    assert_int_equal(again->generation, 7);
    for (size_t i = 0; i < settings->queue_count; i++)
        assert_int_equal(keys_compare(&settings_queue_table, &settings->queues[i],
                                      &again->queues[i], NULL, NULL),
                         -1);
    buf_finish(&first);
    buf_finish(&second);
    settings_destroy(settings);
    settings_destroy(again);
}

static void test_a_driver_that_is_a_plugin_must_lie_in_its_folder(void **state)
{
    (void)state;
    char folder[] = "/tmp/muster-settings.XXXXXX", text[200], message[300];
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, "[muster]\ndriver_path = %s\n[connection:a]\ndriver = tape\n",
             folder);
    snprintf(message, sizeof message,
             "/etc/test.ini:4: [connection:a] driver: there is no driver tape: neither sqlite, "
             "pgsql, redis nor tape.so in %s or ",
             folder);
    struct err err = ERR_INIT;
    assert_null(parse(text, &err));
    assert_memory_equal(err.text, message, strlen(message));
    char *file = mem_printf("%s/tape.so", folder);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    fd_close(&fd);
    struct settings *settings = parsed(text);
    assert_string_equal(settings->connections[0].driver_path, folder);
    settings_destroy(settings);
    unlink(file);
    rmdir(folder);
    free(file);
    assert_refused("[connection:a]\ndriver = ../x\n",
                   "/etc/test.ini:2: [connection:a] driver: \"../x\" is not a driver's name; "
                   "write 1 to 32 of a-z 0-9 _ - beginning with a letter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_alone),
        cmocka_unit_test(test_queues_start_from_worker_options),
        cmocka_unit_test(test_paths_and_expansions),
        cmocka_unit_test(test_errors_name_the_place_and_the_cure),
        cmocka_unit_test(test_a_redis_connection),
        cmocka_unit_test(test_sections_of_supervisor_are_let_be),
        cmocka_unit_test(test_environment_overrides_the_file),
        cmocka_unit_test(test_monitoring_of_the_guide),
        cmocka_unit_test(test_variables_of_redis_are_for_redis),
        cmocka_unit_test(test_a_pooler_needs_a_way_around_it),
        cmocka_unit_test(test_a_snapshot_reads_back_the_same),
        cmocka_unit_test(test_a_driver_that_is_a_plugin_must_lie_in_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
