/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/supervisor_keys.h"
#include "common/settings.h"

static void assert_verdict(const char *section, const char *key, const char *verdict)
{
    enum supervisor_verdict found = supervisor_key_difference(section, key).verdict;
    assert_string_equal(supervisor_verdict_name(found), verdict);
}

static void test_verdicts(void **state)
{
    (void)state;
    assert_verdict("program:a", "command", "same");
    assert_verdict("program:a", "startsecs", "better");
    assert_verdict("fcgi-program:a", "startsecs", "better");
    assert_verdict("program:a", "schedule", "new");
    assert_verdict("program:a", "socket", "unknown");
    assert_verdict("fcgi-program:a", "socket", "same");
    assert_verdict("program:a", "", "unknown");
    assert_verdict("supervisord", "loglevel", "same");
    assert_verdict("unix_http_server:second", "password", "better");
    assert_verdict("inet_http_server", "token", "new");
    assert_verdict("rpcinterface:supervisor", "supervisor.rpcinterface_factory", "same");
    assert_verdict("rpcinterface:other", "x", "different");
    assert_verdict("ctlplugin:x", "y", "different");
}

/* What Supervisor knows, we know. */
static void test_every_key_of_supervisors_is_one_of_ours(void **state)
{
    (void)state;
    const struct key_table *table = &settings_program_table;
    size_t of_supervisor = 0;
    for (size_t i = 0; i < table->key_count; i++)
        of_supervisor +=
            supervisor_key_difference("program:a", table->keys[i].name).verdict != SUPERVISOR_NEW;
    assert_int_equal(of_supervisor, 32);
}

static void test_sections(void **state)
{
    (void)state;
    assert_true(supervisor_has_section("program:a"));
    assert_true(supervisor_has_section("inet_http_server:b"));
    assert_true(supervisor_has_section("ctlplugin:c"));
    assert_false(supervisor_has_section("queue:a"));
    assert_false(supervisor_has_section("muster"));
    assert_false(supervisor_has_section("programs"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_every_key_of_supervisors_is_one_of_ours),
        cmocka_unit_test(test_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
