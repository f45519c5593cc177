/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "scaler/arrivals.h"
#include "scaler/random.h"

static void test_what_comes_is_counted_whatever_ends(void **state)
{
    (void)state;
    struct arrivals arrivals = {0};
    assert_true(arrivals_add(&arrivals, 40, 0, 0) == 0); /* what had been there before */
    assert_true(arrivals_add(&arrivals, 50, 0, 1) == 10);
    assert_true(arrivals_add(&arrivals, 45, 5, 1) == 0);
    assert_true(arrivals_add(&arrivals, 45, 10, 1) == 5);
}

/* The store is seen earlier than the ends are heard. */
static void test_a_delay_is_made_up_for(void **state)
{
    (void)state;
    struct arrivals arrivals = {0};
    arrivals_add(&arrivals, 20, 0, 0);
    double sum = arrivals_add(&arrivals, 15, 0, 1); /* five have ended, nobody has said so */
    sum += arrivals_add(&arrivals, 15, 5, 1);
    sum += arrivals_add(&arrivals, 18, 5, 1);
    assert_true(sum == 3);
}

static void test_a_purge_is_got_over(void **state)
{
    (void)state;
    struct arrivals arrivals = {0};
    arrivals_add(&arrivals, 1000, 0, 0);
    for (int i = 0; i < 6; i++)
        assert_true(arrivals_add(&arrivals, 0, 0, 1) == 0);
    assert_true(arrivals_add(&arrivals, 7, 0, 1) == 7);
}

/* A queue under load, whose ends are told late. */
static void test_the_sum_is_right(void **state)
{
    (void)state;
    struct arrivals arrivals = {0};
    struct random random = random_from(3);
    double in_store = 0, ended = 0, told = 0, came = 0, counted = 0;
    arrivals_add(&arrivals, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        double comes = (double)(int)random_between(&random, 0, 20);
        double ends = (double)(int)random_between(&random, 0, in_store + comes + 1);
        told = ended;
        came += comes;
        in_store += comes - ends;
        ended += ends;
        counted += arrivals_add(&arrivals, in_store, told, 1);
    }
    counted += arrivals_add(&arrivals, in_store, ended, 1);
    assert_true(counted > 0.95 * came && counted < 1.05 * came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_is_counted_whatever_ends),
        cmocka_unit_test(test_a_delay_is_made_up_for),
        cmocka_unit_test(test_a_purge_is_got_over),
        cmocka_unit_test(test_the_sum_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
