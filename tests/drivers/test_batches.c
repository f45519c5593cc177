/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

/* Callbacks go to queues of their own, so that it is seen which were pushed. */
static struct job callback_of(const char *queue, const char *uuid)
{
    struct job job = job_of(queue, uuid);
    job.name = "Callback";
    return job;
}

static void create(struct fixture *fixture, const char *uuid, bool allow_failures)
{
    const struct job success = callback_of("success", "s1"), failure = callback_of("failure", "f1"),
                     finish = callback_of("finish", "e1");
    const struct batch batch = {.uuid = uuid,
                                .name = "Newsletter",
                                .allow_failures = allow_failures,
                                .on_success = &success,
                                .on_failure = &failure,
                                .on_finish = &finish};
    ok(fixture, fixture->driver->batch_create(fixture->a, &batch, &fixture->err));
}

static void push_into(struct fixture *fixture, const char *batch, const char *uuid)
{
    struct job job = job_of("work", uuid);
    job.batch_uuid = batch;
    push(fixture, &job, 1);
}

struct seen {
    struct batch batch;
    char name[256];
    char callbacks[256];
    char uuids[512];
    size_t count, stop_at;
};

static void add_callback(struct seen *seen, const struct job *job)
{
    size_t used = strlen(seen->callbacks);
    snprintf(seen->callbacks + used, sizeof seen->callbacks - used, "%s/%s/%s ",
             job ? job->queue : "-", job ? job->uuid : "-", job ? job->name : "-");
}

static int add_batch(void *context, const struct batch *batch)
{
    struct seen *seen = context;
    seen->batch = *batch;
    snprintf(seen->name, sizeof seen->name, "%s", batch->name);
    strcat(strcat(seen->uuids, batch->uuid), " ");
    seen->callbacks[0] = '\0';
    add_callback(seen, batch->on_success);
    add_callback(seen, batch->on_failure);
    add_callback(seen, batch->on_finish);
    return ++seen->count == seen->stop_at;
}

static struct seen see(struct fixture *fixture, const char *uuid, const char *after, size_t limit)
{
    struct seen seen = {.count = 0};
    ok(fixture, fixture->driver->batch_list(fixture->b, uuid, after, limit, add_batch, &seen,
                                            &fixture->err));
    return seen;
}

static struct batch has_counts(struct fixture *fixture, const char *uuid, uint64_t total,
                               uint64_t pending, uint64_t completed, uint64_t failed,
                               uint64_t cancelled)
{
    struct seen seen = see(fixture, uuid, NULL, 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.batch.total, total);
    assert_int_equal(seen.batch.pending, pending);
    assert_int_equal(seen.batch.completed, completed);
    assert_int_equal(seen.batch.failed, failed);
    assert_int_equal(seen.batch.cancelled, cancelled);
    return seen.batch;
}

static void called_back(struct fixture *fixture, uint64_t success, uint64_t failure,
                        uint64_t finish)
{
    assert_int_equal(stats_of(fixture, "success").pending, success);
    assert_int_equal(stats_of(fixture, "failure").pending, failure);
    assert_int_equal(stats_of(fixture, "finish").pending, finish);
}

static struct taken take_next(struct fixture *fixture, const char *uuid)
{
    return take_one(fixture, fixture->a, "w", "work", uuid);
}

static void finish_next(struct fixture *fixture, const char *uuid, enum outcome_kind kind)
{
    struct taken taken = take_next(fixture, uuid);
    assert_true(end(fixture, fixture->a, "w", &taken, kind));
}

static void test_a_new_batch(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "batch-1", false);
    create(fixture, "batch-1", true); /* a repetition */
    struct batch batch = has_counts(fixture, "batch-1", 0, 0, 0, 0, 0);
    assert_false(batch.allow_failures);
    assert_int_equal(batch.finished_at_ms, 0);
    assert_int_equal(batch.cancelled_at_ms, 0);
    assert_true(batch.created_at_ms > 0);
    struct seen seen = see(fixture, NULL, NULL, 10);
    assert_string_equal(seen.name, "Newsletter");
    assert_string_equal(seen.callbacks,
                        "success/s1/Callback failure/f1/Callback finish/e1/Callback ");
    assert_int_equal(see(fixture, "unknown", NULL, 10).count, 0);
}

static void test_batches_newest_first(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "a", false);
    create(fixture, "b", false);
    create(fixture, "c", false);
    assert_string_equal(see(fixture, NULL, NULL, 10).uuids, "c b a ");
    assert_string_equal(see(fixture, NULL, NULL, 2).uuids, "c b ");
    assert_string_equal(see(fixture, NULL, "b", 2).uuids, "a ");
}

static void test_all_jobs_succeed(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    has_counts(fixture, "b", 2, 2, 0, 0, 0);
    struct taken taken = take_next(fixture, "1");
    assert_string_equal(fixture->reservation.jobs[0].batch_uuid, "b");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    has_counts(fixture, "b", 2, 2, 0, 0, 0);
    finish_next(fixture, "2", OUTCOME_DONE);
    has_counts(fixture, "b", 2, 1, 1, 0, 0);
    called_back(fixture, 0, 0, 0);
    finish_next(fixture, "1", OUTCOME_DONE);
    assert_true(has_counts(fixture, "b", 2, 0, 2, 0, 0).finished_at_ms > 0);
    called_back(fixture, 1, 0, 1);
}

static void test_the_last_two_end_in_one_turn(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    struct taken one = take_next(fixture, "1"), two = take_next(fixture, "2");
    struct outcome outcomes[] = {outcome_of(&one, OUTCOME_DONE), outcome_of(&two, OUTCOME_DONE)};
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 2, NULL, NULL, &fixture->err));
    has_counts(fixture, "b", 2, 0, 2, 0, 0);
    called_back(fixture, 1, 0, 1);
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 2, NULL, NULL, &fixture->err));
    called_back(fixture, 1, 0, 1);
}

static void test_a_batch_that_nobody_made(void **state)
{
    struct fixture *fixture = *state;
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    struct batch batch = has_counts(fixture, "b", 2, 2, 0, 0, 0);
    assert_true(batch.allow_failures);
    finish_next(fixture, "1", OUTCOME_FAIL);
    finish_next(fixture, "2", OUTCOME_DONE);
    batch = has_counts(fixture, "b", 2, 0, 1, 1, 0);
    assert_true(batch.finished_at_ms > 0);
    assert_int_equal(batch.cancelled_at_ms, 0);
    struct seen seen = see(fixture, "b", NULL, 1);
    assert_string_equal(seen.name, "");
    assert_string_equal(seen.callbacks, "-/-/- -/-/- -/-/- ");
}

static void test_the_first_failure_cancels(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", false);
    static const char *const uuids[] = {"1", "2", "3", "4"};
    for (size_t i = 0; i < 4; i++)
        push_into(fixture, "b", uuids[i]);
    struct job delayed = job_of("work", "5");
    delayed.batch_uuid = "b";
    delayed.delay_ms = 3600000;
    push(fixture, &delayed, 1);
    struct taken running = take_next(fixture, "1");
    finish_next(fixture, "2", OUTCOME_FAIL);
    struct batch batch = has_counts(fixture, "b", 5, 1, 0, 1, 3);
    assert_true(batch.cancelled_at_ms > 0);
    assert_int_equal(batch.finished_at_ms, 0);
    has_stats(fixture, "work", 0, 1, 0, 1);
    called_back(fixture, 0, 1, 0);
    assert_true(end(fixture, fixture->a, "w", &running, OUTCOME_RELEASE));
    assert_true(has_counts(fixture, "b", 5, 0, 0, 1, 4).finished_at_ms > 0);
    called_back(fixture, 0, 1, 1);
}

static void test_failures_may_be_allowed(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", true);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    push_into(fixture, "b", "3");
    finish_next(fixture, "1", OUTCOME_FAIL);
    finish_next(fixture, "2", OUTCOME_FAIL);
    assert_int_equal(has_counts(fixture, "b", 3, 1, 0, 2, 0).cancelled_at_ms, 0);
    called_back(fixture, 0, 1, 0);
    finish_next(fixture, "3", OUTCOME_DONE);
    has_counts(fixture, "b", 3, 0, 1, 2, 0);
    called_back(fixture, 0, 1, 1);
}

static uint64_t retry(struct fixture *fixture, const char *batch)
{
    const struct failed_filter filter = {.batch_uuid = batch};
    uint64_t count;
    ok(fixture, fixture->driver->failed_retry(fixture->b, &filter, &count, &fixture->err));
    return count;
}

static void test_a_retried_job_opens_its_batch_again(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", true);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    finish_next(fixture, "1", OUTCOME_DONE);
    finish_next(fixture, "2", OUTCOME_FAIL);
    called_back(fixture, 0, 1, 1);
    assert_int_equal(retry(fixture, "other"), 0);
    assert_int_equal(retry(fixture, "b"), 1);
    assert_int_equal(has_counts(fixture, "b", 2, 1, 1, 0, 0).finished_at_ms, 0);
    push_into(fixture, "b", "3");
    finish_next(fixture, "2", OUTCOME_DONE);
    has_counts(fixture, "b", 3, 1, 2, 0, 0);
    finish_next(fixture, "3", OUTCOME_DONE);
    assert_true(has_counts(fixture, "b", 3, 0, 3, 0, 0).finished_at_ms > 0);
    called_back(fixture, 1, 1, 1); /* success comes, finish was there */
}

static void test_a_retry_after_a_cancelling_failure(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    finish_next(fixture, "1", OUTCOME_FAIL);
    assert_true(has_counts(fixture, "b", 2, 0, 0, 1, 1).cancelled_at_ms > 0);
    called_back(fixture, 0, 1, 1);
    assert_int_equal(retry(fixture, "b"), 1);
    struct batch batch = has_counts(fixture, "b", 2, 1, 0, 0, 1);
    assert_int_equal(batch.cancelled_at_ms, 0);
    assert_int_equal(batch.finished_at_ms, 0);
    struct taken taken = take_next(fixture, "1");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_RELEASE));
    has_stats(fixture, "work", 1, 0, 0, 0); /* it is not cancelled any more */
    finish_next(fixture, "1", OUTCOME_DONE);
    has_counts(fixture, "b", 2, 0, 1, 0, 1);
    called_back(fixture, 0, 1, 1);
}

static void test_a_batch_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    uint64_t removed;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    push_into(fixture, "b", "3");
    struct taken taken = take_next(fixture, "1");
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    assert_int_equal(removed, 2);
    has_counts(fixture, "b", 3, 1, 0, 0, 2);
    struct renewal renewal = {.lease = taken.lease, .progress = -1};
    renewal.lease.uuid = "1";
    ok(fixture, fixture->driver->extend(fixture->a, "w", &renewal, 1, LEASE_MS, &fixture->err));
    assert_int_equal(renewal.state, LEASE_CANCELLED);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_CANCELLED));
    assert_true(has_counts(fixture, "b", 3, 0, 0, 0, 3).finished_at_ms > 0);
    called_back(fixture, 0, 0, 1);
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    assert_int_equal(removed, 0);
    fails(fixture, ERR_NOT_FOUND,
          fixture->driver->batch_cancel(fixture->b, "unknown", &removed, &fixture->err));
}

static void test_an_empty_batch_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    uint64_t removed;
    create(fixture, "b", false);
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    assert_int_equal(removed, 0);
    assert_true(has_counts(fixture, "b", 0, 0, 0, 0, 0).finished_at_ms > 0);
    called_back(fixture, 0, 0, 1);
}

static void test_a_repetition_into_a_closed_batch(void **state)
{
    struct fixture *fixture = *state;
    uint64_t removed;
    struct job job = job_of("work", "1");
    job.batch_uuid = "b";
    push(fixture, &job, 1);
    take_next(fixture, "1");
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    assert_int_equal(push_result_of(fixture, &job), PUSH_REPEATED);
}

static void test_a_closed_batch_takes_no_jobs(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[] = {job_of("work", "3"), job_of("work", "2")};
    uint64_t removed;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    struct taken running = take_next(fixture, "1");
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    jobs[1].batch_uuid = "b";
    fails(fixture, ERR_CONFLICT, fixture->driver->push(fixture->a, jobs, 2, NULL, &fixture->err));
    has_stats(fixture, "work", 0, 1, 0, 0);
    /* A handler that adds to it all the same ends well. */
    struct outcome outcome = outcome_of(&running, OUTCOME_DONE);
    outcome.pushes = jobs;
    outcome.push_count = 2;
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    has_stats(fixture, "work", 1, 0, 0, 0);
    has_counts(fixture, "b", 1, 0, 1, 0, 0);
    fails(fixture, ERR_CONFLICT,
          fixture->driver->push(fixture->a, &jobs[1], 1, NULL, &fixture->err));
}

static void test_a_job_adds_to_its_batch(void **state)
{
    struct fixture *fixture = *state;
    struct job more = job_of("work", "2");
    more.batch_uuid = "b";
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    struct taken taken = take_next(fixture, "1");
    struct outcome outcome = outcome_of(&taken, OUTCOME_DONE);
    outcome.pushes = &more;
    outcome.push_count = 1;
    assert_true(end_outcome(fixture, fixture->a, "w", &outcome));
    has_counts(fixture, "b", 2, 1, 1, 0, 0);
    called_back(fixture, 0, 0, 0);
    finish_next(fixture, "2", OUTCOME_DONE);
    called_back(fixture, 1, 0, 1);
}

static void test_repeated_and_duplicate_jobs_do_not_count(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[] = {job_of("work", "1"), job_of("work", "1"), job_of("work", "2"),
                         job_of("work", "3")};
    for (size_t i = 0; i < 4; i++)
        jobs[i].batch_uuid = "b";
    jobs[2].unique_key = jobs[3].unique_key = "k";
    jobs[2].unique_until = jobs[3].unique_until = UNIQUE_DONE;
    ok(fixture, fixture->driver->push(fixture->a, jobs, 4, NULL, &fixture->err));
    has_counts(fixture, "b", 2, 2, 0, 0, 0);
    ok(fixture, fixture->driver->push(fixture->a, jobs, 4, NULL, &fixture->err));
    has_counts(fixture, "b", 2, 2, 0, 0, 0);
}

static void test_purged_and_cancelled_jobs_count_as_cancelled(void **state)
{
    struct fixture *fixture = *state;
    enum cancel_result result;
    uint64_t removed;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    push_into(fixture, "b", "3");
    finish_next(fixture, "1", OUTCOME_DONE);
    ok(fixture, fixture->driver->job_cancel(fixture->b, "2", &result, &fixture->err));
    has_counts(fixture, "b", 3, 1, 1, 0, 1);
    called_back(fixture, 0, 0, 0);
    ok(fixture, fixture->driver->purge(fixture->b, "work", &removed, &fixture->err));
    has_counts(fixture, "b", 3, 0, 1, 0, 2);
    called_back(fixture, 0, 0, 1);
}

static void test_leases_that_end_without_their_owner_in_a_cancelled_batch(void **state)
{
    struct fixture *fixture = *state;
    uint64_t removed, returned;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "b", "2");
    take_next(fixture, "1");
    assert_int_equal(take_for(fixture, fixture->a, "x", "work", 1, 1), 1);
    ok(fixture, fixture->driver->batch_cancel(fixture->b, "b", &removed, &fixture->err));
    ok(fixture, fixture->driver->return_owner(fixture->b, "w", NULL, 0, &returned, &fixture->err));
    assert_int_equal(returned, 1);
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (stats_of(fixture, "work").reserved > 0 && now_ms() < deadline) {
        struct upkeep upkeep;
        ok(fixture, fixture->driver->upkeep(fixture->b, &upkeep, &fixture->err));
        pause_briefly();
    }
    has_counts(fixture, "b", 2, 0, 0, 0, 2);
    has_stats(fixture, "work", 0, 0, 0, 0);
    called_back(fixture, 0, 0, 1);
}

static void test_jobs_of_several_batches_in_one_call(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[] = {job_of("work", "1"), job_of("work", "2"), job_of("work", "3"),
                         job_of("work", "4")};
    jobs[0].batch_uuid = jobs[2].batch_uuid = "a";
    jobs[1].batch_uuid = "b";
    push(fixture, jobs, 4);
    has_counts(fixture, "a", 2, 2, 0, 0, 0);
    has_counts(fixture, "b", 1, 1, 0, 0, 0);
    struct outcome outcomes[4];
    struct taken taken[4];
    assert_int_equal(take(fixture, fixture->a, "w", "work", 4), 4);
    for (size_t i = 0; i < 4; i++) {
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
        outcomes[i] = outcome_of(&taken[i], i == 2 ? OUTCOME_FAIL : OUTCOME_DONE);
    }
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 4, NULL, NULL, &fixture->err));
    has_counts(fixture, "a", 2, 0, 1, 1, 0);
    has_counts(fixture, "b", 1, 0, 1, 0, 0);
}

/* The outcomes of a turn follow one another: the failure cancels before the others end. */
static void test_a_failure_and_releases_in_one_turn(void **state)
{
    struct fixture *fixture = *state;
    create(fixture, "b", false);
    push_into(fixture, "b", "1");
    push_into(fixture, "other", "2");
    push_into(fixture, "b", "3");
    push_into(fixture, "b", "4");
    push_into(fixture, "b", "5");
    assert_int_equal(take(fixture, fixture->a, "w", "work", 4), 4);
    static const enum outcome_kind kinds[] = {OUTCOME_FAIL, OUTCOME_DONE, OUTCOME_RELEASE,
                                              OUTCOME_UNTOUCHED};
    struct taken taken[4];
    struct outcome outcomes[4];
    for (size_t i = 0; i < 4; i++) {
        taken[i] = lease_of(&fixture->reservation.jobs[i]);
        outcomes[i] = outcome_of(&taken[i], kinds[i]);
    }
    ok(fixture, fixture->driver->turn(fixture->a, "w", outcomes, 4, NULL, NULL, &fixture->err));
    has_stats(fixture, "work", 0, 0, 0, 1);
    assert_true(has_counts(fixture, "b", 4, 0, 0, 1, 3).finished_at_ms > 0);
    called_back(fixture, 0, 1, 1);
}

static void test_finished_batches_are_pruned(void **state)
{
    struct fixture *fixture = *state;
    uint64_t count;
    create(fixture, "open", false);
    static const char *const uuids[] = {"1", "2", "3"};
    for (size_t i = 0; i < 3; i++) {
        push_into(fixture, uuids[i], uuids[i]);
        finish_next(fixture, uuids[i], OUTCOME_DONE);
    }
    int64_t now = clock_wall_ms(&clock_system);
    ok(fixture, fixture->driver->batch_prune(fixture->b, now - 3600000, 10, &count, &fixture->err));
    assert_int_equal(count, 0);
    ok(fixture, fixture->driver->batch_prune(fixture->b, now + 3600000, 2, &count, &fixture->err));
    assert_int_equal(count, 2);
    ok(fixture, fixture->driver->batch_prune(fixture->b, now + 3600000, 2, &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(see(fixture, NULL, NULL, 10).uuids, "open ");
}

struct uuids {
    char text[512];
};

static int add_job(void *context, const struct job_view *view)
{
    strcat(strcat(((struct uuids *)context)->text, view->job.uuid), " ");
    return 0;
}

static void test_jobs_of_a_batch_are_listed(void **state)
{
    struct fixture *fixture = *state;
    struct uuids uuids = {""};
    const struct job_filter filter = {.batch_uuid = "b"};
    push_into(fixture, "a", "1");
    push_into(fixture, "b", "2");
    push_into(fixture, "b", "3");
    push_one(fixture, "work", "4");
    take_next(fixture, "1");
    take_next(fixture, "2");
    ok(fixture, fixture->driver->job_list(fixture->b, &filter, add_job, &uuids, &fixture->err));
    assert_string_equal(uuids.text, "2 3 ");
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_a_new_batch),
    CONFORMANCE(test_batches_newest_first),
    CONFORMANCE(test_all_jobs_succeed),
    CONFORMANCE(test_the_last_two_end_in_one_turn),
    CONFORMANCE(test_a_batch_that_nobody_made),
    CONFORMANCE(test_the_first_failure_cancels),
    CONFORMANCE(test_failures_may_be_allowed),
    CONFORMANCE(test_a_retried_job_opens_its_batch_again),
    CONFORMANCE(test_a_retry_after_a_cancelling_failure),
    CONFORMANCE(test_a_batch_is_cancelled),
    CONFORMANCE(test_an_empty_batch_is_cancelled),
    CONFORMANCE(test_a_repetition_into_a_closed_batch),
    CONFORMANCE(test_a_closed_batch_takes_no_jobs),
    CONFORMANCE(test_a_job_adds_to_its_batch),
    CONFORMANCE(test_repeated_and_duplicate_jobs_do_not_count),
    CONFORMANCE(test_purged_and_cancelled_jobs_count_as_cancelled),
    CONFORMANCE(test_leases_that_end_without_their_owner_in_a_cancelled_batch),
    CONFORMANCE(test_jobs_of_several_batches_in_one_call),
    CONFORMANCE(test_a_failure_and_releases_in_one_turn),
    CONFORMANCE(test_finished_batches_are_pruned),
    CONFORMANCE(test_jobs_of_a_batch_are_listed),
};

const struct part part_batches = PART("batches", tests);
