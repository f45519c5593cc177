/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include "common/json.h"
#include "queue/history.h"

/* Pushes a job and lets it fail. */
static void fail_job(struct fixture *fixture, const struct job *job, const char *exception)
{
    push(fixture, job, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", job->queue, job->uuid);
    struct outcome outcome = outcome_of(&taken, OUTCOME_FAIL);
    outcome.cause = "exception";
    outcome.exception = exception;
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
}

static void fail_one(struct fixture *fixture, const char *queue, const char *uuid)
{
    struct job job = job_of(queue, uuid);
    fail_job(fixture, &job, "it failed");
}

struct found {
    char uuids[1024];
    char history[8192];
    int64_t failed_at_ms;
};

static int add_uuid(void *context, const struct failed_job *failed)
{
    struct found *found = context;
    strcat(strcat(found->uuids, found->uuids[0] ? " " : ""), failed->uuid);
    snprintf(found->history, sizeof found->history, "%s", failed->history);
    found->failed_at_ms = failed->failed_at_ms;
    return 0;
}

static struct found list(struct fixture *fixture, const struct failed_filter *filter)
{
    struct found found = {0};
    ok(fixture, fixture->driver->failed_list(fixture->b, filter, add_uuid, &found, &fixture->err));
    return found;
}

static void lists(struct fixture *fixture, struct failed_filter filter, const char *uuids)
{
    struct found found = list(fixture, &filter);
    assert_string_equal(found.uuids, uuids);
}

static uint64_t retry(struct fixture *fixture, struct failed_filter filter)
{
    uint64_t count = 99;
    ok(fixture, fixture->driver->failed_retry(fixture->b, &filter, &count, &fixture->err));
    return count;
}

static uint64_t discard(struct fixture *fixture, struct failed_filter filter)
{
    uint64_t count = 99;
    ok(fixture, fixture->driver->failed_remove(fixture->b, &filter, &count, &fixture->err));
    return count;
}

static void fill(struct fixture *fixture)
{
    struct job job = job_of("mail", "b");
    fail_one(fixture, "default", "a");
    job.name = "SendMail";
    fail_job(fixture, &job, "Connection REFUSED by 100% of_them");
    fail_one(fixture, "mail", "c");
    fail_one(fixture, "default", "d");
}

static void test_newest_first(void **state)
{
    struct fixture *fixture = *state;
    lists(fixture, (struct failed_filter){0}, "");
    fill(fixture);
    lists(fixture, (struct failed_filter){0}, "d c b a");
    lists(fixture, (struct failed_filter){.limit = 2}, "d c");
    lists(fixture, (struct failed_filter){.limit = 2, .after_uuid = "c"}, "b a");
    lists(fixture, (struct failed_filter){.limit = 2, .after_uuid = "a"}, "");
}

static void test_filters(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    lists(fixture, (struct failed_filter){.uuid = "b"}, "b");
    lists(fixture, (struct failed_filter){.uuid = "x"}, "");
    lists(fixture, (struct failed_filter){.queue = "mail"}, "c b");
    lists(fixture, (struct failed_filter){.name = "Test"}, "d c a");
    lists(fixture, (struct failed_filter){.text = "refused"}, "b");
    lists(fixture, (struct failed_filter){.text = "100% OF_"}, "b");
    lists(fixture, (struct failed_filter){.text = "100_"}, "");
    lists(fixture, (struct failed_filter){.text = "%"}, "b");
    lists(fixture, (struct failed_filter){.queue = "mail", .name = "Test"}, "c");
    lists(fixture, (struct failed_filter){.batch_uuid = "x"}, "");
}

static void test_filters_by_time(void **state)
{
    struct fixture *fixture = *state;
    fail_one(fixture, "default", "a");
    int64_t first = list(fixture, &(struct failed_filter){0}).failed_at_ms;
    int64_t deadline = now_ms() + PATIENCE_MS;
    do
        pause_briefly();
    while (clock_wall_ms(&clock_system) < first + 20 && now_ms() < deadline);
    fail_one(fixture, "default", "b");
    lists(fixture, (struct failed_filter){.since_ms = first + 1}, "b");
    lists(fixture, (struct failed_filter){.since_ms = first}, "b a");
    lists(fixture, (struct failed_filter){.before_ms = first}, "");
    lists(fixture, (struct failed_filter){.before_ms = first + 1}, "a");
    assert_int_equal(discard(fixture, (struct failed_filter){.before_ms = first + 1}), 1);
    lists(fixture, (struct failed_filter){0}, "b");
}

static void test_a_failed_job_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    job.priority = 9;
    job.max_attempts = 4;
    job.timeout_ms = 1500;
    fail_job(fixture, &job, "no");
    push_with(fixture, "default", "b", 5, 0);
    assert_int_equal(retry(fixture, (struct failed_filter){.uuid = "a"}), 1);
    has_stats(fixture, "default", 2, 0, 0, 0);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    const struct job *got = &fixture->reservation.jobs[0];
    assert_int_equal(got->attempts, 1);
    assert_int_equal(got->priority, 9);
    assert_int_equal(got->max_attempts, 4);
    assert_int_equal(got->timeout_ms, 1500);
    assert_string_equal(got->name, "Test");
    assert_memory_equal(got->data.text, "{\"n\":1}", 7);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(retry(fixture, (struct failed_filter){.uuid = "a"}), 0);
}

static void test_retries_come_oldest_first_in_parts(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_int_equal(retry(fixture, (struct failed_filter){.limit = 3}), 3);
    lists(fixture, (struct failed_filter){0}, "d");
    has_stats(fixture, "default", 1, 0, 0, 1);
    has_stats(fixture, "mail", 2, 0, 0, 0);
    assert_int_equal(retry(fixture, (struct failed_filter){.limit = 3}), 1);
    assert_int_equal(retry(fixture, (struct failed_filter){.limit = 3}), 0);
    takes_in_order(fixture, "mail", "b c");
    takes_in_order(fixture, "default", "a d");
}

static void test_retries_of_a_queue(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_int_equal(retry(fixture, (struct failed_filter){.queue = "mail"}), 2);
    lists(fixture, (struct failed_filter){0}, "d a");
}

static void test_filters_choose_what_is_retried_or_removed(void **state)
{
    struct fixture *fixture = *state;
    fill(fixture);
    assert_int_equal(retry(fixture, (struct failed_filter){.text = "no such text"}), 0);
    assert_int_equal(retry(fixture, (struct failed_filter){.text = "refused", .queue = "mail"}), 1);
    lists(fixture, (struct failed_filter){0}, "d c a");
    assert_int_equal(discard(fixture, (struct failed_filter){.name = "SendMail"}), 0);
    assert_int_equal(retry(fixture, (struct failed_filter){.name = "Test", .queue = "mail"}), 1);
    assert_int_equal(discard(fixture, (struct failed_filter){.text = "IT FAILED", .limit = 1}), 1);
    lists(fixture, (struct failed_filter){0}, "d");
    has_stats(fixture, "mail", 2, 0, 0, 0);
    has_stats(fixture, "default", 0, 0, 0, 1);
}

static void test_removing(void **state)
{
    struct fixture *fixture = *state;
    char names[1024];
    fill(fixture);
    assert_int_equal(discard(fixture, (struct failed_filter){.uuid = "d"}), 1);
    assert_int_equal(discard(fixture, (struct failed_filter){.limit = 1}), 1);
    lists(fixture, (struct failed_filter){0}, "c b");
    has_stats(fixture, "default", 0, 0, 0, 0);
    has_stats(fixture, "mail", 0, 0, 0, 2);
    assert_int_equal(discard(fixture, (struct failed_filter){0}), 2);
    assert_int_equal(discard(fixture, (struct failed_filter){0}), 0);
    assert_string_equal(queue_names(fixture, names), "");
}

static void test_a_removed_job_can_be_pushed_again(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    fail_job(fixture, &job, "no");
    assert_int_equal(discard(fixture, (struct failed_filter){.uuid = "a"}), 1);
    assert_int_equal(push_result_of(fixture, &job), PUSH_STORED);
}

/* --- the history --- */

static int64_t entry_of(const char *history, int place, char cause[64], char worker[64])
{
    cJSON *tree = json_parse(history, strlen(history), NULL);
    const cJSON *entry = cJSON_GetArrayItem(tree, place);
    assert_non_null(entry);
    snprintf(cause, 64, "%s", json_get_string(entry, "cause", ""));
    snprintf(worker, 64, "%s", json_get_string(entry, "worker", ""));
    int64_t attempt = json_get_integer(entry, "attempt", -1);
    int64_t at = json_get_integer(entry, "at", 0);
    int64_t wall_ms = clock_wall_ms(&clock_system);
    assert_in_range(at, wall_ms - PATIENCE_MS, wall_ms + PATIENCE_MS);
    cJSON_Delete(tree);
    return attempt;
}

static void release(struct fixture *fixture, const char *owner, const char *cause)
{
    struct taken taken = take_one(fixture, fixture->a, owner, "default", "a");
    struct outcome outcome = outcome_of(&taken, OUTCOME_RELEASE);
    outcome.cause = cause;
    outcome.exception = cause;
    assert_true(end_outcome(fixture, fixture->a, owner, &outcome));
}

static void test_the_history_of_the_attempts(void **state)
{
    struct fixture *fixture = *state;
    char cause[64], worker[64];
    push_one(fixture, "default", "a");
    release(fixture, "w1", "timeout");
    release(fixture, "w2", NULL); /* a release of the handler's own will is no failure */
    struct taken taken = take_one(fixture, fixture->a, "w3", "default", "a");
    uint64_t returned;
    struct lease begun = taken.lease;
    begun.uuid = "a";
    ok(fixture,
       fixture->driver->return_owner(fixture->a, "w3", &begun, 1, &returned, &fixture->err));
    taken = take_one(fixture, fixture->a, "w4", "default", "a");
    assert_true(end(fixture, fixture->a, "w4", &taken, OUTCOME_FAIL));

    struct found found = list(fixture, &(struct failed_filter){0});
    assert_int_equal(entry_of(found.history, 0, cause, worker), 1);
    assert_string_equal(cause, "timeout");
    assert_string_equal(worker, "w1");
    assert_int_equal(entry_of(found.history, 1, cause, worker), 3);
    assert_string_equal(cause, HISTORY_WORKER_DIED);
    assert_string_equal(worker, "w3");
    assert_int_equal(entry_of(found.history, 2, cause, worker), 4);
    assert_string_equal(cause, "exception");
    assert_string_equal(worker, "w4");
}

static void test_the_history_outlives_a_retry(void **state)
{
    struct fixture *fixture = *state;
    char cause[64], worker[64];
    fail_one(fixture, "default", "a");
    assert_int_equal(retry(fixture, (struct failed_filter){.uuid = "a"}), 1);
    struct taken taken = take_one(fixture, fixture->a, "x", "default", "a");
    assert_true(end(fixture, fixture->a, "x", &taken, OUTCOME_FAIL));
    struct found found = list(fixture, &(struct failed_filter){0});
    assert_int_equal(entry_of(found.history, 0, cause, worker), 1);
    assert_string_equal(worker, "w");
    assert_int_equal(entry_of(found.history, 1, cause, worker), 1);
    assert_string_equal(worker, "x");
}

static void test_the_history_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    char cause[64], worker[64];
    push_one(fixture, "default", "a");
    for (int i = 1; i <= HISTORY_MAX + 5; i++)
        release(fixture, "w", "exit");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    struct found found = list(fixture, &(struct failed_filter){0});
    assert_int_equal(entry_of(found.history, 0, cause, worker), 7);
    assert_int_equal(entry_of(found.history, HISTORY_MAX - 1, cause, worker), HISTORY_MAX + 6);
}

/* --- purging --- */

static uint64_t purge(struct fixture *fixture, const char *queue)
{
    uint64_t removed = 99;
    ok(fixture, fixture->driver->purge(fixture->b, queue, &removed, &fixture->err));
    return removed;
}

static void test_a_purge_leaves_what_runs(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "default", "a");
    push_one(fixture, "default", "b");
    push_with(fixture, "default", "c", 5, 3600000);
    push_with(fixture, "default", "d", -5, 0);
    push_one(fixture, "other", "e");
    fail_one(fixture, "third", "f");
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_int_equal(purge(fixture, "default"), 3);
    has_stats(fixture, "default", 0, 1, 0, 0);
    has_stats(fixture, NULL, 1, 1, 0, 1);
    assert_int_equal(purge(fixture, "default"), 0);
    assert_int_equal(purge(fixture, "unknown"), 0);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    take_one(fixture, fixture->a, "w", "default", "a");
}

static void test_a_purge_of_all_queues(void **state)
{
    struct fixture *fixture = *state;
    push_one(fixture, "a", "1");
    push_with(fixture, "b", "2", 0, 3600000);
    push_one(fixture, "c", "3");
    take_one(fixture, fixture->a, "w", "c", "3");
    assert_int_equal(purge(fixture, NULL), 2);
    has_stats(fixture, NULL, 0, 1, 0, 0);
    struct job job = job_of("a", "1");
    assert_int_equal(push_result_of(fixture, &job), PUSH_STORED);
}

static void test_a_purge_of_many(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 12000 };
    struct job *jobs = mem_new(COUNT, sizeof *jobs);
    char(*uuids)[UUID_SIZE] = mem_new(COUNT, sizeof *uuids);
    for (size_t i = 0; i < COUNT; i++) {
        uuid_make(uuids[i], 0);
        jobs[i] = job_of("default", uuids[i]);
        jobs[i].priority = (int)(i % 5);
    }
    push(fixture, jobs, COUNT);
    assert_int_equal(purge(fixture, "default"), COUNT);
    has_stats(fixture, "default", 0, 0, 0, 0);
    free(jobs);
    free(uuids);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_newest_first),
    CONFORMANCE(test_filters),
    CONFORMANCE(test_filters_by_time),
    CONFORMANCE(test_a_failed_job_is_tried_again),
    CONFORMANCE(test_retries_come_oldest_first_in_parts),
    CONFORMANCE(test_retries_of_a_queue),
    CONFORMANCE(test_filters_choose_what_is_retried_or_removed),
    CONFORMANCE(test_removing),
    CONFORMANCE(test_a_removed_job_can_be_pushed_again),
    CONFORMANCE(test_the_history_of_the_attempts),
    CONFORMANCE(test_the_history_outlives_a_retry),
    CONFORMANCE(test_the_history_is_bounded),
    CONFORMANCE(test_a_purge_leaves_what_runs),
    CONFORMANCE(test_a_purge_of_all_queues),
    CONFORMANCE(test_a_purge_of_many),
};

const struct part part_failed = PART("failed", tests);
