/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "scaler/bounds.h"

static void test_a_queue_without_a_command_has_no_workers(void **state)
{
    (void)state;
    struct queue_settings queue = {.command = "", .workers = 3};
    assert_int_equal(bounds_of(&queue, false).min, 0);
    assert_int_equal(bounds_of(&queue, false).max, 0);
    queue.command = "true";
    assert_int_equal(bounds_of(&queue, false).min, 3);
    assert_int_equal(bounds_of(&queue, false).max, 3);
}

static void test_a_scaled_queue_has_those_of_its_scaling(void **state)
{
    (void)state;
    const struct queue_settings queue = {
        .command = "true", .workers = 3, .scaling = {.min_workers = 1, .max_workers = 9}};
    assert_int_equal(bounds_of(&queue, true).min, 1);
    assert_int_equal(bounds_of(&queue, true).max, 9);
}

static void test_asked_for_is_clamped(void **state)
{
    (void)state;
    const struct bounds bounds = {.min = 2, .max = 8};
    assert_int_equal(bounds_clamp(&bounds, 0, 0), 2);
    assert_int_equal(bounds_clamp(&bounds, -5, 0), 2);
    assert_int_equal(bounds_clamp(&bounds, 5, 0), 5);
    assert_int_equal(bounds_clamp(&bounds, 9, 0), 8);
}

static void test_the_total_is_the_stronger_bound(void **state)
{
    (void)state;
    const struct bounds bounds = {.min = 2, .max = 8};
    assert_int_equal(bounds_clamp(&bounds, 8, BOUNDS_TOTAL_MAX - 3), 3);
    assert_int_equal(bounds_clamp(&bounds, 8, BOUNDS_TOTAL_MAX), 0);
    assert_int_equal(bounds_clamp(&bounds, 8, BOUNDS_TOTAL_MAX + 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_queue_without_a_command_has_no_workers),
        cmocka_unit_test(test_a_scaled_queue_has_those_of_its_scaling),
        cmocka_unit_test(test_asked_for_is_clamped),
        cmocka_unit_test(test_the_total_is_the_stronger_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
