/* SPDX-License-Identifier: MIT */
#include "worker/store_views.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "queue/fingerprint.h"

/* Text that is JSON goes in as it is; a payload may be anything that somebody has put in the store.
 */
static void put_json(cJSON *object, const char *name, const char *text, size_t length)
{
    struct json_slice value;
    char *copy = mem_strndup(text, length);
    if (json_scan(copy, length, &value, NULL) == 0)
        cJSON_AddRawToObject(object, name, copy);
    else
        json_put_text(object, name, copy);
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
    json_put_text(object, "queue", queue);
    json_put_number(object, "pending", (double)stats->pending);
    json_put_number(object, "reserved", (double)stats->reserved);
    json_put_number(object, "delayed", (double)stats->delayed);
    json_put_number(object, "failed", (double)stats->failed);
    if (stats->oldest_ms >= 0)
        json_put_number(object, "oldest_ms", (double)stats->oldest_ms);
    else
        cJSON_AddNullToObject(object, "oldest_ms");
    return object;
}

/* What is alike in failures of the same kind. */
static void put_fingerprint(cJSON *object, const struct failed_job *failed)
{
    struct fingerprint fingerprint;
    fingerprint_make(&fingerprint, failed->name ? failed->name : "",
                     failed->exception ? failed->exception : "");
    json_put_text(object, "fingerprint", fingerprint.id);
    json_put_text(object, "pattern", fingerprint.pattern);
}

cJSON *view_failed(const struct failed_job *failed)
{
    cJSON *object = cJSON_CreateObject();
    json_put_text(object, "uuid", failed->uuid);
    json_put_text(object, "connection", failed->connection);
    json_put_text(object, "queue", failed->queue);
    json_put_text(object, "job", failed->name);
    json_put_number(object, "attempts", (double)failed->attempts);
    json_put_text(object, "cause", failed->cause);
    json_put_text(object, "exception", failed->exception);
    json_put_text(object, "worker", failed->worker);
    json_put_text(object, "batch_uuid", failed->batch_uuid);
    json_put_time(object, "failed_at", failed->failed_at_ms);
    put_fingerprint(object, failed);
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
    json_put_text(object, "uuid", job->uuid);
    json_put_text(object, "queue", job->queue);
    json_put_text(object, "job", job->name);
    json_put_text(object, "state", state_names[view->state]);
    cJSON_AddBoolToObject(object, "cancelled", view->is_cancelled);
    json_put_number(object, "priority", (double)job->priority);
    json_put_number(object, "attempts", (double)job->attempts);
    json_put_number(object, "max_attempts", (double)job->max_attempts);
    json_put_time(object, "created_at", job->created_at_ms);
    json_put_time(object, "available_at", job->available_at_ms);
    json_put_time(object, "reserved_at", job->reserved_at_ms);
    json_put_text(object, "worker", job->reserved_by);
    json_put_text(object, "batch_uuid", job->batch_uuid);
    json_put_text(object, "unique_key", job->unique_key);
    if (view->progress >= 0)
        cJSON_AddNumberToObject(object, "progress", view->progress);
    else
        cJSON_AddNullToObject(object, "progress");
    json_put_text(object, "progress_text", view->progress_text);
    if (job->data.text)
        put_json(object, "data", job->data.text, job->data.length);
    put_optional_json(object, "history", view->history);
    return object;
}

cJSON *view_batch(const struct batch *batch)
{
    cJSON *object = cJSON_CreateObject();
    json_put_text(object, "batch_uuid", batch->uuid);
    json_put_text(object, "name", batch->name);
    json_put_text(object, "state", batch_state_names[batch_state(batch)]);
    cJSON_AddBoolToObject(object, "allow_failures", batch->allow_failures);
    json_put_number(object, "total", (double)batch->total);
    json_put_number(object, "pending", (double)batch->pending);
    json_put_number(object, "completed", (double)batch->completed);
    json_put_number(object, "failed", (double)batch->failed);
    json_put_number(object, "cancelled", (double)batch->cancelled);
    cJSON_AddNumberToObject(object, "progress_percentage", batch_progress(batch));
    cJSON_AddNumberToObject(object, "success_rate", batch_success_rate(batch));
    json_put_time(object, "created_at", batch->created_at_ms);
    json_put_time(object, "cancelled_at", batch->cancelled_at_ms);
    json_put_time(object, "finished_at", batch->finished_at_ms);
    return object;
}

cJSON *view_pause(const struct pause *pause)
{
    cJSON *object = cJSON_CreateObject();
    bool is_all = strcmp(pause->queue, PAUSE_ALL) == 0;
    bool is_everywhere = strcmp(pause->host, PAUSE_ALL) == 0;
    json_put_text(object, "queue", is_all ? NULL : pause->queue);
    json_put_text(object, "host", is_everywhere ? NULL : pause->host);
    json_put_text(object, "by", pause->by);
    json_put_time(object, "since", pause->since_ms);
    return object;
}

cJSON *view_point(int64_t at_ms, int64_t span_ms, const struct metrics *metrics)
{
    struct figures_input input = {0};
    struct figures figures;
    cJSON *object = cJSON_CreateObject();
    figures_add(&input, at_ms, span_ms, metrics);
    figures_compute(&input, span_ms, &figures);
    json_put_time(object, "at", at_ms);
    json_put_number(object, "seconds", span_ms / 1000);
    for (const struct figure_row *row = figure_rows; row->name; row++)
        cJSON_AddNumberToObject(object, row->name, figure_value(&figures, row));
    figures_input_finish(&input);
    return object;
}

static cJSON *view_figures(const struct figures *figures)
{
    cJSON *object = cJSON_CreateObject();
    for (const struct figure_row *row = figure_rows; row->name; row++)
        cJSON_AddNumberToObject(object, row->name, figure_value(figures, row));
    return object;
}

static cJSON *view_bottleneck(const struct bottleneck *bottleneck)
{
    cJSON *object = cJSON_CreateObject();
    json_put_text(object, "type", bottleneck->type);
    json_put_text(object, "description", bottleneck->description);
    json_put_text(object, "impact", bottleneck->impact);
    json_put_text(object, "suggestion", bottleneck->suggestion);
    return object;
}

void view_metrics(cJSON *object, const struct figures_input *input, int64_t window_ms)
{
    struct figures figures;
    struct bottleneck found[BOTTLENECKS_MAX];
    figures_compute(input, window_ms, &figures);
    size_t count = figures_bottlenecks(&figures, found);
    json_put_number(object, "time_window", window_ms / 1000);
    cJSON_AddItemToObject(object, "metrics", view_figures(&figures));
    cJSON *classes = cJSON_AddArrayToObject(object, "classes");
    for (size_t i = 0; i < input->sum.class_count; i++) {
        figures_compute_class(&input->sum.classes[i], window_ms, &figures);
        cJSON *row = view_figures(&figures);
        json_put_text(row, "job", input->sum.classes[i].name);
        cJSON_AddItemToArray(classes, row);
    }
    cJSON *bottlenecks = cJSON_AddArrayToObject(object, "bottlenecks");
    for (size_t i = 0; i < count; i++)
        cJSON_AddItemToArray(bottlenecks, view_bottleneck(&found[i]));
}
