/* SPDX-License-Identifier: MIT */
#include "queue/job.h"

#include <string.h>

#include "queue/job_text.h"

/* The payload: what a store keeps of a job, in the guide's words. */

static const struct job_unique_names unique_names = {"uniqueKey", "uniqueUntil", "uniqueFor"};

int job_payload_encode(const struct job *job, struct buf *out, size_t *data_at, struct err *err)
{
    struct job_writer writer;
    size_t start = out->length;
    job_write_begin(&writer, out);
    job_write_text(&writer, "uuid", job->uuid);
    job_write_text(&writer, "displayName", job->name);
    job_write_text(&writer, "job", job->name);
    job_write_slice(&writer, "data", &job->data);
    if (data_at)
        *data_at = out->length - start - job->data.length;
    job_write_integer(&writer, "maxAttempts", job->max_attempts);
    job_write_seconds(&writer, "timeout", job->timeout_ms);
    job_write_integer(&writer, "priority", job->priority);
    job_write_integer(&writer, "pushedAt", job->created_at_ms / 1000);
    job_write_text(&writer, "batchUuid", job->batch_uuid);
    job_write_unique(&writer, &unique_names, job);
    job_write_slice(&writer, "chain", &job->chain);
    job_write_text(&writer, "traceparent", job->traceparent);
    return job_write_end(&writer, err);
}

/* The members that are read; displayName and pushedAt are for people. */
enum {
    UUID,
    JOB,
    DATA,
    MAX_ATTEMPTS,
    TIMEOUT,
    PRIORITY,
    BATCH_UUID,
    UNIQUE_KEY,
    UNTIL,
    DURATION,
    CHAIN,
    TRACEPARENT,
    FIELD_COUNT,
};

static int read_limits(const struct json_field *fields, struct job *job, struct err *err)
{
    if (job_read_integer(&fields[MAX_ATTEMPTS], 0, JOB_ATTEMPTS_MAX, &job->max_attempts, err) < 0 ||
        job_read_seconds(&fields[TIMEOUT], JOB_TIMEOUT_MAX, &job->timeout_ms, err) < 0)
        return -1;
    return job_read_integer(&fields[PRIORITY], -JOB_PRIORITY_MAX, JOB_PRIORITY_MAX, &job->priority,
                            err);
}

static int read_texts(const struct json_field *fields, struct arena *arena, struct job *job,
                      struct err *err)
{
    if (job_read_text(&fields[UUID], arena, &job->uuid, err) < 0 ||
        job_read_text(&fields[JOB], arena, &job->name, err) < 0 ||
        job_read_text(&fields[BATCH_UUID], arena, &job->batch_uuid, err) < 0 ||
        job_read_text(&fields[TRACEPARENT], arena, &job->traceparent, err) < 0)
        return -1;
    if (!job->uuid || !job->name || !fields[DATA].value.text)
        return err_set(err, ERR_INVALID, "not a payload: it has no uuid, no job or no data");
    return 0;
}

int job_payload_decode(const char *text, size_t length, struct arena *arena, struct job *job,
                       struct err *err)
{
    struct json_field fields[FIELD_COUNT] = {
        [UUID] = {.name = "uuid"},
        [JOB] = {.name = "job"},
        [DATA] = {.name = "data"},
        [MAX_ATTEMPTS] = {.name = "maxAttempts"},
        [TIMEOUT] = {.name = "timeout"},
        [PRIORITY] = {.name = "priority"},
        [BATCH_UUID] = {.name = "batchUuid"},
        [UNIQUE_KEY] = {.name = "uniqueKey"},
        [UNTIL] = {.name = "uniqueUntil"},
        [DURATION] = {.name = "uniqueFor"},
        [CHAIN] = {.name = "chain"},
        [TRACEPARENT] = {.name = "traceparent"},
    };
    job->uuid = job->name = job->batch_uuid = job->unique_key = job->traceparent = NULL;
    job->unique_until = UNIQUE_NONE;
    job->max_attempts = job->priority = 0;
    job->timeout_ms = job->unique_ms = 0;
    if (json_scan_object(text, length, fields, FIELD_COUNT, err) < 0 ||
        read_texts(fields, arena, job, err) < 0 || read_limits(fields, job, err) < 0)
        return -1;
    job->data = fields[DATA].value;
    job->chain = fields[CHAIN].value;
    return job_read_unique(&fields[UNIQUE_KEY], &fields[UNTIL], &fields[DURATION], arena, job, err);
}
