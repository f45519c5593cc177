/* SPDX-License-Identifier: MIT */
#include "queue/job.h"

#include <string.h>

#include "common/settings.h"
#include "common/utf8.h"
#include "common/uuid.h"

static int check_identifier(const char *what, const char *text, struct err *err)
{
    if (!text || uuid_valid(text, strlen(text)))
        return 0;
    return err_set(err, ERR_INVALID, "%s must be 1 to %d printable ASCII characters without space",
                   what, UUID_TEXT_MAX);
}

/* A line of text that people will read in tables and logs. */
static int check_line(const char *what, const char *text, size_t max, struct err *err)
{
    size_t length = strlen(text);
    if (length == 0)
        return err_set(err, ERR_INVALID, "%s is empty", what);
    if (length > max)
        return err_set(err, ERR_LIMIT, "%s is longer than %zu bytes", what, max);
    if (!utf8_is_valid(text, length))
        return err_set(err, ERR_INVALID, "%s is not UTF-8", what);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return err_set(err, ERR_INVALID, "%s has a control character in it", what);
    return 0;
}

static int check_range(const char *what, int64_t value, int64_t min, int64_t max, struct err *err)
{
    if (value >= min && value <= max)
        return 0;
    return err_set(err, ERR_INVALID, "%s must be from %lld to %lld", what, (long long)min,
                   (long long)max);
}

static int check_names(const struct job *job, struct err *err)
{
    if (settings_check_name("the queue", job->queue, err) < 0 ||
        check_line("the job's class", job->name, JOB_NAME_MAX, err) < 0 ||
        check_identifier("the uuid", job->uuid, err) < 0 ||
        check_identifier("the batch's uuid", job->batch_uuid, err) < 0)
        return -1;
    return job->traceparent ? check_line("traceparent", job->traceparent, JOB_TRACE_MAX, err) : 0;
}

static int check_numbers(const struct job *job, struct err *err)
{
    const int64_t timeout_max = INT64_C(1000) * JOB_TIMEOUT_MAX;
    const int64_t delay_max = INT64_C(1000) * JOB_DELAY_MAX;
    if (check_range("the priority", job->priority, -JOB_PRIORITY_MAX, JOB_PRIORITY_MAX, err) < 0 ||
        check_range("max_attempts", job->max_attempts, 0, JOB_ATTEMPTS_MAX, err) < 0 ||
        check_range("the timeout in milliseconds", job->timeout_ms, 0, timeout_max, err) < 0)
        return -1;
    return check_range("the delay in milliseconds", job->delay_ms, 0, delay_max, err);
}

static int check_unique(struct job *job, struct err *err)
{
    if (!job->unique_key)
        return job->unique_until == UNIQUE_NONE
                   ? 0
                   : err_set(err, ERR_INVALID, "unique without a unique key");
    if (job->unique_until == UNIQUE_NONE)
        job->unique_until = UNIQUE_DONE;
    if (job->unique_until == UNIQUE_TIME &&
        check_range("the time of the unique key in milliseconds", job->unique_ms, 1,
                    INT64_C(1000) * JOB_DELAY_MAX, err) < 0)
        return -1;
    return check_line("the unique key", job->unique_key, JOB_KEY_MAX, err);
}

/* Finds the extent of a JSON value and makes it fit on a line. */
static int check_json(const char *what, struct json_slice *value, struct err *err)
{
    if (json_scan(value->text, value->length, value, err) < 0)
        return err_prefix(err, "%s", what);
    json_join_lines((char *)(uintptr_t)value->text, value->length);
    return 0;
}

int job_check_data(struct job *job, struct err *err)
{
    if (!job->data.text)
        return err_set(err, ERR_INVALID, "the job has no data");
    if (job->data.length > JOB_DATA_MAX)
        return err_set(err, ERR_LIMIT, "data is %zu bytes, at most %u are allowed",
                       job->data.length, JOB_DATA_MAX);
    return check_json("data", &job->data, err);
}

/* --- chains --- */

struct chain {
    const char *queue;
    struct arena arena;
    size_t count;
};

static int check_link(void *context, const struct json_slice *element, struct err *err)
{
    struct chain *chain = context;
    struct job job;
    if (++chain->count > JOB_CHAIN_MAX)
        return err_set(err, ERR_LIMIT, "a chain has at most %d jobs", JOB_CHAIN_MAX);
    if (job_from_json(element->text, element->length, chain->queue, &chain->arena, &job, err) < 0)
        return -1;
    if (job.chain.text)
        return err_set(err, ERR_INVALID, "a job of a chain cannot have a chain of its own");
    int result = job_check(&job, err);
    arena_reset(&chain->arena);
    return result;
}

static int check_chain(struct job *job, struct err *err)
{
    if (!job->chain.text)
        return 0;
    struct chain chain = {.queue = job->queue};
    int result = check_json("chain", &job->chain, err);
    if (result == 0 &&
        json_scan_array(job->chain.text, job->chain.length, check_link, &chain, err) < 0)
        result = err_prefix(err, "chain, job %zu", chain.count);
    arena_finish(&chain.arena);
    return result;
}

int job_check(struct job *job, struct err *err)
{
    if (check_names(job, err) < 0 || check_numbers(job, err) < 0 || check_unique(job, err) < 0 ||
        job_check_data(job, err) < 0)
        return -1;
    if (job->chain.length > JOB_DATA_MAX - job->data.length)
        return err_set(err, ERR_LIMIT, "data and chain together are at most %u bytes",
                       JOB_DATA_MAX);
    return check_chain(job, err);
}

/* --- backoff --- */

static int64_t multiply(int64_t value, int64_t factor)
{
    int64_t product;
    return __builtin_mul_overflow(value, factor, &product) ? INT64_MAX : product;
}

static int64_t grown_delay(const struct worker_options *options, int attempts)
{
    int64_t delay = options->backoff_delay;
    int64_t n = attempts > 0 ? attempts : 1;
    switch ((enum backoff_kind)options->backoff) {
    case BACKOFF_NONE:
        return 0;
    case BACKOFF_FIXED:
        return delay;
    case BACKOFF_LINEAR:
        return multiply(delay, n);
    case BACKOFF_EXPONENTIAL:
        return multiply(delay, INT64_C(1) << (n > 62 ? 62 : n));
    }
    return delay;
}

int64_t job_backoff_ms(const struct worker_options *options, int attempts, double random)
{
    int64_t delay = grown_delay(options, attempts);
    if (delay > options->backoff_max)
        delay = options->backoff_max;
    double part = random * (double)options->backoff_jitter / 100;
    return delay - (int64_t)((double)delay * part);
}
