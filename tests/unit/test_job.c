/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "common/settings.h"
#include "queue/job.h"

static struct json_slice slice(const char *text)
{
    return (struct json_slice){.text = text, .length = strlen(text)};
}

static struct job good(void)
{
    return (struct job){.queue = "default", .name = "SendEmail", .data = slice("{}")};
}

static void refused(struct job job, enum err_code code, const char *text)
{
    struct err err = ERR_INIT;
    assert_int_equal(job_check(&job, &err), -1);
    assert_int_equal(err.code, code);
    if (!strstr(err.text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
}

static void test_a_good_job(void **state)
{
    (void)state;
    char data[] = "  {\"a\":\n[1,\r\n2]}  ";
    struct job job = good();
    job.data = slice(data);
    job.uuid = "order-1";
    job.priority = -1000;
    job.delay_ms = INT64_C(1000) * JOB_DELAY_MAX;
    assert_int_equal(job_check(&job, NULL), 0);
    assert_int_equal(job.data.length, strlen("{\"a\": [1,  2]}"));
    assert_memory_equal(job.data.text, "{\"a\": [1,  2]}", job.data.length);
}

static void test_names(void **state)
{
    (void)state;
    char name[JOB_NAME_MAX + 2];
    memset(name, 'x', sizeof name);
    name[JOB_NAME_MAX + 1] = '\0';
    struct job job = good();
    job.name = name;
    refused(job, ERR_LIMIT, "the job's class is longer than 255 bytes");
    job.name = "";
    refused(job, ERR_INVALID, "the job's class is empty");
    job.name = "a\tb";
    refused(job, ERR_INVALID, "control character");
    job.name = "\xff";
    refused(job, ERR_INVALID, "not UTF-8");
    job.name = "App\\Jobs\\Größe";
    assert_int_equal(job_check(&job, NULL), 0);
    job.queue = "a b";
    refused(job, ERR_INVALID, "the queue");
    job = good();
    job.uuid = "a b";
    refused(job, ERR_INVALID, "the uuid must be");
    job = good();
    job.batch_uuid = "";
    refused(job, ERR_INVALID, "the batch's uuid");
    job = good();
    job.traceparent = "";
    refused(job, ERR_INVALID, "traceparent is empty");
}

static void test_numbers(void **state)
{
    (void)state;
    struct job job = good();
    job.priority = 1001;
    refused(job, ERR_INVALID, "the priority must be from -1000 to 1000");
    job = good();
    job.max_attempts = -1;
    refused(job, ERR_INVALID, "max_attempts");
    job = good();
    job.timeout_ms = INT64_C(1000) * JOB_TIMEOUT_MAX + 1;
    refused(job, ERR_INVALID, "the timeout");
    job = good();
    job.delay_ms = -1;
    refused(job, ERR_INVALID, "the delay");
}

static void test_data(void **state)
{
    (void)state;
    struct job job = good();
    job.data = (struct json_slice){0};
    refused(job, ERR_INVALID, "no data");
    job.data = slice("{\"a\":}");
    refused(job, ERR_INVALID, "data: not JSON");
    job.data = slice("1 2");
    refused(job, ERR_INVALID, "data: not JSON");
    job.data.length = JOB_DATA_MAX + 1;
    refused(job, ERR_LIMIT, "at most 15728640");
}

static void test_unique(void **state)
{
    (void)state;
    struct job job = good();
    job.unique_key = "invoice 7";
    assert_int_equal(job_check(&job, NULL), 0);
    assert_int_equal(job.unique_until, UNIQUE_DONE);
    job.unique_until = UNIQUE_TIME;
    refused(job, ERR_INVALID, "the time of the unique key");
    job.unique_ms = 1;
    assert_int_equal(job_check(&job, NULL), 0);
    job.unique_key = "";
    refused(job, ERR_INVALID, "the unique key is empty");
    job.unique_key = NULL;
    refused(job, ERR_INVALID, "without a unique key");
}

static void test_chain(void **state)
{
    (void)state;
    struct job job = good();
    job.chain = slice("[{\"job\":\"A\"},{\"job\":\"B\",\"data\":[1]}]");
    assert_int_equal(job_check(&job, NULL), 0);
    job.chain = slice("[]");
    assert_int_equal(job_check(&job, NULL), 0);
    job.chain = slice("{}");
    refused(job, ERR_INVALID, "no array");
    job.chain = slice("[{\"job\":\"A\"},{\"jab\":\"B\"}]");
    refused(job, ERR_INVALID, "chain, job 2: an unknown member \"jab\"");
    job.chain = slice("[{\"job\":\"A\",\"chain\":[]}]");
    refused(job, ERR_INVALID, "a chain of its own");
    job.chain = slice("[{\"job\":\"A\",\"queue\":\"-\"}]");
    refused(job, ERR_INVALID, "chain, job 1: the queue");
}

static void test_a_chain_is_bounded(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1u << 20);
    for (int i = 0; i <= JOB_CHAIN_MAX; i++)
        buf_text_append(&buf, i == 0 ? "[{\"job\":\"A\"}" : ",{\"job\":\"A\"}");
    buf_text_append(&buf, "]");
    struct job job = good();
    job.chain = slice(buf_text(&buf));
    refused(job, ERR_LIMIT, "at most 1000 jobs");
    buf_finish(&buf);
}

static struct worker_options backoff(enum backoff_kind kind)
{
    return (struct worker_options){
        .backoff = (int)kind, .backoff_delay = 10000, .backoff_max = 300000, .backoff_jitter = 20};
}

static void test_backoff_grows(void **state)
{
    (void)state;
    static const struct {
        enum backoff_kind kind;
        int attempts;
        int64_t ms;
    } rows[] = {
        {BACKOFF_NONE, 1, 0},
        {BACKOFF_FIXED, 1, 10000},
        {BACKOFF_FIXED, 9, 10000},
        {BACKOFF_LINEAR, 1, 10000},
        {BACKOFF_LINEAR, 3, 30000},
        {BACKOFF_LINEAR, 100000, 300000},
        {BACKOFF_EXPONENTIAL, 0, 20000},
        {BACKOFF_EXPONENTIAL, 1, 20000},
        {BACKOFF_EXPONENTIAL, 2, 40000},
        {BACKOFF_EXPONENTIAL, 4, 160000},
        {BACKOFF_EXPONENTIAL, 5, 300000},
        {BACKOFF_EXPONENTIAL, 100000, 300000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct worker_options options = backoff(rows[i].kind);
        assert_int_equal(job_backoff_ms(&options, rows[i].attempts, 0), rows[i].ms);
    }
}

static void test_backoff_is_shortened_by_the_jitter(void **state)
{
    (void)state;
    struct worker_options options = backoff(BACKOFF_FIXED);
    assert_int_equal(job_backoff_ms(&options, 1, 0.5), 9000);
    assert_in_range(job_backoff_ms(&options, 1, 0.999999), 8000, 8001);
    options.backoff_jitter = 0;
    assert_int_equal(job_backoff_ms(&options, 1, 0.999999), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_job),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_unique),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_a_chain_is_bounded),
        cmocka_unit_test(test_backoff_grows),
        cmocka_unit_test(test_backoff_is_shortened_by_the_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
