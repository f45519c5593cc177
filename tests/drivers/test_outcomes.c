/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

static void test_done_removes_the_job(void **state)
{
    struct fixture *fixture = *state;
    char names[1024];
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    has_stats(fixture, "default", 0, 1, 0, 0);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    has_stats(fixture, "default", 0, 0, 0, 0);
    assert_string_equal(queue_names(fixture, names), "");
}

static void test_a_repeated_outcome_is_not_applied(void **state)
{
    struct fixture *fixture = *state;
    static const enum outcome_kind kinds[] = {OUTCOME_DONE, OUTCOME_FAIL, OUTCOME_RELEASE,
                                              OUTCOME_UNTOUCHED, OUTCOME_CANCELLED};
    static const char *const uuids[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        push_one(fixture, uuids[i], uuids[i]);
        struct taken taken = take_one(fixture, fixture->a, "w", uuids[i], uuids[i]);
        assert_true(end(fixture, fixture->a, "w", &taken, kinds[i]));
        struct queue_stats before = stats_of(fixture, uuids[i]);
        assert_false(end(fixture, fixture->a, "w", &taken, kinds[i]));
        assert_false(end(fixture, fixture->b, "w", &taken, OUTCOME_DONE));
        struct queue_stats after = stats_of(fixture, uuids[i]);
        after.oldest_ms = before.oldest_ms;
        assert_memory_equal(&before, &after, sizeof before);
    }
}

static void test_a_lease_named_twice_ends_once(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    struct taken a = take_one(fixture, fixture->a, "w", "default", "a");
    struct taken b = take_one(fixture, fixture->a, "w", "default", "b");
    struct outcome outcomes[] = {
        outcome_of(&b, OUTCOME_DONE), outcome_of(&a, OUTCOME_DONE), outcome_of(&b, OUTCOME_RELEASE),
        outcome_of(&a, OUTCOME_FAIL), outcome_of(&b, OUTCOME_DONE),
    };
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 5, NULL, NULL, &fixture->err));
    assert_true(outcomes[0].applied && outcomes[1].applied);
    assert_false(outcomes[2].applied || outcomes[3].applied || outcomes[4].applied);
    has_stats(fixture, "default", 0, 0, 0, 0);
}

static void test_only_the_owner_ends_an_attempt(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_false(end(fixture, fixture->a, "x", &taken, OUTCOME_DONE));
    assert_false(end(fixture, fixture->a, "", &taken, OUTCOME_DONE));
    struct taken wrong = taken;
    wrong.lease.attempt = 2;
    assert_false(end(fixture, fixture->a, "w", &wrong, OUTCOME_DONE));
    wrong = taken;
    strcpy(wrong.uuid, "b");
    assert_false(end(fixture, fixture->a, "w", &wrong, OUTCOME_DONE));
    has_stats(fixture, "default", 0, 1, 0, 0);
    assert_true(end(fixture, fixture->b, "w", &taken, OUTCOME_DONE));
}

static void test_an_outcome_for_what_waits_is_not_applied(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    assert_false(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    struct taken again = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(again.lease.attempt, 2);
    assert_false(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_true(end(fixture, fixture->a, "w", &again, OUTCOME_DONE));
}

/* The store may give the number of a finished job to the next one. */
static void test_a_late_outcome_does_not_hit_the_next_job(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken old = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &old, OUTCOME_DONE));
    push_one(fixture, "default", "b");
    struct taken young = take_one(fixture, fixture->a, "w", "default", "b");
    assert_false(end(fixture, fixture->a, "w", &old, OUTCOME_DONE));
    old.lease.id = young.lease.id;
    assert_false(end(fixture, fixture->a, "w", &old, OUTCOME_FAIL));
    has_stats(fixture, "default", 0, 1, 0, 0);
    assert_true(end(fixture, fixture->a, "w", &young, OUTCOME_DONE));
}

static void test_a_released_job_waits_behind_the_others(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    pause_briefly();
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    has_stats(fixture, "default", 2, 0, 0, 0);
    take_one(fixture, fixture->a, "w", "default", "b");
    taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(taken.lease.attempt, 2);
}

static void test_a_release_with_a_delay(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_RELEASE);
    outcome.delay_ms = 100;
    outcome.cause = "exception";
    outcome.exception = "for now";
    int64_t start = now_ms();
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    taken = await_one(fixture, "w", "default", "a");
    assert_true(now_ms() - start >= 90);
    assert_int_equal(taken.lease.attempt, 2);
}

static void test_a_priority_outlives_a_release(void **state)
{
    struct fixture *fixture = *state;
    push_with(fixture, "default", "a", 5, 0);
    push_with(fixture, "default", "b", 0, 0);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    takes_in_order(fixture, "default", "a b");
}

static void test_an_untouched_job_goes_back_to_its_place(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {"a", "b", "c", "d"};
    struct taken taken[4];
    for (size_t i = 0; i < 4; i++)
        push_one(fixture, "default", uuids[i]);
    for (size_t i = 0; i < 4; i++)
        taken[i] = take_one(fixture, i % 2 ? fixture->a : fixture->b, i % 2 ? "w" : "x", "default",
                            uuids[i]);
    assert_true(end(fixture, fixture->a, "w", &taken[3], OUTCOME_UNTOUCHED));
    assert_true(end(fixture, fixture->b, "x", &taken[0], OUTCOME_UNTOUCHED));
    assert_true(end(fixture, fixture->a, "w", &taken[1], OUTCOME_UNTOUCHED));
    push_one(fixture, "default", "e");
    assert_int_equal(take_one(fixture, fixture->a, "w", "default", "a").lease.attempt, 1);
    assert_true(end(fixture, fixture->b, "x", &taken[2], OUTCOME_UNTOUCHED));
    takes_in_order(fixture, "default", "b c d e");
    for (size_t i = 0; i < fixture->reservation.count; i++)
        assert_int_equal(fixture->reservation.jobs[i].attempts, 1);
}

struct found {
    size_t count;
    char text[4096];
};

static int describe_failed(void *context, const struct failed_job *failed)
{
    struct found *found = context;
    size_t used = strlen(found->text);
    found->count++;
    snprintf(found->text + used, sizeof found->text - used, "%s|%s|%s|%s|%s|%s|%s|%d|%s;",
             failed->uuid, failed->connection, failed->queue, failed->name, failed->cause,
             failed->exception, failed->worker, failed->attempts,
             failed->batch_uuid ? failed->batch_uuid : "-");
    return 0;
}

static void test_a_failed_job_is_kept_with_its_reason(void **state)
{
    struct fixture *fixture = *state;
    static const char exception[] = "Größe: \"quoted\"\n  at line 2\n";
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    taken = take_one(fixture, fixture->a, "w2", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_FAIL);
    outcome.cause = "exit";
    outcome.exception = exception;
    assert_true(end_outcome(fixture, fixture->a, "w2", &outcome));
    has_stats(fixture, "default", 0, 0, 0, 1);

    struct found found = {0};
    char expected[512];
    snprintf(expected, sizeof expected, "a|test|default|Test|exit|%s|w2|2|-;", exception);
    const struct failed_filter all = {0};
    ok(fixture,
       fixture->driver->failed_list(fixture->b, &all, describe_failed, &found, &fixture->err));
    assert_string_equal(found.text, expected);
}

static void test_pushes_come_with_the_outcome(void **state)
{
    struct fixture *fixture = *state;
    struct job pushes[] = {job_of("next", "b"), job_of("default", "c"), job_of("default", "a")};
    pushes[1].delay_ms = 3600000;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_DONE);
    outcome.pushes = pushes;
    outcome.push_count = 3; /* the last one is the job itself, which still lives */
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    has_stats(fixture, "next", 1, 0, 0, 0);
    has_stats(fixture, "default", 0, 0, 1, 0);
}

/* What is pushed about a failure is there when the failed job is, once, and counts in its batch. */
static void test_pushes_come_with_a_failure(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    job.batch_uuid = "batch";
    struct job pushes[] = {job_of("alerts", "b"), job_of("default", "c"), job_of("alerts", "b")};
    pushes[1].batch_uuid = "other";
    push(fixture, &job, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_FAIL);
    outcome.cause = "exception";
    outcome.exception = "no";
    outcome.pushes = pushes;
    outcome.push_count = 3; /* the last one is there already then */
    assert_false(end_outcome(fixture, fixture->a, "x", &outcome));
    has_stats(fixture, NULL, 0, 1, 0, 0);
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    has_stats(fixture, "alerts", 1, 0, 0, 0);
    has_stats(fixture, "default", 1, 0, 0, 1);
    assert_false(end_outcome(fixture, fixture->a, "w", &outcome));
    has_stats(fixture, NULL, 2, 0, 0, 1);
    take_one(fixture, fixture->b, "w", "alerts", "b");
}

/* The same call reserves what it has pushed, where that is ready and of that queue. */
static void test_a_failure_pushes_and_its_turn_reserves(void **state)
{
    struct fixture *fixture = *state;
    struct job next = job_of("default", "b");
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_FAIL);
    outcome.cause = "timeout";
    outcome.exception = "";
    outcome.pushes = &next;
    outcome.push_count = 1;
    const struct reserve_request request = {
        .queue = "default", .owner = "w", .count = 2, .lease_ms = LEASE_MS};
    ok(fixture, fixture->driver->turn(fixture->a, "w", &outcome, 1, &request, &fixture->reservation,
                                      &fixture->err));
    assert_true(outcome.applied);
    assert_int_equal(fixture->reservation.count, 1);
    assert_string_equal(fixture->reservation.jobs[0].uuid, "b");
    has_stats(fixture, "default", 0, 1, 0, 1);
}

static void test_no_pushes_without_the_lease(void **state)
{
    struct fixture *fixture = *state;
    struct job next = job_of("next", "b");
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_DONE);
    outcome.pushes = &next;
    outcome.push_count = 1;
    assert_false(end_outcome(fixture, fixture->a, "x", &outcome));
    has_stats(fixture, "next", 0, 0, 0, 0);
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    assert_false(end_outcome(fixture, fixture->a, "w", &outcome));
    has_stats(fixture, NULL, 1, 0, 0, 0);
}

static void test_one_turn_ends_and_reserves(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {"a", "b", "c", "d", "e", "f"};
    struct taken taken[3];
    for (size_t i = 0; i < 6; i++)
        push_one(fixture, "default", uuids[i]);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 3), 3);
    for (size_t i = 0; i < 3; i++)
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
    struct outcome outcomes[] = {outcome_of(&taken[0], OUTCOME_DONE),
                                 outcome_of(&taken[1], OUTCOME_FAIL),
                                 outcome_of(&taken[2], OUTCOME_UNTOUCHED)};
    const struct reserve_request request = {
        .queue = "default", .owner = "w", .count = 2, .lease_ms = LEASE_MS};
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 3, &request, &fixture->reservation,
                                      &fixture->err));
    assert_true(outcomes[0].applied && outcomes[1].applied && outcomes[2].applied);
    assert_int_equal(fixture->reservation.count, 2);
    assert_string_equal(fixture->reservation.jobs[0].uuid, "c");
    assert_int_equal(fixture->reservation.jobs[0].attempts, 1);
    assert_string_equal(fixture->reservation.jobs[1].uuid, "d");
    has_stats(fixture, "default", 2, 2, 0, 1);
}

static void test_outcomes_of_several_queues(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "x", "a");
    push_one(fixture, "y", "b");
    struct taken a = take_one(fixture, fixture->a, "w", "x", "a");
    struct taken b = take_one(fixture, fixture->a, "w", "y", "b");
    struct outcome outcomes[] = {outcome_of(&b, OUTCOME_DONE), outcome_of(&a, OUTCOME_RELEASE)};
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 2, NULL, NULL, &fixture->err));
    has_stats(fixture, "x", 1, 0, 0, 0);
    has_stats(fixture, "y", 0, 0, 0, 0);
}

static void test_a_turn_of_nothing(void **state)
{
    struct fixture *fixture = *state;
    ok(fixture, fixture->driver->turn(fixture->a, "w", NULL, 0, NULL, NULL, &fixture->err));
    has_stats(fixture, NULL, 0, 0, 0, 0);
}

static void test_attempts_go_on_counting(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    job.max_attempts = 2;
    push(fixture, &job, 1);
    for (int attempt = 1; attempt <= 5; attempt++) {
        struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
        assert_int_equal(taken.lease.attempt, attempt);
        assert_int_equal(fixture->reservation.jobs[0].max_attempts, 2);
        assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    }
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_done_removes_the_job),
    CONFORMANCE(test_a_repeated_outcome_is_not_applied),
    CONFORMANCE(test_a_lease_named_twice_ends_once),
    CONFORMANCE(test_only_the_owner_ends_an_attempt),
    CONFORMANCE(test_an_outcome_for_what_waits_is_not_applied),
    CONFORMANCE(test_a_late_outcome_does_not_hit_the_next_job),
    CONFORMANCE(test_a_released_job_waits_behind_the_others),
    CONFORMANCE(test_a_release_with_a_delay),
    CONFORMANCE(test_a_priority_outlives_a_release),
    CONFORMANCE(test_an_untouched_job_goes_back_to_its_place),
    CONFORMANCE(test_a_failed_job_is_kept_with_its_reason),
    CONFORMANCE(test_pushes_come_with_the_outcome),
    CONFORMANCE(test_pushes_come_with_a_failure),
    CONFORMANCE(test_a_failure_pushes_and_its_turn_reserves),
    CONFORMANCE(test_no_pushes_without_the_lease),
    CONFORMANCE(test_one_turn_ends_and_reserves),
    CONFORMANCE(test_outcomes_of_several_queues),
    CONFORMANCE(test_a_turn_of_nothing),
    CONFORMANCE(test_attempts_go_on_counting),
};

const struct part part_outcomes = PART("outcomes", tests);
