/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "worker/prefetch.h"

static struct prefetch after(int64_t total_us, size_t count)
{
    struct prefetch prefetch;
    prefetch_init(&prefetch);
    prefetch_observe(&prefetch, total_us, count);
    return prefetch;
}

static void test_nothing_is_taken_ahead_until_something_is_known(void **state)
{
    (void)state;
    struct prefetch prefetch;
    prefetch_init(&prefetch);
    assert_int_equal(prefetch_ahead(&prefetch, 4, 0, 100), 0);
}

static void test_fifty_milliseconds_of_work(void **state)
{
    (void)state;
    struct prefetch prefetch = after(10000, 10); /* 1 ms each */
    assert_int_equal(prefetch_ahead(&prefetch, 1, 0, 100), 50);
    assert_int_equal(prefetch_ahead(&prefetch, 3, 0, 100), 150);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 9000, 100), 5);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 49000, 100), 0);
}

static void test_long_jobs_are_never_taken_ahead(void **state)
{
    (void)state;
    struct prefetch prefetch = after(50000, 1);
    assert_int_equal(prefetch_ahead(&prefetch, 256, 0, 100), 0);
}

static void test_short_jobs_come_in_at_most_two_batches(void **state)
{
    (void)state;
    struct prefetch prefetch = after(0, 1);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 0, 100), 200);
    assert_int_equal(prefetch_ahead(&prefetch, 256, 0, 10000), 20000);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 0, 1), 2);
}

static void test_one_slow_job_is_believed_at_once(void **state)
{
    (void)state;
    struct prefetch prefetch = after(1000, 100); /* 10 us each */
    prefetch_observe(&prefetch, 1000000, 1);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 0, 100), 0);
    size_t jobs = 0;
    for (; prefetch_ahead(&prefetch, 1, 0, 100) == 0; jobs++)
        prefetch_observe(&prefetch, 10, 1);
    assert_in_range(jobs, 10, 60);
    prefetch_observe(&prefetch, 10000, 1000);
    assert_int_equal(prefetch_ahead(&prefetch, 1, 0, 100), 200);
}

static void test_a_burst_counts_as_its_jobs_one_by_one(void **state)
{
    (void)state;
    struct prefetch burst = after(1000, 1), single = after(1000, 1);
    prefetch_observe(&burst, 5 * 100, 5);
    for (int i = 0; i < 5; i++)
        prefetch_observe(&single, 100, 1);
    assert_int_equal((int64_t)burst.service_us, (int64_t)single.service_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_taken_ahead_until_something_is_known),
        cmocka_unit_test(test_fifty_milliseconds_of_work),
        cmocka_unit_test(test_long_jobs_are_never_taken_ahead),
        cmocka_unit_test(test_short_jobs_come_in_at_most_two_batches),
        cmocka_unit_test(test_one_slow_job_is_believed_at_once),
        cmocka_unit_test(test_a_burst_counts_as_its_jobs_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
