/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <unistd.h>

#include "common/usage.h"

static void test_a_line_of_stat(void **state)
{
    (void)state;
    struct usage usage = {0};
    const char *line = "42 (a) b (c) S 1 42 42 0 -1 4194560 10 20 30 40 100 50 7 3 20 0 1 0 5 999 "
                       "25 18446744073709551615 1 1 0 0 0";
    assert_int_equal(usage_parse_stat(line, 4096, 100, &usage), 0);
    assert_int_equal(usage.memory, 25 * 4096);
    assert_int_equal(usage.cpu_us, 160 * 10000);
}

static void test_other_texts_are_refused(void **state)
{
    (void)state;
    struct usage usage = {.memory = 1};
    const char *lines[] = {"", "42 (cat", "42 (cat) S 1 2 3", "x) S a b c"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(usage_parse_stat(lines[i], 4096, 100, &usage), -1);
    assert_int_equal(usage.memory, 1);
}

static void test_this_process(void **state)
{
    (void)state;
    assert_in_range(usage_of_self().memory, 100000, UINT64_C(1) << 40);
    assert_in_range(usage_of_tree(getpid()).memory, 100000, UINT64_C(1) << 40);
    assert_in_range(usage_proportional(getpid()), 50000, UINT64_C(1) << 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_of_stat),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
