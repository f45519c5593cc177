/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "common/histogram.h"

static void test_empty(void **state)
{
    (void)state;
    struct histogram empty = {0};
    assert_int_equal(histogram_quantile_us(&empty, 0.99), 0);
    assert_true(histogram_mean_us(&empty) == 0);
    assert_true(histogram_count_below(&empty, HISTOGRAM_MAX_US) == 0);
}

static void test_error_is_bounded(void **state)
{
    (void)state;
    for (int64_t us = 1; us < HISTOGRAM_MAX_US; us += us / 3 + 1) {
        struct histogram one = {0};
        histogram_add(&one, us);
        int64_t told = histogram_quantile_us(&one, 0.5);
        assert_true(llabs(told - us) <= us / 16 + (us >= 8));
        assert_true(histogram_mean_us(&one) == (double)us);
    }
}

static void test_extremes_count(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_add(&histogram, -5);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram.count, 2);
    assert_int_equal(histogram.buckets[0], 1);
    assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
}

static void test_quantiles_of_a_known_row(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    for (int64_t ms = 1; ms <= 1000; ms++)
        histogram_add(&histogram, ms * 1000);
    assert_in_range(histogram_quantile_us(&histogram, 0.5), 468750, 531250);
    assert_in_range(histogram_quantile_us(&histogram, 0.95), 890625, 1009375);
    assert_in_range(histogram_quantile_us(&histogram, 0), 940, 1063);
    double half = histogram_count_below(&histogram, 500000);
    assert_true(half > 470 && half < 530);
    assert_true(histogram_count_below(&histogram, HISTOGRAM_MAX_US) == 1000);
}

static void test_merge_is_as_if_counted_together(void **state)
{
    (void)state;
    struct histogram together = {0}, a = {0}, b = {0};
    for (int64_t us = 1; us < 1000000; us += 997) {
        histogram_add(&together, us);
        histogram_add(us % 2 ? &a : &b, us);
    }
    histogram_merge(&a, &b);
    assert_memory_equal(&a, &together, sizeof a);
}

static void test_text_round_trip(void **state)
{
    (void)state;
    struct histogram histogram = {0}, read = {0};
    struct buf text;
    buf_init(&text, 4096);
    for (int64_t us = 1; us < 100000000; us *= 3)
        histogram_add(&histogram, us);
    assert_int_equal(histogram_print(&histogram, &text), 0);
    assert_int_equal(histogram_parse(buf_text(&text), &read, NULL), 0);
    assert_memory_equal(&read, &histogram, sizeof read);
    buf_finish(&text);
}

static void test_bad_text_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",       "x",      "1 ",       "1 312:1",
                                      "1 3:-1", "1 3:1x", "1 3:1  4", "99999999999999999999999"};
    struct histogram kept = {.count = 7};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = ERR_INIT;
        assert_int_equal(histogram_parse(bad[i], &kept, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
        assert_int_equal(kept.count, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_error_is_bounded),
        cmocka_unit_test(test_extremes_count),
        cmocka_unit_test(test_quantiles_of_a_known_row),
        cmocka_unit_test(test_merge_is_as_if_counted_together),
        cmocka_unit_test(test_text_round_trip),
        cmocka_unit_test(test_bad_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
