/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <stdlib.h>
#include <string.h>

/* --- records as jobs --- */

static const char *copy(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

void memory_to_job(const struct record *record, struct arena *arena, struct job *job)
{
    struct err err = ERR_INIT;
    *job = (struct job){.max_attempts = 0};
    const char *payload = copy(arena, record->payload);
    if (job_payload_decode(payload, strlen(payload), arena, job, &err) < 0) {
        *job = (struct job){.name = copy(arena, record->name)};
        job->damage = copy(arena, err.text);
    }
    job->id = record->number;
    job->uuid = copy(arena, record->uuid);
    job->queue = copy(arena, record->queue);
    job->priority = (int)record->priority;
    job->batch_uuid = copy(arena, record->batch);
    job->attempts = (int)record->attempts;
    job->available_at_ms = record->due;
    job->created_at_ms = record->created;
    if (record->place != PLACE_RESERVED)
        return;
    job->reserved_at_ms = record->reserved_at;
    job->reserved_by = copy(arena, record->owner);
}

/* --- figures --- */

int memory_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    *stats = (struct queue_stats){.oldest_ms = -1};
    for (size_t i = 0; i < store->jobs.count; i++) {
        const struct record *record = store->jobs.items[i];
        if (queue && strcmp(record->queue, queue) != 0)
            continue;
        bool is_ready = record->place == PLACE_WAITING && record->due <= store->now;
        stats->pending += is_ready;
        stats->delayed += record->place == PLACE_WAITING && !is_ready;
        stats->reserved += record->place == PLACE_RESERVED;
        stats->failed += record->place == PLACE_FAILED;
        if (is_ready && store->now - record->due > stats->oldest_ms)
            stats->oldest_ms = store->now - record->due;
    }
    return memory_end(store, 0, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all queues, each once, in order. The caller frees the array. */
static const char **names_of(const struct store *store, size_t *count)
{
    const char **names = mem_new(store->jobs.count + 1, sizeof *names);
    size_t kept = 0;
    for (size_t i = 0; i < store->jobs.count; i++)
        names[i] = ((const struct record *)store->jobs.items[i])->queue;
    qsort(names, store->jobs.count, sizeof *names, by_name);
    for (size_t i = 0; i < store->jobs.count; i++) {
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    }
    *count = kept;
    return names;
}

int memory_queues(struct store *store, queue_name_fn each, void *context, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t count;
    const char **names = names_of(store, &count);
    for (size_t i = 0; i < count; i++) {
        if (each(context, names[i]) != 0)
            break;
    }
    free(names);
    return memory_end(store, 0, err);
}

int memory_health(struct store *store, struct store_health *health, struct err *err)
{
    struct queue_stats stats;
    size_t count;
    if (memory_stats(store, NULL, &stats, err) < 0)
        return -1;
    *health = (struct store_health){.version = "1.0"};
    free(names_of(store, &count));
    health->total_queues = count;
    health->total_jobs = stats.pending + stats.reserved + stats.delayed;
    return 0;
}

/* --- jobs --- */

struct walk {
    const struct job_filter *filter;
    size_t left;
    job_view_fn each;
    void *context;
};

static bool is_or_any(const char *wanted, const char *value)
{
    return !wanted || (value && strcmp(wanted, value) == 0);
}

static bool show(const struct store *store, struct walk *walk, const struct record *record,
                 enum job_state state)
{
    if (!is_or_any(walk->filter->uuid, record->uuid) ||
        !is_or_any(walk->filter->batch_uuid, record->batch))
        return true;
    struct arena arena = {0};
    const struct batch_record *batch = record->batch ? memory_batch(store, record->batch) : NULL;
    struct job_view view = {
        .state = state,
        .is_cancelled =
            state == JOB_RESERVED && (record->is_cancelled || (batch && batch->cancelled_at > 0)),
        .progress = record->progress < 0 ? -1 : (double)record->progress / 1000,
        .progress_text = record->progress_text,
        .history = record->history ? record->history : "[]",
    };
    memory_to_job(record, &arena, &view.job);
    bool goes_on = walk->each(walk->context, &view) == 0 && --walk->left > 0;
    arena_finish(&arena);
    return goes_on;
}

static bool show_queue(const struct store *store, struct walk *walk, const char *queue)
{
    static const struct {
        enum listed which;
        enum job_state state;
    } stretches[] = {
        {LISTED_RESERVED, JOB_RESERVED}, {LISTED_READY, JOB_READY}, {LISTED_DELAYED, JOB_DELAYED}};
    bool goes_on = true;
    for (size_t i = 0; i < 3 && goes_on; i++) {
        size_t count;
        if (walk->filter->state && *walk->filter->state != stretches[i].state)
            continue;
        struct record **records = memory_list(store, queue, stretches[i].which, &count);
        for (size_t k = 0; k < count && goes_on; k++)
            goes_on = show(store, walk, records[k], stretches[i].state);
        free(records);
    }
    return goes_on;
}

int memory_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                    void *context, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    struct walk walk = {
        .filter = filter,
        .left = filter->limit ? filter->limit : (size_t)store->settings->batch_size,
        .each = each,
        .context = context,
    };
    size_t count;
    bool goes_on = true;
    const char **names = names_of(store, &count);
    for (size_t i = 0; i < count && goes_on; i++) {
        if (is_or_any(filter->queue, names[i]))
            goes_on = show_queue(store, &walk, names[i]);
    }
    free(names);
    return memory_end(store, 0, err);
}
