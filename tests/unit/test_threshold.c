/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "scaler/decide.h"

/* The guide's configuration of the queue emails. */
static const struct policy emails = {
    .kind = SCALING_THRESHOLD,
    .min = 2,
    .max = 10,
    .promise = 30,
    .up_threshold = 50,
    .down_threshold = 10,
    .up_step = 2,
    .down_step = 1,
    .up_cooldown = 300,
    .down_cooldown = 300,
    .weight = 1,
};

static const struct circumstances nothing;

/* What a minute of the same was like. */
struct minute {
    double ready, oldest, incoming, processing, busy; /* busy: part of the workers' time */
    int64_t workers;
};

static struct load load_of(const struct minute *minute)
{
    return (struct load){
        .seconds = 1,
        .observed = 1,
        .ready = minute->ready,
        .oldest = minute->oldest,
        .arrived = minute->incoming,
        .completed = minute->processing,
        .busy_seconds = minute->busy * (double)minute->workers,
        .busy = minute->busy * (double)minute->workers,
        .workers = minute->workers,
        .concurrency = 1,
        .boot = 2,
    };
}

static struct decision after(const struct minute *minute, struct load_history *history)
{
    const struct load load = load_of(minute);
    struct decision decision;
    for (int i = 0; i < 60; i++)
        load_history_add(history, &load);
    decide(&emails, history, &load, &nothing, &decision);
    return decision;
}

static struct decision after_minute(struct minute minute)
{
    struct load_history history = {0};
    return after(&minute, &history);
}

static void assert_decides(struct minute minute, int64_t to, const char *reason)
{
    struct decision decision = after_minute(minute);
    assert_int_equal(decision.to, to);
    assert_string_equal(decision.reason, reason);
}

static void test_the_guides_example(void **state)
{
    (void)state;
    assert_decides((struct minute){75, 2, 30, 25, 0.92, 3}, 5,
                   "Queue size (75) > threshold (50), High worker utilization (92%)");
}

static void test_each_reason_to_scale_up(void **state)
{
    (void)state;
    assert_decides((struct minute){51, 2, 20, 20, 0.5, 3}, 5, "Queue size (51) > threshold (50)");
    assert_decides((struct minute){0, -1, 35.2, 20, 0.5, 3}, 5,
                   "Incoming rate (35.2/s) > 1.5 x processing rate (20.0/s)");
    assert_decides((struct minute){0, -1, 20, 20, 0.86, 3}, 5, "High worker utilization (86%)");
    assert_decides((struct minute){40, 45, 1, 1, 0.5, 3}, 5,
                   "Average wait time (40 s) > max_wait_time (30 s)");
}

static void test_each_bound_is_no_reason(void **state)
{
    (void)state;
    assert_decides((struct minute){50, 2, 20, 20, 0.5, 3}, 3, "No rule asks for a change");
    assert_decides((struct minute){0, -1, 29.9, 20, 0.5, 3}, 3, "No rule asks for a change");
    assert_decides((struct minute){0, -1, 20, 20, 0.849, 3}, 3, "No rule asks for a change");
    assert_decides((struct minute){30, 30, 1, 1, 0.5, 3}, 3, "No rule asks for a change");
}

static void test_each_reason_to_scale_down(void **state)
{
    (void)state;
    assert_decides((struct minute){9, 1, 20, 20, 0.29, 5}, 4,
                   "Queue size (9) < threshold (10), Low worker utilization (29%)");
    assert_decides((struct minute){4, 1, 9, 20, 0.5, 5}, 4,
                   "Processing rate (20.0/s) > 2 x incoming rate (9.0/s)");
    assert_decides((struct minute){10, 1, 20, 20, 0.29, 5}, 5, "No rule asks for a change");
    assert_decides((struct minute){9, 1, 20, 20, 0.30, 5}, 5, "No rule asks for a change");
    assert_decides((struct minute){9, 11, 0.8, 0.8, 0.29, 5}, 5, "No rule asks for a change");
    assert_decides((struct minute){5, 1, 9, 20, 0.5, 5}, 5, "No rule asks for a change");
}

static void test_up_is_tested_first(void **state)
{
    (void)state;
    /* both hold: utilisation is low, and jobs come faster than they are done */
    assert_decides((struct minute){0, -1, 4, 2, 0.1, 5}, 7,
                   "Incoming rate (4.0/s) > 1.5 x processing rate (2.0/s)");
}

static void test_bounds(void **state)
{
    (void)state;
    assert_decides((struct minute){75, 2, 20, 20, 0.5, 9}, 10,
                   "Queue size (75) > threshold (50); max_workers is 10");
    assert_decides((struct minute){75, 2, 20, 20, 0.5, 10}, 10,
                   "Queue size (75) > threshold (50), but max_workers is 10");
    assert_decides((struct minute){0, -1, 1, 1, 0.1, 2}, 2, "No rule asks for a change");
    assert_int_equal(after_minute((struct minute){0, -1, 1, 1, 0.1, 1}).to, 2);
    assert_int_equal(after_minute((struct minute){0, -1, 1, 1, 0.1, 1}).term, TERM_MIN);
}

static void test_the_cooldown(void **state)
{
    (void)state;
    struct minute busy = {75, 2, 20, 20, 0.5, 3};
    struct load_history history = {0};
    load_history_changed(&history);
    struct decision decision = after(&busy, &history);
    assert_int_equal(decision.term, TERM_COOLDOWN);
    assert_int_equal(decision.to, 3);
    assert_string_equal(decision.reason,
                        "Cooldown: 61 of 300 s have passed since the last change; it was: Queue "
                        "size (75) > threshold (50)");
    for (int i = 0; i < 4; i++)
        decision = after(&busy, &history);
    assert_int_equal(decision.to, 5);
}

static void test_an_order_passes_over_the_cooldown(void **state)
{
    (void)state;
    struct load_history history = {0};
    const struct load load = load_of(&(struct minute){0, -1, 1, 1, 0.1, 3});
    const struct circumstances order = {.order = "Manual scale for image batch processing",
                                        .ordered = 12};
    struct decision decision;
    load_history_changed(&history);
    decide(&emails, &history, &load, &order, &decision);
    assert_int_equal(decision.to, 10);
    assert_string_equal(decision.reason,
                        "Manual scale for image batch processing; max_workers is 10");
    const struct circumstances forced = {.order = "x", .ordered = 12, .beyond_bounds = true};
    decide(&emails, &history, &load, &forced, &decision);
    assert_int_equal(decision.to, 12);
    assert_int_equal(decision.term, TERM_FORCED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_guides_example),
        cmocka_unit_test(test_each_reason_to_scale_up),
        cmocka_unit_test(test_each_bound_is_no_reason),
        cmocka_unit_test(test_each_reason_to_scale_down),
        cmocka_unit_test(test_up_is_tested_first),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_the_cooldown),
        cmocka_unit_test(test_an_order_passes_over_the_cooldown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
