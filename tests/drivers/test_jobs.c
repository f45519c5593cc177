/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include "queue/history.h"

/* --- listing --- */

struct listed {
    char text[4096];
    struct job_view last;
    char last_text[3][512]; /* reserved_by, progress_text, history of the last one */
    size_t count, stop_at;
};

static int add_view(void *context, const struct job_view *view)
{
    static const char *const marks[] = {
        [JOB_READY] = "", [JOB_RESERVED] = "*", [JOB_DELAYED] = "+"};
    struct listed *listed = context;
    size_t used = strlen(listed->text);
    snprintf(listed->text + used, sizeof listed->text - used, "%s%s/%s%s", used > 0 ? " " : "",
             view->job.queue, view->job.uuid, marks[view->state]);
    listed->last = *view;
    snprintf(listed->last_text[0], 512, "%s", view->job.reserved_by ? view->job.reserved_by : "-");
    snprintf(listed->last_text[1], 512, "%s", view->progress_text ? view->progress_text : "-");
    snprintf(listed->last_text[2], 512, "%s", view->history);
    return ++listed->count == listed->stop_at;
}

static struct listed list(struct fixture *fixture, struct job_filter filter)
{
    struct listed listed = {.stop_at = 0};
    ok(fixture, fixture->driver->job_list(fixture->b, &filter, add_view, &listed, &fixture->err));
    return listed;
}

static void lists(struct fixture *fixture, struct job_filter filter, const char *text)
{
    struct listed listed = list(fixture, filter);
    assert_string_equal(listed.text, text);
}

static void fill(struct fixture *fixture)
{
    push_with(fixture, "b", "r1", 1, 0);
    push_with(fixture, "b", "r2", 9, 0);
    assert_int_equal(take(fixture, fixture->a, "w", "b", 2), 2);
    push_with(fixture, "b", "late", 9, 7200000);
    push_with(fixture, "b", "soon", -9, 3600000);
    push_with(fixture, "b", "low", -1, 0);
    push_with(fixture, "b", "one", 0, 0);
    push_with(fixture, "b", "two", 0, 0);
    push_with(fixture, "b", "high", 5, 0);
    push_with(fixture, "B", "other", 0, 0);
    push_with(fixture, "a", "last", 0, 0);
}

static void test_jobs_are_listed_as_they_would_run(void **state)
{
    struct fixture *fixture = *state;
    lists(fixture, (struct job_filter){0}, "");
    fill(fixture);
    lists(fixture, (struct job_filter){0},
          "B/other a/last b/r2* b/r1* b/high b/one b/two b/low b/soon+ b/late+");
    lists(fixture, (struct job_filter){.queue = "b", .limit = 4}, "b/r2* b/r1* b/high b/one");
    lists(fixture, (struct job_filter){.queue = "unknown"}, "");
}

static void test_jobs_of_a_state(void **state)
{
    struct fixture *fixture = *state;
    static const enum job_state ready = JOB_READY, reserved = JOB_RESERVED, delayed = JOB_DELAYED;
    fill(fixture);
    lists(fixture, (struct job_filter){.state = &ready, .queue = "b"}, "b/high b/one b/two b/low");
    lists(fixture, (struct job_filter){.state = &reserved}, "b/r2* b/r1*");
    lists(fixture, (struct job_filter){.state = &delayed, .limit = 1}, "b/soon+");
}

static void test_one_job(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    lists(fixture, (struct job_filter){.uuid = "two"}, "b/two");
    lists(fixture, (struct job_filter){.uuid = "late"}, "b/late+");
    lists(fixture, (struct job_filter){.uuid = "r1"}, "b/r1*");
    lists(fixture, (struct job_filter){.uuid = "r1", .queue = "a"}, "");
    lists(fixture, (struct job_filter){.uuid = "unknown"}, "");
}

static void test_a_list_of_jobs_can_be_left(void **state)
{
    struct fixture *fixture = *state;
    struct listed listed = {.stop_at = 3};
    const struct job_filter all = {0};
    fill(fixture);
    ok(fixture, fixture->driver->job_list(fixture->b, &all, add_view, &listed, &fixture->err));
    assert_int_equal(listed.count, 3);
    push_one(fixture, "a", "more");
}

static void test_all_of_a_waiting_job_is_shown(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    job.priority = 3;
    job.max_attempts = 4;
    job.timeout_ms = 2500;
    job.delay_ms = 3600000;
    push(fixture, &job, 1);
    const struct job_view view = list(fixture, (struct job_filter){.uuid = "a"}).last;
    assert_int_equal(view.job.priority, 3);
    assert_int_equal(view.job.max_attempts, 4);
    assert_int_equal(view.job.timeout_ms, 2500);
    assert_int_equal(view.job.attempts, 0);
    assert_int_equal(view.job.reserved_at_ms, 0);
    assert_int_equal(view.job.available_at_ms, view.job.created_at_ms + 3600000);
    assert_false(view.is_cancelled);
    assert_true(view.progress < 0);
}

static void test_how_far_a_job_is(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct listed listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_true(listed.last.progress < 0);
    assert_int_equal(listed.last.job.attempts, 1);
    assert_true(listed.last.job.reserved_at_ms > 0);
    assert_string_equal(listed.last_text[0], "w");
    struct renewal renewal = {.lease = taken.lease, .progress = 37.5, .progress_text = "half"};
    renewal.lease.uuid = "a";
    ok(fixture, fixture->driver->extend(fixture->a, "w", &renewal, 1, LEASE_MS, &fixture->err));
    listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_true(listed.last.progress == 37.5);
    assert_string_equal(listed.last_text[1], "half");
    renewal.progress = -1;
    renewal.progress_text = NULL;
    ok(fixture, fixture->driver->extend(fixture->a, "w", &renewal, 1, LEASE_MS, &fixture->err));
    listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_true(listed.last.progress == 37.5);
    assert_string_equal(listed.last_text[1], "half");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_true(listed.last.progress < 0);
    assert_string_equal(listed.last_text[0], "-");
}

static void test_the_history_of_a_live_job(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct listed listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_string_equal(listed.last_text[2], "[]");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_RELEASE);
    outcome.cause = "exit";
    outcome.exception = "status 3";
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    listed = list(fixture, (struct job_filter){.uuid = "a"});
    assert_non_null(strstr(listed.last_text[2], "\"cause\":\"exit\""));
    assert_non_null(strstr(listed.last_text[2], "\"exception\":\"status 3\""));
    assert_int_equal(listed.last.job.attempts, 1);
}

/* --- cancelling --- */

static enum cancel_result cancel(struct fixture *fixture, const char *uuid)
{
    enum cancel_result result = (enum cancel_result)99;
    ok(fixture, fixture->driver->job_cancel(fixture->b, uuid, &result, &fixture->err));
    return result;
}

static enum lease_state extend(struct fixture *fixture, const struct taken *taken)
{
    struct renewal renewal = {.lease = taken->lease, .progress = -1};
    renewal.lease.uuid = taken->uuid;
    ok(fixture, fixture->driver->extend(fixture->a, "w", &renewal, 1, LEASE_MS, &fixture->err));
    return renewal.state;
}

static void test_a_waiting_job_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    enum cancel_result result;
    push_one(fixture, "default", "a");
    push_with(fixture, "default", "b", 5, 3600000);
    assert_int_equal(cancel(fixture, "a"), CANCEL_REMOVED);
    assert_int_equal(cancel(fixture, "b"), CANCEL_REMOVED);
    has_stats(fixture, "default", 0, 0, 0, 0);
    fails(fixture, ERR_NOT_FOUND,
          fixture->driver->job_cancel(fixture->b, "a", &result, &fixture->err));
    struct job job = job_of("default", "a");
    assert_int_equal(push_result_of(fixture, &job), PUSH_STORED);
}

static void test_a_running_job_is_asked_to_stop(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(extend(fixture, &taken), LEASE_HELD);
    assert_int_equal(cancel(fixture, "a"), CANCEL_ASKED);
    assert_int_equal(cancel(fixture, "a"), CANCEL_ASKED);
    assert_int_equal(extend(fixture, &taken), LEASE_CANCELLED);
    assert_true(list(fixture, (struct job_filter){.uuid = "a"}).last.is_cancelled);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_CANCELLED));
    has_stats(fixture, "default", 0, 0, 0, 0);
}

static void test_a_cancelled_job_does_not_come_back(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {"a", "b", "c", "d"};
    struct taken taken[4];
    for (size_t i = 0; i < 4; i++) {
        push_one(fixture, "default", uuids[i]);
        taken[i] = take_one(fixture, fixture->a, "w", "default", uuids[i]);
        assert_int_equal(cancel(fixture, uuids[i]), CANCEL_ASKED);
    }
    assert_true(end(fixture, fixture->a, "w", &taken[0], OUTCOME_RELEASE));
    assert_true(end(fixture, fixture->a, "w", &taken[1], OUTCOME_UNTOUCHED));
    assert_true(end(fixture, fixture->a, "w", &taken[2], OUTCOME_DONE));
    has_stats(fixture, "default", 0, 1, 0, 0);
    uint64_t returned;
    ok(fixture, fixture->driver->return_owner(fixture->a, "w", NULL, 0, &returned, &fixture->err));
    assert_int_equal(returned, 1);
    has_stats(fixture, "default", 0, 0, 0, 0);
}

static void test_a_cancelled_job_that_fails_has_failed(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(cancel(fixture, "a"), CANCEL_ASKED);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    has_stats(fixture, "default", 0, 0, 0, 1);
}

/* --- unique keys --- */

static struct job unique_job(const char *uuid, const char *key, enum unique_until until)
{
    struct job job = job_of("default", uuid);
    job.unique_key = key;
    job.unique_until = until;
    return job;
}

static void test_a_key_is_held_while_its_job_lives(void **state)
{
    struct fixture *fixture = *state;
    struct job a = unique_job("a", "k", UNIQUE_DONE), b = unique_job("b", "k", UNIQUE_DONE);
    struct job other = unique_job("c", "K", UNIQUE_DONE);
    push(fixture, &a, 1);
    b.queue = "elsewhere";
    assert_int_equal(push_result_of(fixture, &b), PUSH_DUPLICATE);
    assert_int_equal(push_result_of(fixture, &a), PUSH_REPEATED);
    assert_int_equal(push_result_of(fixture, &other), PUSH_STORED);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_string_equal(fixture->reservation.jobs[0].unique_key, "k");
    assert_int_equal(push_result_of(fixture, &b), PUSH_DUPLICATE);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    assert_int_equal(push_result_of(fixture, &b), PUSH_DUPLICATE);
    take_one(fixture, fixture->a, "w", "default", "c");
    taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(push_result_of(fixture, &b), PUSH_STORED);
    has_stats(fixture, NULL, 1, 1, 0, 0);
}

static void test_duplicates_within_one_push(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[] = {unique_job("a", "k", UNIQUE_DONE), unique_job("b", "k", UNIQUE_STARTED),
                         job_of("default", "c"), unique_job("d", "k", UNIQUE_DONE),
                         unique_job("a", "k", UNIQUE_DONE)};
    enum push_result results[5];
    ok(fixture, fixture->driver->push(fixture->a, jobs, 5, results, &fixture->err));
    assert_int_equal(results[0], PUSH_STORED);
    assert_int_equal(results[1], PUSH_DUPLICATE);
    assert_int_equal(results[2], PUSH_STORED);
    assert_int_equal(results[3], PUSH_DUPLICATE);
    assert_int_equal(results[4], PUSH_REPEATED);
    takes_in_order(fixture, "default", "a c");
}

static void test_a_key_until_the_start(void **state)
{
    struct fixture *fixture = *state;
    struct job a = unique_job("a", "k", UNIQUE_STARTED), b = unique_job("b", "k", UNIQUE_STARTED);
    push(fixture, &a, 1);
    assert_int_equal(push_result_of(fixture, &b), PUSH_DUPLICATE);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(push_result_of(fixture, &b), PUSH_STORED);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    struct job c = unique_job("c", "k", UNIQUE_DONE);
    assert_int_equal(push_result_of(fixture, &c), PUSH_DUPLICATE);
    takes_in_order(fixture, "default", "b a");
    assert_int_equal(push_result_of(fixture, &c), PUSH_STORED);
}

static void test_a_key_for_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct job a = unique_job("a", "k", UNIQUE_TIME), b = unique_job("b", "k", UNIQUE_TIME);
    a.unique_ms = 150;
    b.unique_ms = 3600000;
    int64_t start = now_ms(), deadline = start + PATIENCE_MS;
    push(fixture, &a, 1);
    while (push_result_of(fixture, &b) == PUSH_DUPLICATE && now_ms() < deadline)
        pause_briefly();
    assert_true(now_ms() - start >= 140);
    has_stats(fixture, "default", 2, 0, 0, 0);
    struct job c = unique_job("c", "k", UNIQUE_TIME);
    c.unique_ms = 1;
    assert_int_equal(push_result_of(fixture, &c), PUSH_DUPLICATE);
    /* The end of a, which lost the key, does not free what b holds. */
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(push_result_of(fixture, &c), PUSH_DUPLICATE);
    taken = take_one(fixture, fixture->a, "w", "default", "b");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(push_result_of(fixture, &c), PUSH_STORED);
}

static void test_a_key_is_free_when_its_job_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct job a = unique_job("a", "k", UNIQUE_DONE), b = unique_job("b", "k", UNIQUE_DONE),
               c = unique_job("c", "k", UNIQUE_DONE), d = unique_job("d", "k", UNIQUE_DONE);
    uint64_t removed;
    push(fixture, &a, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    push(fixture, &b, 1);
    ok(fixture, fixture->driver->purge(fixture->a, "default", &removed, &fixture->err));
    push(fixture, &c, 1);
    assert_int_equal(cancel(fixture, "c"), CANCEL_REMOVED);
    push(fixture, &d, 1);
}

static void test_a_retried_job_holds_its_key_where_it_is_free(void **state)
{
    struct fixture *fixture = *state;
    struct job a = unique_job("a", "k", UNIQUE_DONE), b = unique_job("b", "k", UNIQUE_DONE);
    const struct failed_filter all = {0};
    uint64_t count;
    push(fixture, &a, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    ok(fixture, fixture->driver->failed_retry(fixture->a, &all, &count, &fixture->err));
    assert_int_equal(push_result_of(fixture, &b), PUSH_DUPLICATE);
    taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    assert_int_equal(push_result_of(fixture, &b), PUSH_STORED);
    ok(fixture, fixture->driver->failed_retry(fixture->a, &all, &count, &fixture->err));
    assert_int_equal(count, 1);
    has_stats(fixture, "default", 2, 0, 0, 0);
    takes_in_order(fixture, "default", "b a");
}

static void test_a_chain_comes_back(void **state)
{
    struct fixture *fixture = *state;
    static const char chain[] =
        "[{\"job\":\"Next\",\"data\":[1,{\"a\":\"]\"}]},{\"job\":\"Last\"}]";
    struct job job = job_of("default", "a");
    job.chain = (struct json_slice){.text = chain, .length = strlen(chain), .kind = JSON_ARRAY};
    push(fixture, &job, 1);
    take_one(fixture, fixture->a, "w", "default", "a");
    const struct json_slice *got = &fixture->reservation.jobs[0].chain;
    assert_int_equal(got->length, strlen(chain));
    assert_memory_equal(got->text, chain, got->length);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_jobs_are_listed_as_they_would_run),
    CONFORMANCE(test_jobs_of_a_state),
    CONFORMANCE(test_one_job),
    CONFORMANCE(test_a_list_of_jobs_can_be_left),
    CONFORMANCE(test_all_of_a_waiting_job_is_shown),
    CONFORMANCE(test_how_far_a_job_is),
    CONFORMANCE(test_the_history_of_a_live_job),
    CONFORMANCE(test_a_waiting_job_is_cancelled),
    CONFORMANCE(test_a_running_job_is_asked_to_stop),
    CONFORMANCE(test_a_cancelled_job_does_not_come_back),
    CONFORMANCE(test_a_cancelled_job_that_fails_has_failed),
    CONFORMANCE(test_a_key_is_held_while_its_job_lives),
    CONFORMANCE(test_duplicates_within_one_push),
    CONFORMANCE(test_a_key_until_the_start),
    CONFORMANCE(test_a_key_for_a_time),
    CONFORMANCE(test_a_key_is_free_when_its_job_is_gone),
    CONFORMANCE(test_a_retried_job_holds_its_key_where_it_is_free),
    CONFORMANCE(test_a_chain_comes_back),
};

const struct part part_jobs = PART("jobs", tests);
