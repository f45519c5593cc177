/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

static void test_first_in_first_out(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "c");
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    takes_in_order(fixture, "default", "c a b");
}

static void test_higher_priorities_first(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "z1", 0, 0);
    push_with(fixture, "default", "low", -1000, 0);
    push_with(fixture, "default", "p5a", 5, 0);
    push_with(fixture, "default", "high", 1000, 0);
    push_with(fixture, "default", "z2", 0, 0);
    push_with(fixture, "default", "p5b", 5, 0);
    push_with(fixture, "default", "minus", -1, 0);
    push_with(fixture, "default", "one", 1, 0);
    takes_in_order(fixture, "default", "high p5a p5b one z1 z2 minus low");
}

static void test_priorities_go_on_across_reservations(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "a", 0, 0);
    push_with(fixture, "default", "b", 3, 0);
    take_one(fixture, fixture->a, "w", "default", "b");
    push_with(fixture, "default", "c", 2, 0);
    take_one(fixture, fixture->a, "w", "default", "c");
    take_one(fixture, fixture->a, "w", "default", "a");
}

static void test_queues_are_apart(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "a", "1");
    push_one(fixture, "a.b", "2");
    push_one(fixture, "A", "3");
    takes_in_order(fixture, "a.b", "2");
    takes_in_order(fixture, "A", "3");
    takes_in_order(fixture, "a", "1");
}

static void test_no_more_than_asked_for(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++)
        push_one(fixture, "default", uuids[i]);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 2), 2);
    assert_int_equal(fixture->reservation.next_due_ms, 0);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 0), 0);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 100), 3);
    assert_int_equal(fixture->reservation.next_due_ms, -1);
    has_stats(fixture, "default", 0, 5, 0, 0);
}

static void test_a_delayed_job_waits(void **state)
{
    struct fixture *fixture = *state;
    const int64_t delay_ms = 300;
    int64_t start = now_ms();
    push_with(fixture, "default", "a", 0, delay_ms);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 1), 0);
    int64_t due = fixture->reservation.next_due_ms;
    if (now_ms() - start < delay_ms)
        assert_in_range(due, 1, delay_ms);
    await_one(fixture, "w", "default", "a");
    assert_true(now_ms() - start >= delay_ms - 5);
    assert_int_equal(fixture->reservation.jobs[0].available_at_ms,
                     fixture->reservation.jobs[0].created_at_ms + delay_ms);
}

static void test_the_next_delayed_job_is_told(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "far", 9, 7200000);
    push_with(fixture, "default", "near", -9, 3600000);
    push_with(fixture, "default", "middle", 0, 5400000);
    push_with(fixture, "default", "now", 0, 0);
    push_with(fixture, "other", "nearest", 0, 60000);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 10), 1);
    assert_in_range(fixture->reservation.next_due_ms, 3600000 - PATIENCE_MS, 3600000);
}

static void test_a_delayed_job_does_not_hold_up_others(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "late", 10, 3600000);
    push_with(fixture, "default", "low", -3, 0);
    push_with(fixture, "default", "later", 0, 3600000);
    push_with(fixture, "default", "now", 0, 0);
    takes_in_order(fixture, "default", "now low");
    has_stats(fixture, "default", 0, 2, 2, 0);
}

static void test_jobs_come_in_the_order_in_which_they_became_due(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "second", 0, 120);
    push_with(fixture, "default", "first", 0, 60);
    push_with(fixture, "default", "urgent", 1, 90);
    struct queue_stats stats;
    int64_t deadline = now_ms() + PATIENCE_MS;
    while ((stats = stats_of(fixture, "default")).delayed > 0 && now_ms() < deadline)
        pause_briefly();
    push_with(fixture, "default", "third", 0, 0);
    takes_in_order(fixture, "default", "urgent first second third");
}

static void test_many_delayed_jobs_cost_no_order(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 500 };
    static struct job jobs[COUNT];
    static char uuids[COUNT][UUID_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        uuid_make(uuids[i], clock_wall_ms(&clock_system));
        jobs[i] = job_of("default", uuids[i]);
        jobs[i].delay_ms = 20 + (int64_t)(i * 37 % 100);
        jobs[i].priority = (int)(i % 3);
    }
    push(fixture, jobs, COUNT);
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (stats_of(fixture, "default").delayed > 0 && now_ms() < deadline)
        pause_briefly();
    assert_int_equal(take(fixture, fixture->a, "w", "default", COUNT), COUNT);
    for (size_t i = 1; i < COUNT; i++) {
        const struct job *before = &fixture->reservation.jobs[i - 1];
        const struct job *after = &fixture->reservation.jobs[i];
        assert_true(before->priority >= after->priority);
        if (before->priority == after->priority)
            assert_true(before->available_at_ms <= after->available_at_ms);
    }
}

static void test_two_reservers_share_the_jobs(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 60 };
    static char uuids[COUNT][UUID_SIZE];
    bool seen[COUNT] = {false};
    for (size_t i = 0; i < COUNT; i++) {
        uuid_make(uuids[i], clock_wall_ms(&clock_system));
        push_one(fixture, "default", uuids[i]);
    }
    size_t next = 0;
    for (size_t turn = 0; next < COUNT; turn++) {
        struct store *store = turn % 2 ? fixture->a : fixture->b;
        size_t count = take(fixture, store, turn % 2 ? "w1" : "w2", "default", 1 + turn % 7);
        for (size_t i = 0; i < count; i++, next++) {
            assert_string_equal(fixture->reservation.jobs[i].uuid, uuids[next]);
            seen[next] = true;
        }
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_true(seen[i]);
}

static void test_the_longest_names(void **state)
{
    struct fixture *fixture = *state;
    char queue[101], owner[OWNER_SIZE];
    memset(queue, 'q', 100);
    queue[100] = '\0';
    memset(owner, 'o', OWNER_SIZE - 1);
    owner[OWNER_SIZE - 1] = '\0';
    push_one(fixture, queue, "a");
    struct taken taken = take_one(fixture, fixture->a, owner, queue, "a");
    assert_string_equal(fixture->reservation.jobs[0].reserved_by, owner);
    assert_true(end(fixture, fixture->b, owner, &taken, OUTCOME_DONE));
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_first_in_first_out),
    CONFORMANCE(test_higher_priorities_first),
    CONFORMANCE(test_priorities_go_on_across_reservations),
    CONFORMANCE(test_queues_are_apart),
    CONFORMANCE(test_no_more_than_asked_for),
    CONFORMANCE(test_a_delayed_job_waits),
    CONFORMANCE(test_the_next_delayed_job_is_told),
    CONFORMANCE(test_a_delayed_job_does_not_hold_up_others),
    CONFORMANCE(test_jobs_come_in_the_order_in_which_they_became_due),
    CONFORMANCE(test_many_delayed_jobs_cost_no_order),
    CONFORMANCE(test_two_reservers_share_the_jobs),
    CONFORMANCE(test_the_longest_names),
};

const struct part part_reserve = PART("reserve", tests);
