/* SPDX-License-Identifier: MIT */
#include "tests/drivers/suite.h"

#include <stdio.h>

#define UNICODE                                                                                    \
    "{\"name\":\"Gr\xc3\xb6\xc3\x9f\x65 \xe2\x82\xac \\ud83d\\ude00\",\"q\":\"\\\"\\\\\"}"

static void test_a_new_store_is_empty(void **state)
{
    struct fixture *fixture = *state;
    char names[1024];
    has_stats(fixture, "default", 0, 0, 0, 0);
    has_stats(fixture, NULL, 0, 0, 0, 0);
    assert_string_equal(queue_names(fixture, names), "");
    assert_int_equal(take(fixture, fixture->a, "w", "default", 10), 0);
    assert_int_equal(fixture->reservation.next_due_ms, -1);
}

static void test_all_of_a_job_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("mail.out:1", "job-1");
    job.name = "App\\Jobs\\Größe";
    job.data.text = UNICODE;
    job.data.length = strlen(UNICODE);
    job.priority = 7;
    job.max_attempts = 5;
    job.timeout_ms = 90500;
    job.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    push(fixture, &job, 1);

    assert_int_equal(take(fixture, fixture->b, "worker_1", "mail.out:1", 10), 1);
    const struct job *got = &fixture->reservation.jobs[0];
    assert_string_equal(got->uuid, "job-1");
    assert_string_equal(got->queue, "mail.out:1");
    assert_string_equal(got->name, job.name);
    assert_int_equal(got->data.length, job.data.length);
    assert_memory_equal(got->data.text, job.data.text, job.data.length);
    assert_null(got->batch_uuid);
    assert_null(got->unique_key);
    assert_null(got->chain.text);
    assert_string_equal(got->traceparent, job.traceparent);
    assert_int_equal(got->priority, 7);
    assert_int_equal(got->attempts, 1);
    assert_int_equal(got->max_attempts, 5);
    assert_int_equal(got->timeout_ms, 90500);
    assert_string_equal(got->reserved_by, "worker_1");
    int64_t wall_ms = clock_wall_ms(&clock_system);
    assert_in_range(got->created_at_ms, wall_ms - PATIENCE_MS, wall_ms + PATIENCE_MS);
    assert_int_equal(got->available_at_ms, got->created_at_ms);
    assert_in_range(got->reserved_at_ms, got->created_at_ms, wall_ms + PATIENCE_MS);
}

static void test_data_is_opaque(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "\"\"",
        "0",
        "-1.50e+3",
        "12345678901234567890123",
        "{ \"a\" : 1.0 }",
        "{\"a\":1,\"a\":2}",
        "\"\\u0041\\/\"",
        "{\"uuid\":\"x\",\"data\":{\"data\":[]}}",
    };
    const size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count; i++) {
        char uuid[16];
        snprintf(uuid, sizeof uuid, "job-%02zu", i);
        struct job job = job_of("default", uuid);
        job.data.text = texts[i];
        job.data.length = strlen(texts[i]);
        push(fixture, &job, 1);
    }
    assert_int_equal(take(fixture, fixture->a, "w", "default", count), count);
    for (size_t i = 0; i < count; i++) {
        const struct json_slice *data = &fixture->reservation.jobs[i].data;
        assert_int_equal(data->length, strlen(texts[i]));
        assert_memory_equal(data->text, texts[i], data->length);
    }
}

static struct job large_job(const char *uuid, char **text, size_t length)
{
    *text = mem_new(length + 1, 1);
    memset(*text, 'x', length);
    (*text)[0] = (*text)[length - 1] = '"';
    struct job job = job_of("default", uuid);
    job.data.text = *text;
    job.data.length = length;
    return job;
}

static void test_the_largest_data(void **state)
{
    struct fixture *fixture = *state;
    char *text;
    struct job job = large_job("large", &text, JOB_DATA_MAX);
    text[JOB_DATA_MAX / 2] = 'y';
    push(fixture, &job, 1);
    assert_int_equal(take(fixture, fixture->b, "w", "default", 1), 1);
    const struct job *got = &fixture->reservation.jobs[0];
    assert_int_equal(got->data.length, JOB_DATA_MAX);
    assert_memory_equal(got->data.text, text, JOB_DATA_MAX);
    struct taken taken = lease_of(got);
    assert_true(end(fixture, fixture->b, "w", &taken, OUTCOME_DONE));
    free(text);
}

static void test_a_reservation_is_bounded_in_bytes(void **state)
{
    struct fixture *fixture = *state;
    char *text;
    struct job job = large_job("a", &text, 6u << 20);
    const char *uuids[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        job.uuid = uuids[i];
        push(fixture, &job, 1);
    }
    size_t taken = take(fixture, fixture->a, "w", "default", 5);
    assert_in_range(taken, 1, 3);
    assert_int_equal(fixture->reservation.next_due_ms, 0);
    has_stats(fixture, "default", 5 - taken, taken, 0, 0);
    free(text);
}

static void test_many_at_once(void **state)
{
    struct fixture *fixture = *state;
    enum { COUNT = 2000 };
    struct job *jobs = mem_new(COUNT, sizeof *jobs);
    char(*uuids)[16] = mem_new(COUNT, sizeof *uuids);
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(uuids[i], sizeof uuids[i], "job-%06zu", i);
        jobs[i] = job_of(i % 2 ? "odd" : "even", uuids[i]);
    }
    push(fixture, jobs, COUNT);
    has_stats(fixture, "even", COUNT / 2, 0, 0, 0);
    has_stats(fixture, NULL, COUNT, 0, 0, 0);
    for (size_t i = 0; i < COUNT / 2; i += 100) {
        assert_int_equal(take(fixture, fixture->b, "w", "odd", 100), 100);
        for (size_t j = 0; j < 100; j++)
            assert_string_equal(fixture->reservation.jobs[j].uuid, uuids[2 * (i + j) + 1]);
    }
    assert_int_equal(take(fixture, fixture->b, "w", "odd", 100), 0);
    free(jobs);
    free(uuids);
}

static void test_pushing_nothing(void **state)
{
    struct fixture *fixture = *state;
    ok(fixture, fixture->driver->push(fixture->a, NULL, 0, NULL, &fixture->err));
    has_stats(fixture, NULL, 0, 0, 0, 0);
}

static void test_results_may_be_unwanted(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    ok(fixture, fixture->driver->push(fixture->a, &job, 1, NULL, &fixture->err));
    ok(fixture, fixture->driver->push(fixture->a, &job, 1, NULL, &fixture->err));
    has_stats(fixture, "default", 1, 0, 0, 0);
}

static void test_a_repeated_push_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[] = {job_of("default", "a"), job_of("default", "b"), job_of("default", "a"),
                         job_of("other", "a")};
    enum push_result results[4];
    push(fixture, jobs, 1);
    ok(fixture, fixture->driver->push(fixture->b, jobs, 4, results, &fixture->err));
    assert_int_equal(results[0], PUSH_REPEATED);
    assert_int_equal(results[1], PUSH_STORED);
    assert_int_equal(results[2], PUSH_REPEATED);
    assert_int_equal(results[3], PUSH_REPEATED);
    has_stats(fixture, NULL, 2, 0, 0, 0);
    takes_in_order(fixture, "default", "a b");
}

static void test_a_repeated_push_of_what_runs_or_waits_or_failed(void **state)
{
    struct fixture *fixture = *state;
    struct job reserved = job_of("default", "a"), failed = job_of("default", "b"),
               delayed = job_of("default", "c");
    delayed.delay_ms = 3600000;
    push(fixture, &reserved, 1);
    take_one(fixture, fixture->a, "w", "default", "a");
    push(fixture, &failed, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "b");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
    push(fixture, &delayed, 1);
    assert_int_equal(push_result_of(fixture, &reserved), PUSH_REPEATED);
    assert_int_equal(push_result_of(fixture, &failed), PUSH_REPEATED);
    assert_int_equal(push_result_of(fixture, &delayed), PUSH_REPEATED);
    has_stats(fixture, "default", 0, 1, 1, 1);
}

enum { MANY = 200 };

static void make_many(struct job *jobs, char (*uuids)[16])
{
    for (size_t i = 0; i < MANY; i++) {
        snprintf(uuids[i], sizeof uuids[i], "job-%06zu", i);
        jobs[i] = job_of("default", uuids[i]);
        jobs[i].priority = i < MANY / 2 ? 0 : 5;
    }
}

static void fail_one(struct fixture *fixture, const struct job *job)
{
    push(fixture, job, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", job->uuid);
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_FAIL));
}

/* A store may have a faster way for many jobs, and has to notice that it does not suit these. */
static void push_many_knowing(struct fixture *fixture, const struct job *jobs, size_t known)
{
    enum push_result results[MANY];
    ok(fixture, fixture->driver->push(fixture->b, jobs, MANY, results, &fixture->err));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(results[i], i == known ? PUSH_REPEATED : PUSH_STORED);
    ok(fixture, fixture->driver->push(fixture->b, jobs, MANY, results, &fixture->err));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(results[i], PUSH_REPEATED);
}

static void test_many_of_which_one_runs(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[MANY];
    char uuids[MANY][16];
    make_many(jobs, uuids);
    push(fixture, &jobs[30], 1);
    take_one(fixture, fixture->a, "w", "default", uuids[30]);
    push_many_knowing(fixture, jobs, 30);
    has_stats(fixture, "default", MANY - 1, 1, 0, 0);
}

static void test_many_of_which_one_has_failed(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[MANY];
    char uuids[MANY][16];
    make_many(jobs, uuids);
    fail_one(fixture, &jobs[MANY - 1]);
    push_many_knowing(fixture, jobs, MANY - 1);
    has_stats(fixture, "default", MANY - 1, 0, 0, 1);
}

static void test_many_of_which_some_are_delayed(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[MANY];
    char uuids[MANY][16];
    make_many(jobs, uuids);
    for (size_t i = 0; i < MANY; i += 4)
        jobs[i].delay_ms = 3600000;
    push(fixture, jobs, MANY);
    has_stats(fixture, "default", MANY * 3 / 4, 0, MANY / 4, 0);
    assert_int_equal(take(fixture, fixture->a, "w", "default", 1), 1);
    assert_string_equal(fixture->reservation.jobs[0].uuid, uuids[MANY / 2 + 1]);
}

static void test_all_of_many_comes_back(void **state)
{
    struct fixture *fixture = *state;
    struct job jobs[MANY];
    char uuids[MANY][16];
    make_many(jobs, uuids);
    for (size_t i = 0; i < MANY; i++) {
        jobs[i].name = "App\\Jobs\\Größe";
        jobs[i].data =
            (struct json_slice){.text = UNICODE, .length = strlen(UNICODE), .kind = JSON_OBJECT};
        jobs[i].timeout_ms = 1000 + (int64_t)i;
    }
    push(fixture, jobs, MANY);
    assert_int_equal(take(fixture, fixture->b, "w", "default", MANY), MANY);
    for (size_t i = 0; i < MANY; i++) { /* those of the priority 5 first */
        const struct job *got = &fixture->reservation.jobs[(i + MANY / 2) % MANY];
        assert_string_equal(got->uuid, uuids[i]);
        assert_string_equal(got->name, jobs[i].name);
        assert_int_equal(got->data.length, strlen(UNICODE));
        assert_memory_equal(got->data.text, UNICODE, strlen(UNICODE));
        assert_int_equal(got->timeout_ms, jobs[i].timeout_ms);
        assert_int_equal(got->priority, jobs[i].priority);
        assert_int_equal(got->available_at_ms, got->created_at_ms);
    }
}

static void test_a_finished_uuid_is_free(void **state)
{
    struct fixture *fixture = *state;
    struct job job = job_of("default", "a");
    push(fixture, &job, 1);
    struct taken taken = take_one(fixture, fixture->a, "w", "default", "a");
    assert_true(end(fixture, fixture->a, "w", &taken, OUTCOME_DONE));
    assert_int_equal(push_result_of(fixture, &job), PUSH_STORED);
    has_stats(fixture, "default", 1, 0, 0, 0);
}

static void test_uuids_of_any_kind(void **state)
{
    struct fixture *fixture = *state;
    static const char *const uuids[] = {
        "1BPhHuYFeYIG",  "order:7/2026",
        "{\"a\":\"b\"}", "'; DROP TABLE queue_jobs; --",
        "%s%n*?[",       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    };
    for (size_t i = 0; i < sizeof uuids / sizeof uuids[0]; i++) {
        char uuid[UUID_TEXT_SIZE];
        snprintf(uuid, sizeof uuid, "%s", uuids[i]);
        for (char *at = uuid; *at; at++)
            *at = *at == ' ' ? '_' : *at;
        push_one(fixture, "default", uuid);
        struct taken taken = take_one(fixture, fixture->b, "w", "default", uuid);
        assert_true(end(fixture, fixture->b, "w", &taken, OUTCOME_DONE));
    }
    has_stats(fixture, "default", 0, 0, 0, 0);
}

static void test_health(void **state)
{
    struct fixture *fixture = *state;
    struct store_health health;
    push_one(fixture, "a", "1");
    push_one(fixture, "b", "2");
    push_with(fixture, "b", "3", 0, 3600000);
    take_one(fixture, fixture->a, "w", "a", "1");
    ok(fixture, fixture->driver->health(fixture->b, &health, &fixture->err));
    assert_true(health.version[0] != '\0');
    assert_int_equal(health.total_queues, 2);
    assert_int_equal(health.total_jobs, 3);
}

static void test_a_driver_describes_itself(void **state)
{
    struct fixture *fixture = *state;
    const struct driver *driver = fixture->driver;
    assert_int_equal(driver->abi, DRIVER_ABI);
    assert_int_equal(driver->size, sizeof(struct driver));
    assert_true(driver->name[0] && driver->version[0] && driver->description[0]);
    assert_non_null(driver->features);
    assert_non_null(driver->dependencies);
    driver->close(NULL);
}

static const struct CMUnitTest tests[] = {
    CONFORMANCE(test_a_driver_describes_itself),
    CONFORMANCE(test_a_new_store_is_empty),
    CONFORMANCE(test_all_of_a_job_comes_back),
    CONFORMANCE(test_data_is_opaque),
    CONFORMANCE(test_the_largest_data),
    CONFORMANCE(test_a_reservation_is_bounded_in_bytes),
    CONFORMANCE(test_many_at_once),
    CONFORMANCE(test_pushing_nothing),
    CONFORMANCE(test_results_may_be_unwanted),
    CONFORMANCE(test_a_repeated_push_changes_nothing),
    CONFORMANCE(test_a_repeated_push_of_what_runs_or_waits_or_failed),
    CONFORMANCE(test_many_of_which_one_runs),
    CONFORMANCE(test_many_of_which_one_has_failed),
    CONFORMANCE(test_many_of_which_some_are_delayed),
    CONFORMANCE(test_all_of_many_comes_back),
    CONFORMANCE(test_a_finished_uuid_is_free),
    CONFORMANCE(test_uuids_of_any_kind),
    CONFORMANCE(test_health),
};

const struct part part_push = PART("push", tests);
