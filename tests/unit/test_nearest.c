/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/nearest.h"

static const char *suggestion(const char *typed)
{
    static const char *const names[] = {"queue:push", "queue:purge", "queue:prune", "queue:stats",
                                        "h"};
    struct nearest nearest = nearest_to(typed);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        nearest_consider(&nearest, names[i]);
    return nearest.best ? nearest.best : "";
}

static void test_one_slip(void **state)
{
    (void)state;
    assert_string_equal(suggestion("queue:psuh"), "queue:push");
    assert_string_equal(suggestion("queue:stat"), "queue:stats");
    assert_string_equal(suggestion("queue:sstats"), "queue:stats");
    assert_string_equal(suggestion("queue-prune"), "queue:prune");
    assert_string_equal(suggestion("k"), "h");
}

static void test_the_first_of_equals(void **state)
{
    (void)state;
    assert_string_equal(suggestion("queue:pr"), "queue:push");
}

static void test_nothing_close(void **state)
{
    (void)state;
    assert_string_equal(suggestion("deploy"), "");
    assert_string_equal(suggestion("workers:list"), "");
}

static void test_long_input_is_left_alone(void **state)
{
    (void)state;
    char typed[5000];
    memset(typed, 'q', sizeof typed - 1);
    typed[sizeof typed - 1] = '\0';
    assert_string_equal(suggestion(typed), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_slip),
        cmocka_unit_test(test_the_first_of_equals),
        cmocka_unit_test(test_nothing_close),
        cmocka_unit_test(test_long_input_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
