/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_or_any(const char *wanted, const char *value)
{
    return !wanted || (value && strcmp(wanted, value) == 0);
}

static bool matches(const struct failed_filter *filter, const struct record *record)
{
    return is_or_any(filter->uuid, record->uuid) && is_or_any(filter->queue, record->queue) &&
           is_or_any(filter->name, record->name) && is_or_any(filter->batch_uuid, record->batch) &&
           (!filter->text || strcasestr(record->exception, filter->text)) &&
           (filter->since_ms == 0 || record->failed_at >= filter->since_ms) &&
           (filter->before_ms == 0 || record->failed_at < filter->before_ms);
}

static size_t limit_of(const struct store *store, const struct failed_filter *filter)
{
    return filter->limit ? filter->limit : (size_t)store->settings->batch_size;
}

/* --- listing --- */

static int show(const struct store *store, const struct record *record, failed_job_fn each,
                void *context)
{
    const struct failed_job failed = {
        .uuid = record->uuid,
        .connection = store->settings->name,
        .queue = record->queue,
        .name = record->name,
        .payload = record->payload,
        .exception = record->exception,
        .cause = record->cause,
        .worker = record->owner,
        .batch_uuid = record->batch,
        .history = record->history,
        .attempts = (int)record->attempts,
        .failed_at_ms = record->failed_at,
    };
    return each(context, &failed);
}

int memory_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                       void *context, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t count, left = limit_of(store, filter);
    bool is_behind = !filter->after_uuid;
    struct record **records = memory_list(store, NULL, LISTED_FAILED, &count);
    for (size_t i = 0; i < count && left > 0; i++) {
        if (is_behind && matches(filter, records[i])) {
            left--;
            if (show(store, records[i], each, context) != 0)
                break;
        }
        is_behind = is_behind || strcmp(records[i]->uuid, filter->after_uuid) == 0;
    }
    free(records);
    return memory_end(store, 0, err);
}

/* --- changing --- */

static void retry(struct store *store, struct record *record)
{
    bool may_hold = record->key && (record->key_until == 0 || record->key_until > store->now);
    record->holds_key = may_hold && !memory_key_is_held(store, record->key);
    record->place = PLACE_WAITING;
    record->is_cancelled = false;
    record->attempts = 0;
    record->due = store->now;
    record->number = ++store->last_number;
    struct batch_record *batch = record->batch ? memory_batch(store, record->batch) : NULL;
    if (!batch)
        return;
    batch->pending++;
    batch->failed--;
    batch->cancelled_at = batch->finished_at = 0;
}

static void discard(struct store *store, struct record *record)
{
    (void)store;
    memory_remove(record);
}

/* Oldest first. */
static int change(struct store *store, const struct failed_filter *filter,
                  void (*each)(struct store *store, struct record *record), uint64_t *changed,
                  struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    size_t count;
    *changed = 0;
    struct record **records = memory_list(store, NULL, LISTED_FAILED, &count);
    for (size_t i = count; i > 0 && *changed < limit_of(store, filter); i--) {
        if (!matches(filter, records[i - 1]))
            continue;
        each(store, records[i - 1]);
        ++*changed;
        store->is_changed = true;
    }
    free(records);
    return memory_end(store, 0, err);
}

int memory_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err)
{
    return change(store, filter, retry, count, err);
}

int memory_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err)
{
    return change(store, filter, discard, count, err);
}
