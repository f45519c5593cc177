/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/settings.h"
#include "drivers/pgsql/callback.h"
#include "drivers/pgsql/conninfo.h"
#include "drivers/pgsql/failure.h"
#include "drivers/pgsql/params.h"
#include "drivers/pgsql/statements.h"

/* What of the PostgreSQL driver needs no server. */

static struct connection_settings settings_new(void)
{
    struct connection_settings settings = {0};
    keys_set_defaults(&settings_connection_table, &settings);
    return settings;
}

/* --- where a connection leads --- */

static const char *value_of(const struct conninfo *info, size_t server, const char *keyword,
                            struct arena *arena)
{
    struct conninfo_params params;
    const char *value = "";
    assert_int_equal(pg_conninfo_params(info, &info->servers[server], arena, &params, NULL), 0);
    for (size_t i = 0; params.keywords[i]; i++)
        if (strcmp(params.keywords[i], keyword) == 0)
            value = params.values[i];
    return value;
}

static void assert_value(const struct conninfo *info, size_t server, const char *keyword,
                         const char *expected)
{
    struct arena arena = {0};
    assert_string_equal(value_of(info, server, keyword, &arena), expected);
    arena_finish(&arena);
}

static void test_several_hosts_are_taken_apart(void **state)
{
    (void)state;
    struct conninfo info;
    struct err err = ERR_INIT;
    struct connection_settings settings = settings_new();
    assert_int_equal(pg_conninfo_init(&info, &settings,
                                      "postgresql://joe@a:1,b:2,c:3/jobs?connect_timeout=2"
                                      "&target_session_attrs=read-write",
                                      &err),
                     0);
    assert_int_equal(info.server_count, 3);
    assert_value(&info, 0, "host", "a");
    assert_value(&info, 2, "host", "c");
    assert_value(&info, 2, "port", "3");
    assert_value(&info, 1, "user", "joe");
    assert_value(&info, 1, "dbname", "jobs");
    assert_value(&info, 1, "target_session_attrs", "read-write");
    assert_value(&info, 1, "connect_timeout", "");
    assert_value(&info, 1, "fallback_application_name", "muster");
    pg_conninfo_finish(&info);
    assert_int_equal(pg_conninfo_init(&info, &settings, "host=a,,/run port=7", &err), 0);
    assert_int_equal(info.server_count, 3);
    assert_value(&info, 1, "host", "");
    assert_value(&info, 2, "host", "/run");
    assert_value(&info, 2, "port", "7");
    pg_conninfo_finish(&info);
    keys_finish(&settings_connection_table, &settings);
}

static void assert_refused(const char *dsn, const char *reason)
{
    struct conninfo info;
    struct err err = ERR_INIT;
    struct connection_settings settings = settings_new();
    assert_int_equal(pg_conninfo_init(&info, &settings, dsn, &err), -1);
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, reason));
    assert_null(strstr(err.text, "secret"));
    keys_finish(&settings_connection_table, &settings);
}

static void test_bad_strings_are_refused_without_telling_them(void **state)
{
    (void)state;
    assert_refused("host=a password=secret nonsense", "not a connection string");
    assert_refused("host=a,b port=1,2,3", "3 ports for 2 hosts");
    assert_refused("host=a,b hostaddr=127.0.0.1", "2 hosts, but 1 values");
    assert_refused("host=a,b target_session_attrs=prefer-standby", "cannot be written to");
}

static void test_keys_make_a_connection_string(void **state)
{
    (void)state;
    struct conninfo info;
    struct err err = ERR_INIT;
    struct connection_settings settings = settings_new();
    const char *const keys[][2] = {
        {"host", "db.example"}, {"port", "6432"},      {"dbname", "jobs"}, {"username", "joe"},
        {"password", "x y'z"},  {"tls_ca", "/ca.pem"}, {"tls", "yes"},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        assert_int_equal(
            keys_set(&settings_connection_table, &settings, keys[i][0], keys[i][1], &err), 0);
    assert_int_equal(pg_conninfo_init(&info, &settings, "", &err), 0);
    assert_value(&info, 0, "host", "db.example");
    assert_value(&info, 0, "port", "6432");
    assert_value(&info, 0, "dbname", "jobs");
    assert_value(&info, 0, "user", "joe");
    assert_value(&info, 0, "password", "x y'z");
    assert_value(&info, 0, "sslmode", "verify-full");
    assert_value(&info, 0, "sslrootcert", "/ca.pem");
    pg_conninfo_finish(&info);
    assert_int_equal(
        keys_set(&settings_connection_table, &settings, "tls_server_name", "real", &err), 0);
    assert_int_equal(keys_set(&settings_connection_table, &settings, "host", "10.0.0.1", &err), 0);
    assert_int_equal(pg_conninfo_init(&info, &settings, "", &err), 0);
    assert_value(&info, 0, "host", "real");
    assert_value(&info, 0, "hostaddr", "10.0.0.1");
    pg_conninfo_finish(&info);
    keys_finish(&settings_connection_table, &settings);
}

/* --- statements --- */

static void assert_expansion(const struct names *names, const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, NAMES_TEXT_MAX);
    pg_names_expand(names, text, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_finish(&out);
}

static void test_names(void **state)
{
    (void)state;
    struct names names;
    pg_names_init(&names, "queue_jobs", "queue_failed_jobs");
    strcpy(names.schema, "app");
    assert_expansion(&names, "{jobs} {failed} {batches}",
                     "app.\"queue_jobs\" app.\"queue_failed_jobs\" app.\"queue_batches\"");
    assert_expansion(&names, "{:ready} {push}()", "queue_ready app.\"muster_push\"()");
    assert_expansion(&names, "'{}' '{\"a\":{1,2}}' {jobs}",
                     "'{}' '{\"a\":{1,2}}' app.\"queue_jobs\"");
    pg_names_init(&names, "mail", "dead");
    strcpy(names.schema, "s");
    assert_expansion(&names, "{jobs} {notes} {push}",
                     "s.\"mail\" s.\"mail_notes\" s.\"muster_push_mail\"");
}

static void test_arrays_are_in_the_binary_format(void **state)
{
    (void)state;
    struct params params;
    struct params_view view;
    static const char expected[] = "\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\2\0\0\0\1" /* the head */
                                   "\0\0\0\2ab\377\377\377\377";
    pg_params_init(&params);
    pg_params_text(&params, NULL);
    pg_params_array(&params, PARAMS_TEXT, 2);
    pg_params_put_text(&params, "ab");
    pg_params_put_text(&params, NULL);
    pg_params_array_end(&params);
    assert_int_equal(pg_params_take(&params, &view, NULL), 0);
    assert_null(view.values[0]);
    assert_int_equal(view.lengths[1], sizeof expected - 1);
    assert_memory_equal(view.values[1], expected, sizeof expected - 1);
    pg_params_finish(&params);
}

/* --- failures --- */

static void test_what_failures_mean(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate;
        enum err_code code;
    } rows[] = {
        {"40P01", ERR_UNAVAILABLE}, {"57014", ERR_UNAVAILABLE}, {"53300", ERR_UNAVAILABLE},
        {"53100", ERR_FULL},        {"MU409", ERR_CONFLICT},    {"42703", ERR_SYSTEM},
        {"42501", ERR_INVALID},     {"25006", ERR_UNAVAILABLE}, {NULL, ERR_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(pg_failure_code(rows[i].sqlstate), rows[i].code);
    assert_true(pg_failure_allows_repetition("40001"));
    assert_true(pg_failure_allows_repetition("57P01"));
    assert_false(pg_failure_allows_repetition("57014"));
    assert_false(pg_failure_ends_session("40001"));
}

static void test_a_message_becomes_one_line(void **state)
{
    (void)state;
    char line[FAILURE_LINE_SIZE];
    assert_string_equal(pg_failure_line("one\n\ttwo\n", line), "one;  two");
    char long_text[2 * FAILURE_LINE_SIZE];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_true(strlen(pg_failure_line(long_text, line)) < FAILURE_LINE_SIZE);
}

/* --- callbacks --- */

static void test_a_callback_comes_back(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf text;
    struct job back;
    const struct job job = {
        .uuid = "u1",
        .queue = "mail",
        .name = "App\\Done",
        .data = {.text = "{\"a\":\"\\\"\"}", .length = 10, .kind = JSON_OBJECT},
        .priority = -3,
        .delay_ms = 1500,
        .max_attempts = 4,
        .unique_key = "k",
        .unique_until = UNIQUE_TIME,
        .unique_ms = 2000,
    };
    buf_init(&text, CALLBACK_MAX);
    assert_int_equal(pg_callback_encode(&job, 1000, &text, NULL), 0);
    assert_int_equal(pg_callback_decode(buf_text(&text), text.length, &arena, &back, NULL), 0);
    assert_string_equal(back.uuid, "u1");
    assert_string_equal(back.queue, "mail");
    assert_string_equal(back.name, "App\\Done");
    assert_int_equal(back.data.length, job.data.length);
    assert_memory_equal(back.data.text, job.data.text, job.data.length);
    assert_int_equal(back.priority, -3);
    assert_int_equal(back.delay_ms, 1500);
    assert_int_equal(back.max_attempts, 4);
    assert_int_equal(back.unique_until, UNIQUE_TIME);
    assert_int_equal(back.unique_ms, 2000);
    buf_finish(&text);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_several_hosts_are_taken_apart),
        cmocka_unit_test(test_bad_strings_are_refused_without_telling_them),
        cmocka_unit_test(test_keys_make_a_connection_string),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_arrays_are_in_the_binary_format),
        cmocka_unit_test(test_what_failures_mean),
        cmocka_unit_test(test_a_message_becomes_one_line),
        cmocka_unit_test(test_a_callback_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
