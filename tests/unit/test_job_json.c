/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "queue/job.h"

struct fixture {
    struct arena arena;
    struct buf buf;
    struct job job;
    struct err err;
};

static int setup(void **state)
{
    struct fixture *fixture = mem_new(1, sizeof *fixture);
    buf_init(&fixture->buf, 1u << 20);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    arena_finish(&fixture->arena);
    buf_finish(&fixture->buf);
    free(fixture);
    return 0;
}

static int read_job(struct fixture *fixture, const char *text)
{
    err_clear(&fixture->err);
    return job_from_json(text, strlen(text), "fallback", &fixture->arena, &fixture->job,
                         &fixture->err);
}

static void refused(struct fixture *fixture, const char *text, const char *message)
{
    assert_int_equal(read_job(fixture, text), -1);
    if (!strstr(fixture->err.text, message))
        fail_msg("%s: \"%s\" is not in \"%s\"", text, message, fixture->err.text);
}

static void slice_equal(const struct json_slice *slice, const char *text)
{
    assert_int_equal(slice->length, strlen(text));
    assert_memory_equal(slice->text, text, slice->length);
}

static void test_the_shortest_job(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(read_job(fixture, "{\"job\":\"SendEmail\"}"), 0);
    const struct job *job = &fixture->job;
    assert_string_equal(job->name, "SendEmail");
    assert_string_equal(job->queue, "fallback");
    assert_null(job->uuid);
    assert_int_equal(job->priority, 0);
    assert_int_equal(job->unique_until, UNIQUE_NONE);
    slice_equal(&job->data, "{}");
}

static void test_all_members(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(read_job(fixture,
                              "{\"job\":\"App\\\\Mail\",\"data\":{\"priority\":7,\n\"b\":[1]},"
                              "\"uuid\":\"u-1\",\"queue\":\"q\",\"delay\":0.25,\"priority\":-5,"
                              "\"max_attempts\":4,\"timeout\":1.5,\"batch_uuid\":\"b-1\","
                              "\"unique_key\":\"k\",\"unique_for\":60,"
                              "\"chain\":[{\"job\":\"B\"}],\"traceparent\":\"00-1-2-01\"}"),
                     0);
    const struct job *job = &fixture->job;
    assert_string_equal(job->name, "App\\Mail");
    slice_equal(&job->data, "{\"priority\":7, \"b\":[1]}");
    assert_string_equal(job->uuid, "u-1");
    assert_string_equal(job->queue, "q");
    assert_int_equal(job->delay_ms, 250);
    assert_int_equal(job->priority, -5);
    assert_int_equal(job->max_attempts, 4);
    assert_int_equal(job->timeout_ms, 1500);
    assert_string_equal(job->batch_uuid, "b-1");
    assert_string_equal(job->unique_key, "k");
    assert_int_equal(job->unique_until, UNIQUE_TIME);
    assert_int_equal(job->unique_ms, 60000);
    slice_equal(&job->chain, "[{\"job\":\"B\"}]");
    assert_string_equal(job->traceparent, "00-1-2-01");
}

static void test_the_other_spelling(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(read_job(fixture, "{\"job\":\"A\",\"maxAttempts\":4,\"batchUuid\":\"b\","
                                       "\"uniqueKey\":\"k\",\"uniqueUntil\":\"started\"}"),
                     0);
    assert_int_equal(fixture->job.max_attempts, 4);
    assert_string_equal(fixture->job.batch_uuid, "b");
    assert_int_equal(fixture->job.unique_until, UNIQUE_STARTED);
    refused(fixture, "{\"job\":\"A\",\"maxAttempts\":4,\"max_attempts\":4}", "not both");
}

static void test_the_priority_of_the_data(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(read_job(fixture, "{\"job\":\"A\",\"data\":{\"priority\":10}}"), 0);
    assert_int_equal(fixture->job.priority, 10);
    assert_int_equal(read_job(fixture, "{\"job\":\"A\",\"data\":{\"priority\":\"high\"}}"), 0);
    assert_int_equal(fixture->job.priority, 0);
    assert_int_equal(read_job(fixture, "{\"job\":\"A\",\"data\":{\"priority\":1e9}}"), 0);
    assert_int_equal(fixture->job.priority, 0);
    assert_int_equal(read_job(fixture, "{\"job\":\"A\",\"data\":[10]}"), 0);
    assert_int_equal(fixture->job.priority, 0);
}

static void test_what_is_refused(void **state)
{
    struct fixture *fixture = *state;
    refused(fixture, "[]", "no object");
    refused(fixture, "{}", "\"job\" (the class) is missing");
    refused(fixture, "{\"job\":null}", "\"job\" (the class) is missing");
    refused(fixture, "{\"job\":1}", "job must be a string");
    refused(fixture, "{\"job\":\"A\",\"dat\":1}", "an unknown member \"dat\"");
    refused(fixture, "{\"job\":\"A\",\"delay\":-1}", "delay must be a number of seconds from 0 to");
    refused(fixture, "{\"job\":\"A\",\"delay\":\"5\"}", "delay must be a number");
    refused(fixture, "{\"job\":\"A\",\"timeout\":604801}", "timeout must be");
    refused(fixture, "{\"job\":\"A\",\"priority\":1.5}", "priority must be a whole number");
    refused(fixture, "{\"job\":\"A\",\"unique_until\":\"done\",\"unique_for\":1}", "not both");
    refused(fixture, "{\"job\":\"A\",\"unique_key\":\"k\",\"unique_until\":\"then\"}",
            "must be \"done\" or \"started\"");
}

static bool texts_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void jobs_equal(const struct job *a, const struct job *b)
{
    assert_true(texts_equal(a->uuid, b->uuid));
    assert_true(texts_equal(a->name, b->name));
    assert_true(texts_equal(a->batch_uuid, b->batch_uuid));
    assert_true(texts_equal(a->unique_key, b->unique_key));
    assert_true(texts_equal(a->traceparent, b->traceparent));
    assert_int_equal(a->unique_until, b->unique_until);
    assert_int_equal(a->unique_ms, b->unique_ms);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->max_attempts, b->max_attempts);
    assert_int_equal(a->timeout_ms, b->timeout_ms);
    assert_int_equal(a->data.length, b->data.length);
    assert_memory_equal(a->data.text, b->data.text, b->data.length);
    assert_int_equal(a->chain.length, b->chain.length);
    if (b->chain.text)
        assert_memory_equal(a->chain.text, b->chain.text, b->chain.length);
}

static const char *const written[] = {
    "{\"job\":\"A\",\"uuid\":\"u\",\"data\":{\"a\\\"b\":\"\\u00e9\"}}",
    "{\"job\":\"A\\\\B\\u00e9\",\"uuid\":\"\\\"\\\\\",\"data\":1.50,\"delay\":0.001,\"priority\":9,"
    "\"max_attempts\":3,\"timeout\":0.5,\"batch_uuid\":\"b\",\"unique_key\":\"k\","
    "\"unique_until\":\"started\",\"chain\":[{\"job\":\"B\"}],\"traceparent\":\"t\"}",
    "{\"job\":\"A\",\"uuid\":\"u\",\"unique_key\":\"k\",\"unique_for\":1.5}",
    "{\"job\":\"A\",\"uuid\":\"u\",\"unique_key\":\"k\"}",
};

static void test_a_job_written_as_json_is_the_same(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        assert_int_equal(read_job(fixture, written[i]), 0);
        struct job before = fixture->job;
        buf_clear(&fixture->buf);
        assert_int_equal(job_to_json(&before, &fixture->buf, NULL), 0);
        assert_int_equal(read_job(fixture, buf_text(&fixture->buf)), 0);
        jobs_equal(&fixture->job, &before);
        assert_string_equal(fixture->job.queue, before.queue);
        assert_int_equal(fixture->job.delay_ms, before.delay_ms);
    }
}

static void test_a_payload_read_back_is_the_same(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        assert_int_equal(read_job(fixture, written[i]), 0);
        struct job before = fixture->job;
        size_t data_at;
        buf_clear(&fixture->buf);
        buf_text_append(&fixture->buf, "before");
        assert_int_equal(job_payload_encode(&before, &fixture->buf, &data_at, NULL), 0);
        buf_consume(&fixture->buf, strlen("before"));
        struct job after;
        memset(&after, 0x55, sizeof after);
        assert_int_equal(job_payload_decode(buf_text(&fixture->buf), fixture->buf.length,
                                            &fixture->arena, &after, NULL),
                         0);
        jobs_equal(&after, &before);
        assert_ptr_equal(after.data.text, buf_text(&fixture->buf) + data_at);
    }
}

static void test_the_words_of_a_payload(void **state)
{
    struct fixture *fixture = *state;
    const struct job job = {.uuid = "u",
                            .name = "App\\Jobs\\Mail",
                            .data = {.text = "{\"a\":1}", .length = 7},
                            .priority = 5,
                            .max_attempts = 3,
                            .timeout_ms = 60000,
                            .created_at_ms = INT64_C(1795494243999)};
    assert_int_equal(job_payload_encode(&job, &fixture->buf, NULL, NULL), 0);
    assert_string_equal(buf_text(&fixture->buf),
                        "{\"uuid\":\"u\",\"displayName\":\"App\\\\Jobs\\\\Mail\","
                        "\"job\":\"App\\\\Jobs\\\\Mail\",\"data\":{\"a\":1},\"maxAttempts\":3,"
                        "\"timeout\":60,\"priority\":5,\"pushedAt\":1795494243}");
}

/* As Glueful's own code writes it: with members that we do not write. */
static void test_a_foreign_payload(void **state)
{
    struct fixture *fixture = *state;
    static const char text[] =
        "{\"uuid\":\"1BPhHuYFeYIG\",\"displayName\":\"App\\\\Jobs\\\\X\",\"job\":\"App\\\\Jobs\\\\X"
        "\",\"data\":{\"a\":1,\"priority\":3},\"attempts\":0,\"maxAttempts\":3,\"timeout\":60,"
        "\"pushedAt\":1795494243,\"_glueful_signature_version\":\"v1\"}";
    struct job job = {.queue = "kept", .attempts = 2};
    assert_int_equal(job_payload_decode(text, strlen(text), &fixture->arena, &job, NULL), 0);
    assert_string_equal(job.name, "App\\Jobs\\X");
    assert_int_equal(job.max_attempts, 3);
    assert_int_equal(job.timeout_ms, 60000);
    assert_string_equal(job.queue, "kept");
    assert_int_equal(job.attempts, 2);
}

static void test_what_is_no_payload(void **state)
{
    struct fixture *fixture = *state;
    static const char *const texts[] = {"", "[]", "{\"uuid\":\"u\",\"job\":\"A\"}",
                                        "{\"uuid\":\"u\",\"data\":1}",
                                        "{\"uuid\":1,\"job\":\"A\",\"data\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct job job;
        struct err err = ERR_INIT;
        assert_int_equal(
            job_payload_decode(texts[i], strlen(texts[i]), &fixture->arena, &job, &err), -1);
        assert_int_equal(err.code, ERR_INVALID);
    }
}

static void test_the_cap_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct buf small;
    struct err err = ERR_INIT;
    buf_init(&small, 40);
    assert_int_equal(read_job(fixture, written[0]), 0);
    assert_int_equal(job_payload_encode(&fixture->job, &small, NULL, &err), -1);
    assert_int_equal(err.code, ERR_LIMIT);
    buf_finish(&small);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_shortest_job),
        TEST(test_all_members),
        TEST(test_the_other_spelling),
        TEST(test_the_priority_of_the_data),
        TEST(test_what_is_refused),
        TEST(test_a_job_written_as_json_is_the_same),
        TEST(test_a_payload_read_back_is_the_same),
        TEST(test_the_words_of_a_payload),
        TEST(test_a_foreign_payload),
        TEST(test_what_is_no_payload),
        TEST(test_the_cap_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
