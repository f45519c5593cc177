/* SPDX-License-Identifier: MIT */
#include "worker/store_views.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

static void put_text(cJSON *object, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(object, name, text);
    else
        cJSON_AddNullToObject(object, name);
}

static void put_number(cJSON *object, const char *name, int64_t value)
{
    cJSON_AddNumberToObject(object, name, (double)value);
}

static void put_time(cJSON *object, const char *name, int64_t ms)
{
    if (ms > 0)
        put_number(object, name, ms);
    else
        cJSON_AddNullToObject(object, name);
}

/* Text that is JSON goes in as it is; a payload may be anything that somebody has put in the store.
 */
static void put_json(cJSON *object, const char *name, const char *text, size_t length)
{
    struct json_slice value;
    char *copy = mem_strndup(text, length);
    if (json_scan(copy, length, &value, NULL) == 0)
        cJSON_AddRawToObject(object, name, copy);
    else
        put_text(object, name, copy);
    free(copy);
}

static void put_optional_json(cJSON *object, const char *name, const char *text)
{
    if (text)
        put_json(object, name, text, strlen(text));
    else
        cJSON_AddNullToObject(object, name);
}

cJSON *view_stats(const char *queue, const struct queue_stats *stats)
{
    cJSON *object = cJSON_CreateObject();
    put_text(object, "queue", queue);
    put_number(object, "pending", (int64_t)stats->pending);
    put_number(object, "reserved", (int64_t)stats->reserved);
    put_number(object, "delayed", (int64_t)stats->delayed);
    put_number(object, "failed", (int64_t)stats->failed);
    if (stats->oldest_ms >= 0)
        put_number(object, "oldest_ms", stats->oldest_ms);
    else
        cJSON_AddNullToObject(object, "oldest_ms");
    return object;
}

cJSON *view_failed(const struct failed_job *failed)
{
    cJSON *object = cJSON_CreateObject();
    put_text(object, "uuid", failed->uuid);
    put_text(object, "connection", failed->connection);
    put_text(object, "queue", failed->queue);
    put_text(object, "job", failed->name);
    put_number(object, "attempts", failed->attempts);
    put_text(object, "cause", failed->cause);
    put_text(object, "exception", failed->exception);
    put_text(object, "worker", failed->worker);
    put_text(object, "batch_uuid", failed->batch_uuid);
    put_time(object, "failed_at", failed->failed_at_ms);
    put_optional_json(object, "payload", failed->payload);
    put_optional_json(object, "history", failed->history);
    return object;
}

static const char *const state_names[] = {
    [JOB_READY] = "ready",
    [JOB_RESERVED] = "reserved",
    [JOB_DELAYED] = "delayed",
};

cJSON *view_job(const struct job_view *view)
{
    const struct job *job = &view->job;
    cJSON *object = cJSON_CreateObject();
    put_text(object, "uuid", job->uuid);
    put_text(object, "queue", job->queue);
    put_text(object, "job", job->name);
    put_text(object, "state", state_names[view->state]);
    cJSON_AddBoolToObject(object, "cancelled", view->is_cancelled);
    put_number(object, "priority", job->priority);
    put_number(object, "attempts", job->attempts);
    put_number(object, "max_attempts", job->max_attempts);
    put_time(object, "created_at", job->created_at_ms);
    put_time(object, "available_at", job->available_at_ms);
    put_time(object, "reserved_at", job->reserved_at_ms);
    put_text(object, "worker", job->reserved_by);
    put_text(object, "batch_uuid", job->batch_uuid);
    put_text(object, "unique_key", job->unique_key);
    if (view->progress >= 0)
        cJSON_AddNumberToObject(object, "progress", view->progress);
    else
        cJSON_AddNullToObject(object, "progress");
    put_text(object, "progress_text", view->progress_text);
    if (job->data.text)
        put_json(object, "data", job->data.text, job->data.length);
    put_optional_json(object, "history", view->history);
    return object;
}

cJSON *view_batch(const struct batch *batch)
{
    cJSON *object = cJSON_CreateObject();
    put_text(object, "batch_uuid", batch->uuid);
    put_text(object, "name", batch->name);
    put_text(object, "state", batch_state_names[batch_state(batch)]);
    cJSON_AddBoolToObject(object, "allow_failures", batch->allow_failures);
    put_number(object, "total", (int64_t)batch->total);
    put_number(object, "pending", (int64_t)batch->pending);
    put_number(object, "completed", (int64_t)batch->completed);
    put_number(object, "failed", (int64_t)batch->failed);
    put_number(object, "cancelled", (int64_t)batch->cancelled);
    cJSON_AddNumberToObject(object, "progress_percentage", batch_progress(batch));
    cJSON_AddNumberToObject(object, "success_rate", batch_success_rate(batch));
    put_time(object, "created_at", batch->created_at_ms);
    put_time(object, "cancelled_at", batch->cancelled_at_ms);
    put_time(object, "finished_at", batch->finished_at_ms);
    return object;
}
