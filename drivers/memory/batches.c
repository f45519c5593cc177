/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#define CALLBACK_MAX ((size_t)64 << 20)

struct batch_record *memory_batch(const struct store *store, const char *uuid)
{
    for (size_t i = 0; i < store->batches.count; i++) {
        struct batch_record *batch = store->batches.items[i];
        if (strcmp(batch->uuid, uuid) == 0)
            return batch;
    }
    return NULL;
}

bool memory_batch_is_closed(const struct store *store, const char *uuid)
{
    const struct batch_record *batch = memory_batch(store, uuid);
    return batch && (batch->cancelled_at > 0 || batch->finished_at > 0);
}

static struct batch_record *make(struct store *store, const char *uuid, const char *name)
{
    struct batch_record *batch = memory_new(store, sizeof *batch);
    *batch = (struct batch_record){
        .uuid = memory_copy(store, uuid),
        .name = memory_copy(store, name ? name : ""),
        .allow_failures = true,
        .number = ++store->last_number,
        .created = store->now,
    };
    table_add(&store->batches, batch);
    store->is_changed = true;
    return batch;
}

void memory_batch_grow(struct store *store, const char *uuid)
{
    struct batch_record *batch = memory_batch(store, uuid);
    if (!batch)
        batch = make(store, uuid, NULL);
    batch->total++;
    batch->pending++;
}

/* --- ends --- */

/* Pushes a callback, once. */
static int call_back(struct store *store, struct batch_record *batch, enum callback which,
                     struct err *err)
{
    const char *text = batch->callbacks[which];
    struct arena arena = {0};
    struct job job;
    if (!text || batch->pushed[which])
        return 0;
    batch->pushed[which] = true;
    int result = job_from_json(text, strlen(text), "default", &arena, &job, err);
    if (result == 0)
        result = memory_push_one(store, &job, NULL, err);
    arena_finish(&arena);
    return result;
}

static uint64_t cancel_jobs(struct store *store, struct batch_record *batch)
{
    uint64_t removed = 0;
    batch->cancelled_at = store->now;
    for (size_t i = 0; i < store->jobs.count; i++) {
        struct record *record = store->jobs.items[i];
        if (!record->batch || strcmp(record->batch, batch->uuid) != 0)
            continue;
        record->is_cancelled = record->is_cancelled || record->place == PLACE_RESERVED;
        if (record->place != PLACE_WAITING)
            continue;
        memory_remove(record);
        removed++;
    }
    batch->pending -= (int64_t)removed;
    batch->cancelled += (int64_t)removed;
    store->is_changed = true;
    return removed;
}

static int settle(struct store *store, struct batch_record *batch, struct err *err)
{
    if (batch->pending > 0 || batch->finished_at > 0)
        return 0;
    batch->finished_at = store->now;
    if (batch->total > 0 && batch->completed == batch->total &&
        call_back(store, batch, CALLBACK_SUCCESS, err) < 0)
        return -1;
    return call_back(store, batch, CALLBACK_FINISH, err);
}

int memory_batch_count(struct store *store, const char *uuid, enum batch_end end, struct err *err)
{
    struct batch_record *batch = memory_batch(store, uuid);
    if (!batch)
        return 0;
    batch->pending--;
    batch->completed += end == BATCH_COMPLETED;
    batch->failed += end == BATCH_FAILED;
    batch->cancelled += end == BATCH_CANCELLED;
    if (end == BATCH_FAILED && call_back(store, batch, CALLBACK_FAILURE, err) < 0)
        return -1;
    if (end == BATCH_FAILED && !batch->allow_failures && batch->cancelled_at == 0)
        cancel_jobs(store, batch);
    return settle(store, batch, err);
}

/* --- making, cancelling, pruning --- */

static int take_callback(struct store *store, const struct job *job, const char **text,
                         struct err *err)
{
    struct buf json;
    if (!job)
        return 0;
    buf_init(&json, CALLBACK_MAX);
    int result = job_to_json(job, &json, err);
    if (result == 0)
        *text = memory_copy(store, buf_text(&json));
    buf_finish(&json);
    return result;
}

static int create(struct store *store, const struct batch *batch, struct err *err)
{
    if (memory_batch(store, batch->uuid))
        return 0;
    struct batch_record *made = make(store, batch->uuid, batch->name);
    made->allow_failures = batch->allow_failures;
    if (take_callback(store, batch->on_success, &made->callbacks[CALLBACK_SUCCESS], err) < 0 ||
        take_callback(store, batch->on_failure, &made->callbacks[CALLBACK_FAILURE], err) < 0)
        return -1;
    return take_callback(store, batch->on_finish, &made->callbacks[CALLBACK_FINISH], err);
}

int memory_batch_create(struct store *store, const struct batch *batch, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, create(store, batch, err), err);
}

static int cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    struct batch_record *batch = memory_batch(store, uuid);
    *removed = 0;
    if (!batch)
        return err_set(err, ERR_NOT_FOUND, "there is no batch %s", uuid);
    if (batch->finished_at > 0)
        return 0;
    *removed = cancel_jobs(store, batch);
    return settle(store, batch, err);
}

int memory_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, cancel(store, uuid, removed, err), err);
}

int memory_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                       struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t kept = 0;
    *count = 0;
    for (size_t i = 0; i < store->batches.count; i++) {
        const struct batch_record *batch = store->batches.items[i];
        bool goes = batch->finished_at > 0 && batch->finished_at < before_ms && *count < limit;
        *count += goes;
        if (!goes)
            store->batches.items[kept++] = store->batches.items[i];
    }
    store->batches.count = kept;
    store->is_changed = *count > 0;
    return memory_end(store, 0, err);
}

/* --- listing --- */

static const struct job *read_callback(const char *text, struct arena *arena, struct job *job)
{
    bool is_job = text && job_from_json(text, strlen(text), "default", arena, job, NULL) == 0;
    return is_job ? job : NULL;
}

static int show(const struct batch_record *from, batch_fn each, void *context)
{
    struct arena arena = {0};
    struct job success, failure, finish;
    const struct batch batch = {
        .uuid = from->uuid,
        .name = from->name,
        .allow_failures = from->allow_failures,
        .on_success = read_callback(from->callbacks[CALLBACK_SUCCESS], &arena, &success),
        .on_failure = read_callback(from->callbacks[CALLBACK_FAILURE], &arena, &failure),
        .on_finish = read_callback(from->callbacks[CALLBACK_FINISH], &arena, &finish),
        .total = (uint64_t)from->total,
        .pending = (uint64_t)from->pending,
        .completed = (uint64_t)from->completed,
        .failed = (uint64_t)from->failed,
        .cancelled = (uint64_t)from->cancelled,
        .created_at_ms = from->created,
        .cancelled_at_ms = from->cancelled_at,
        .finished_at_ms = from->finished_at,
    };
    int result = each(context, &batch);
    arena_finish(&arena);
    return result;
}

int memory_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                      batch_fn each, void *context, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    bool is_behind = !after_uuid;
    for (size_t i = store->batches.count; i > 0 && limit > 0; i--) {
        const struct batch_record *batch = store->batches.items[i - 1];
        if (is_behind && (!uuid || strcmp(batch->uuid, uuid) == 0)) {
            limit--;
            if (show(batch, each, context) != 0)
                break;
        }
        is_behind = is_behind || strcmp(batch->uuid, after_uuid) == 0;
    }
    return memory_end(store, 0, err);
}
