/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include "queue/batch.h"

static void test_the_figures_of_the_guide(void **state)
{
    (void)state;
    const struct batch batch = {
        .total = 200, .pending = 40, .completed = 120, .failed = 30, .cancelled = 10};
    assert_true(batch_progress(&batch) == 60.);
    assert_true(batch_success_rate(&batch) == 80.);
}

static void test_nothing_is_divided_by_nothing(void **state)
{
    (void)state;
    const struct batch empty = {.total = 0}, begun = {.total = 3, .pending = 3};
    assert_true(batch_progress(&empty) == 0);
    assert_true(batch_success_rate(&empty) == 0);
    assert_true(batch_progress(&begun) == 0);
    assert_true(batch_success_rate(&begun) == 0);
}

static void assert_state(enum batch_state expected, struct batch batch)
{
    assert_int_equal(batch_state(&batch), expected);
}

static void test_states(void **state)
{
    (void)state;
    assert_state(BATCH_STATE_EMPTY, (struct batch){.total = 0});
    assert_state(BATCH_STATE_RUNNING, (struct batch){.total = 2, .pending = 1, .failed = 1});
    assert_state(BATCH_STATE_STOPPING,
                 (struct batch){.total = 2, .pending = 1, .cancelled_at_ms = 1});
    assert_state(BATCH_STATE_COMPLETED,
                 (struct batch){.total = 2, .completed = 2, .finished_at_ms = 1});
    assert_state(BATCH_STATE_FAILED, (struct batch){.total = 3,
                                                    .completed = 1,
                                                    .failed = 1,
                                                    .cancelled = 1,
                                                    .cancelled_at_ms = 1,
                                                    .finished_at_ms = 1});
    assert_state(BATCH_STATE_CANCELLED,
                 (struct batch){.total = 2, .completed = 1, .cancelled = 1, .finished_at_ms = 1});
    assert_state(BATCH_STATE_CANCELLED, (struct batch){.cancelled_at_ms = 1, .finished_at_ms = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_figures_of_the_guide),
        cmocka_unit_test(test_nothing_is_divided_by_nothing),
        cmocka_unit_test(test_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
