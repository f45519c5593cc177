/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

static void test_figures_of_a_queue(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    push_with(fixture, "default", "c", 3, 0);
    push_with(fixture, "default", "d", 0, 3600000);
    push_with(fixture, "default", "e", -7, 60000);
    push_one(fixture, "other", "f");
    has_stats(fixture, "default", 3, 0, 2, 0);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "c");
    has_stats(fixture, "default", 2, 1, 2, 0);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    has_stats(fixture, "default", 2, 0, 2, 1);
    has_stats(fixture, "other", 1, 0, 0, 0);
    has_stats(fixture, NULL, 3, 0, 2, 1);
    has_stats(fixture, "unknown", 0, 0, 0, 0);
}

static void test_a_delayed_job_becomes_pending(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "a", 0, 50);
    push_with(fixture, "default", "b", 5, 50);
    push_with(fixture, "default", "c", 0, 3600000);
    int64_t deadline = now_ms() + PATIENCE_MS;
    struct queue_stats stats;
    while ((stats = stats_of(fixture, "default")).delayed != 1 && now_ms() < deadline)
        pause_briefly();
    has_stats(fixture, "default", 2, 0, 1, 0);
    take_one(fixture, fixture->a, "w", "default", "b");
    has_stats(fixture, "default", 1, 1, 1, 0);
    has_stats(fixture, NULL, 1, 1, 1, 0);
}

static void test_the_age_of_the_oldest(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "a", 0, 0);
    int64_t start = now_ms();
    while (now_ms() - start < 40)
        pause_briefly();
    push_with(fixture, "default", "b", 9, 0);
    push_with(fixture, "default", "c", 0, 3600000);
    push_with(fixture, "other", "d", 0, 0);
    int64_t age = stats_of(fixture, "default").oldest_ms;
    assert_in_range(age, 35, now_ms() - start + 50);
    assert_true(stats_of(fixture, NULL).oldest_ms >= age);
    take_one(fixture, fixture->a, "w", "default", "b");
    take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(stats_of(fixture, "default").oldest_ms, -1);
}

static void test_names_of_queues(void **state)
{
    struct fixture *fixture = *state;
    char names[1024];
    push_one(fixture, "waiting", "a");
    push_with(fixture, "delayed", "b", 0, 3600000);
    push_one(fixture, "reserved", "c");
    take_one(fixture, fixture->a, "w", "reserved", "c");
    push_one(fixture, "failed", "d");
    struct taken taken = take_one(fixture, fixture->a, "w", "failed", "d");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    push_one(fixture, "Z.empty", "e");
    taken = take_one(fixture, fixture->a, "w", "Z.empty", "e");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    push_one(fixture, "Big", "f");
    assert_string_equal(queue_names(fixture, names), "Big delayed failed reserved waiting ");
}

static int stop_at_second(void *context, const char *queue)
{
    (void)queue;
    return ++*(int *)context == 2;
}

static void test_a_listing_can_be_left(void **state)
{
    struct fixture *fixture = *state;
    int seen = 0;
    push_one(fixture, "a", "1");
    push_one(fixture, "b", "2");
    push_one(fixture, "c", "3");
    ok(fixture, fixture->driver->queues(fixture->a, stop_at_second, &seen, &fixture->err));
    assert_int_equal(seen, 2);
    push_one(fixture, "d", "4");
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_figures_of_a_queue),    CONFORMANCE(test_a_delayed_job_becomes_pending),
    CONFORMANCE(test_the_age_of_the_oldest), CONFORMANCE(test_names_of_queues),
    CONFORMANCE(test_a_listing_can_be_left),
};

const struct part part_figures = PART("figures", tests);
