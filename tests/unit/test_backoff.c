/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "common/backoff.h"

static const struct backoff_policy policy = {.delay_ms = 1000, .delay_max_ms = 60000};

static int64_t pause_after(unsigned failures, bool was_ready)
{
    return backoff_pause(&policy, failures, was_ready, 0);
}

static void test_failed_starts_double_to_the_cap(void **state)
{
    (void)state;
    assert_int_equal(pause_after(1, false), 1000);
    assert_int_equal(pause_after(2, false), 2000);
    assert_int_equal(pause_after(6, false), 32000);
    assert_int_equal(pause_after(7, false), 60000);
    assert_int_equal(pause_after(UINT32_MAX, false), 60000);
}

static void test_the_first_crash_is_free(void **state)
{
    (void)state;
    assert_int_equal(pause_after(0, true), 0);
    assert_int_equal(pause_after(1, true), 0);
    assert_int_equal(pause_after(2, true), 1000);
    assert_int_equal(pause_after(3, true), 2000);
}

static void test_jitter_shortens_by_up_to_a_quarter(void **state)
{
    (void)state;
    assert_int_equal(backoff_pause(&policy, 1, false, 512), 875);
    for (uint32_t random = 0; random < 5000; random += 7)
        assert_in_range(backoff_pause(&policy, 7, false, random), 45000, 60000);
}

static void test_a_cap_below_the_first_pause(void **state)
{
    (void)state;
    const struct backoff_policy odd = {.delay_ms = 5000, .delay_max_ms = 1000};
    assert_int_equal(backoff_pause(&odd, 1, false, 0), 1000);
}

static unsigned failures_after(unsigned failures, bool ready, bool expected, int64_t running_ms)
{
    const struct backoff_ending ending = {ready, expected, running_ms};
    return backoff_failures(&policy, failures, &ending);
}

static void test_what_counts_as_a_failure(void **state)
{
    (void)state;
    assert_int_equal(failures_after(3, false, true, 0), 4); /* ended before it worked */
    assert_int_equal(failures_after(3, false, false, 0), 4);
    assert_int_equal(failures_after(3, true, true, 10), 0);  /* recycled */
    assert_int_equal(failures_after(3, true, false, 10), 4); /* crashed again, soon */
    assert_int_equal(failures_after(3, true, false, 10000), 1);
    assert_int_equal(failures_after(UINT32_MAX, false, false, 0), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_starts_double_to_the_cap),
        cmocka_unit_test(test_the_first_crash_is_free),
        cmocka_unit_test(test_jitter_shortens_by_up_to_a_quarter),
        cmocka_unit_test(test_a_cap_below_the_first_pause),
        cmocka_unit_test(test_what_counts_as_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
