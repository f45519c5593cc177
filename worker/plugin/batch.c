/* SPDX-License-Identifier: MIT */
#include "worker/plugin/host.h"

#include <string.h>

#include "common/uuid.h"

/* What a job asks about its batch. The answer comes among other frames; those stay where they are.
 */

#define PLUGIN_API __attribute__((visibility("default")))

static void ask(struct muster_job *job, const char *batch_uuid)
{
    struct buf *out = answers_take(job->host->answers);
    buf_text_append(out, "{\"type\":\"batch\",\"uuid\":");
    json_string_append(out, job->job.uuid, strlen(job->job.uuid));
    if (batch_uuid) {
        buf_text_append(out, ",\"batch_uuid\":");
        json_string_append(out, batch_uuid, strlen(batch_uuid));
    }
    buf_text_append(out, "}\n");
    answers_release(job->host->answers);
    answers_flush(job->host->answers);
}

/* The whole line with this number of those that begin like this; earlier ones answered earlier
 * questions. */
static bool find_line(const struct buf *in, const struct buf *beginning, unsigned number,
                      struct json_slice *line)
{
    const char *at = buf_text(in), *last = at + in->length, *end;
    for (; (end = memchr(at, '\n', (size_t)(last - at))); at = end + 1) {
        bool is_one = (size_t)(end - at) > beginning->length &&
                      memcmp(at, buf_text(beginning), beginning->length) == 0;
        if (!is_one || --number > 0)
            continue;
        *line = (struct json_slice){.text = at, .length = (size_t)(end - at)};
        return true;
    }
    return false;
}

static bool await_answer(struct muster_job *job, struct json_slice *line)
{
    struct buf beginning;
    bool is_found;
    buf_init(&beginning, 8 * UUID_TEXT_SIZE);
    buf_text_append(&beginning, "{\"type\":\"batch\",\"uuid\":");
    json_string_append(&beginning, job->job.uuid, strlen(job->job.uuid));
    buf_text_append(&beginning, ",");
    job->questions++;
    do
        is_found = find_line(&job->host->in, &beginning, job->questions, line);
    while (!is_found && host_read(job->host, true) > 0);
    buf_finish(&beginning);
    return is_found;
}

enum { ERROR, TOTAL, COMPLETED, FAILED, PENDING, CANCELLED, PROGRESS, RATE, STATE, FIELD_COUNT };

static const char *const names[FIELD_COUNT] = {
    "error",        "total", "completed", "failed", "pending", "cancelled", "progress_percentage",
    "success_rate", "state"};

static int read_counter(const struct json_field *field, uint64_t *out, struct err *err)
{
    int64_t number;
    if (json_slice_integer(&field->value, field->name, 0, INT64_MAX, &number, err) < 0)
        return -1;
    *out = (uint64_t)number;
    return 0;
}

static int read_answer(const struct json_field *fields, struct muster_batch *batch, struct err *err)
{
    const struct json_slice *state = &fields[STATE].value;
    if (read_counter(&fields[TOTAL], &batch->total, err) < 0 ||
        read_counter(&fields[COMPLETED], &batch->completed, err) < 0 ||
        read_counter(&fields[FAILED], &batch->failed, err) < 0 ||
        read_counter(&fields[PENDING], &batch->pending, err) < 0 ||
        read_counter(&fields[CANCELLED], &batch->cancelled, err) < 0 ||
        json_slice_number(&fields[PROGRESS].value, "progress_percentage",
                          &batch->progress_percentage, err) < 0 ||
        json_slice_number(&fields[RATE].value, "success_rate", &batch->success_rate, err) < 0)
        return -1;
    batch->has_finished = json_slice_is(state, "completed") || json_slice_is(state, "failed") ||
                          json_slice_is(state, "cancelled");
    return 0;
}

PLUGIN_API int muster_job_batch_progress(struct muster_job *job, const char *batch_uuid,
                                         struct muster_batch *batch)
{
    struct json_field fields[FIELD_COUNT];
    struct json_slice line;
    struct err err = ERR_INIT;
    char *error;
    for (int i = 0; i < FIELD_COUNT; i++)
        fields[i].name = names[i];
    if (!job->host)
        return muster_job_fail(job, "a job that does not run cannot ask for a batch");
    ask(job, batch_uuid);
    if (!await_answer(job, &line))
        return muster_job_fail(job, "there was no answer about the batch");
    if (json_scan_object(line.text, line.length, fields, FIELD_COUNT, &err) < 0)
        return muster_job_fail(job, "%s", err.text);
    if (fields[ERROR].value.text &&
        json_slice_string(&fields[ERROR].value, "error", &job->arena, &error, &err) == 0)
        return muster_job_fail(job, "%s", error);
    return read_answer(fields, batch, &err) == 0 ? 0 : muster_job_fail(job, "%s", err.text);
}
