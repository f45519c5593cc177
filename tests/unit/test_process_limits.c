/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "common/process_limits.h"

static void assert_limit(const char *text, bool is_size, rlim_t soft, rlim_t hard)
{
    struct rlimit limit;
    struct err err = ERR_INIT;
    if (rlimit_parse(text, is_size, &limit, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(limit.rlim_cur, soft);
    assert_int_equal(limit.rlim_max, hard);
}

static void test_limits(void **state)
{
    (void)state;
    struct rlimit unused;
    struct err err = ERR_INIT;
    assert_limit("1024", false, 1024, 1024);
    assert_limit("1024:4096", false, 1024, 4096);
    assert_limit("0:unlimited", false, 0, RLIM_INFINITY);
    assert_limit("Unlimited", true, RLIM_INFINITY, RLIM_INFINITY);
    assert_limit("4096:1MB", true, 4096, 1 << 20);
    static const char *const wrong[] = {"",    ":", "1:",  ":1",    "-1",
                                        "1MB", "x", "2:1", "1:2:3", "unlimited:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(rlimit_parse(wrong[i], false, &unused, NULL), -1);
    assert_int_equal(rlimit_parse("many", false, &unused, &err), -1);
    assert_string_equal(err.text,
                        "\"many\" is not a limit; write a number, unlimited, or SOFT:HARD");
}

static void test_classes_of_input_and_output(void **state)
{
    (void)state;
    int priority;
    assert_int_equal(ionice_parse("idle", &priority, NULL), 0);
    assert_int_equal(priority, 3 << 13);
    assert_int_equal(ionice_parse("best-effort", &priority, NULL), 0);
    assert_int_equal(priority, 2 << 13 | 4);
    assert_int_equal(ionice_parse("Realtime:0", &priority, NULL), 0);
    assert_int_equal(priority, 1 << 13);
    static const char *const wrong[] = {
        "", "none", "idle:1", "best-effort:8", "best-effort:", "realtime:01", "7"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(ionice_parse(wrong[i], &priority, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_classes_of_input_and_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
