/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <stdlib.h>
#include <string.h>

#include "queue/history.h"

#define PAYLOAD_MAX ((size_t)64 << 20)

/* --- order --- */

static bool is_live(const struct record *record)
{
    return record->place == PLACE_WAITING || record->place == PLACE_RESERVED;
}

bool memory_runs_before(const struct record *a, const struct record *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->due != b->due ? a->due < b->due : a->number < b->number;
}

static int by_turn(const void *a, const void *b)
{
    return memory_runs_before(*(struct record *const *)a, *(struct record *const *)b) ? -1 : 1;
}

static int by_due(const void *a, const void *b)
{
    const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    return by_turn(a, b);
}

static int by_failure(const void *a, const void *b)
{
    const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
    if (x->failed_at != y->failed_at)
        return x->failed_at > y->failed_at ? -1 : 1;
    return x->failed_number > y->failed_number ? -1 : 1;
}

static bool is_listed(const struct store *store, const struct record *record, enum listed which)
{
    switch (which) {
    case LISTED_READY:
        return record->place == PLACE_WAITING && record->due <= store->now;
    case LISTED_DELAYED:
        return record->place == PLACE_WAITING && record->due > store->now;
    case LISTED_RESERVED:
        return record->place == PLACE_RESERVED;
    case LISTED_FAILED:
        return record->place == PLACE_FAILED;
    }
    return false;
}

struct record **memory_list(const struct store *store, const char *queue, enum listed which,
                            size_t *count)
{
    struct record **list = mem_new(store->jobs.count + 1, sizeof *list);
    *count = 0;
    for (size_t i = 0; i < store->jobs.count; i++) {
        struct record *record = store->jobs.items[i];
        if (is_listed(store, record, which) && (!queue || strcmp(record->queue, queue) == 0))
            list[(*count)++] = record;
    }
    qsort(list, *count, sizeof *list,
          which == LISTED_FAILED    ? by_failure
          : which == LISTED_DELAYED ? by_due
                                    : by_turn);
    return list;
}

struct record *memory_find(const struct store *store, const char *uuid)
{
    for (size_t i = 0; i < store->jobs.count; i++) {
        struct record *record = store->jobs.items[i];
        if (record->place != PLACE_GONE && strcmp(record->uuid, uuid) == 0)
            return record;
    }
    return NULL;
}

void memory_remove(struct record *record)
{
    record->place = PLACE_GONE;
    record->holds_key = false;
}

/* --- pushing --- */

bool memory_key_is_held(const struct store *store, const char *key)
{
    for (size_t i = 0; i < store->jobs.count; i++) {
        const struct record *record = store->jobs.items[i];
        if (is_live(record) && record->holds_key && strcmp(record->key, key) == 0 &&
            (record->key_until == 0 || record->key_until > store->now))
            return true;
    }
    return false;
}

static int take_payload(struct store *store, const struct job *job, struct record *record,
                        struct err *err)
{
    struct buf payload;
    buf_init(&payload, PAYLOAD_MAX);
    struct job dated = *job;
    dated.created_at_ms = store->now;
    int result = job_payload_encode(&dated, &payload, NULL, err);
    if (result == 0)
        record->payload = memory_copy(store, buf_text(&payload));
    buf_finish(&payload);
    return result;
}

static int store_job(struct store *store, const struct job *job, struct err *err)
{
    struct record *record = memory_new(store, sizeof *record);
    *record = (struct record){
        .place = PLACE_WAITING,
        .number = ++store->last_number,
        .priority = job->priority,
        .due = store->now + job->delay_ms,
        .created = store->now,
        .uuid = memory_copy(store, job->uuid),
        .queue = memory_copy(store, job->queue),
        .name = memory_copy(store, job->name),
        .batch = memory_copy(store, job->batch_uuid),
        .key = memory_copy(store, job->unique_key),
        .unique_until = job->unique_until,
        .key_until = job->unique_until == UNIQUE_TIME ? store->now + job->unique_ms : 0,
        .holds_key = job->unique_key != NULL,
        .progress = -1,
    };
    table_add(&store->jobs, record);
    store->is_changed = true;
    if (job->batch_uuid)
        memory_batch_grow(store, job->batch_uuid);
    return take_payload(store, job, record, err);
}

int memory_push_one(struct store *store, const struct job *job, enum push_result *result,
                    struct err *err)
{
    enum push_result ignored;
    result = result ? result : &ignored;
    if (memory_find(store, job->uuid))
        *result = PUSH_REPEATED;
    else if (job->unique_key && memory_key_is_held(store, job->unique_key))
        *result = PUSH_DUPLICATE;
    else
        *result = PUSH_STORED;
    return *result == PUSH_STORED ? store_job(store, job, err) : 0;
}

static int push_all(struct store *store, const struct job *jobs, size_t count,
                    enum push_result *results, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *batch = jobs[i].batch_uuid;
        if (batch && memory_batch_is_closed(store, batch) && !memory_find(store, jobs[i].uuid))
            return err_set(err, ERR_CONFLICT, "the batch %s was cancelled or has finished", batch);
    }
    for (size_t i = 0; i < count; i++) {
        if (memory_push_one(store, &jobs[i], results ? &results[i] : NULL, err) < 0)
            return -1;
    }
    return 0;
}

int memory_push(struct store *store, const struct job *jobs, size_t count,
                enum push_result *results, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, push_all(store, jobs, count, results, err), err);
}

/* --- ending --- */

int memory_note_attempt(struct store *store, struct record *record, const char *cause,
                        const char *exception, struct err *err)
{
    const struct history_entry entry = {.attempt = (int)record->attempts,
                                        .at_ms = store->now,
                                        .worker = record->owner,
                                        .cause = cause,
                                        .exception = exception};
    struct buf history;
    buf_init(&history, HISTORY_BYTES_MAX);
    int result = history_add(record->history, &entry, &history, err);
    if (result == 0)
        record->history = memory_copy(store, buf_text(&history));
    buf_finish(&history);
    return result;
}

static int end_job(struct store *store, struct record *record, enum batch_end end, struct err *err)
{
    memory_remove(record);
    store->is_changed = true;
    return record->batch ? memory_batch_count(store, record->batch, end, err) : 0;
}

bool memory_must_not_go_back(const struct store *store, const struct record *record)
{
    const struct batch_record *batch = record->batch ? memory_batch(store, record->batch) : NULL;
    return record->is_cancelled || (batch && batch->cancelled_at > 0);
}

int memory_go_back(struct store *store, struct record *record, int64_t due, bool counts,
                   struct err *err)
{
    if (memory_must_not_go_back(store, record))
        return end_job(store, record, BATCH_CANCELLED, err);
    record->place = PLACE_WAITING;
    record->progress = -1;
    record->progress_text = NULL;
    record->due = due;
    record->attempts -= counts ? 0 : 1;
    store->is_changed = true;
    return 0;
}

static int fail(struct store *store, struct record *record, const struct outcome *outcome,
                struct err *err)
{
    if (memory_note_attempt(store, record, outcome->cause, outcome->exception, err) < 0)
        return -1;
    record->place = PLACE_FAILED;
    record->holds_key = false;
    record->failed_at = store->now;
    record->failed_number = ++store->last_number;
    record->cause = memory_copy(store, outcome->cause ? outcome->cause : "");
    record->exception = memory_copy(store, outcome->exception ? outcome->exception : "");
    store->is_changed = true;
    return record->batch ? memory_batch_count(store, record->batch, BATCH_FAILED, err) : 0;
}

static int release(struct store *store, struct record *record, const struct outcome *outcome,
                   struct err *err)
{
    bool is_noted = outcome->cause || outcome->exception;
    if (is_noted && memory_note_attempt(store, record, outcome->cause, outcome->exception, err) < 0)
        return -1;
    return memory_go_back(store, record, store->now + outcome->delay_ms, true, err);
}

static int end_attempt(struct store *store, struct record *record, const struct outcome *outcome,
                       struct err *err)
{
    for (size_t i = 0; i < outcome->push_count; i++) {
        const struct job *job = &outcome->pushes[i];
        if (job->batch_uuid && memory_batch_is_closed(store, job->batch_uuid))
            continue;
        if (memory_push_one(store, job, NULL, err) < 0)
            return -1;
    }
    switch (outcome->kind) {
    case OUTCOME_RELEASE:
        return release(store, record, outcome, err);
    case OUTCOME_UNTOUCHED:
        return memory_go_back(store, record, record->due, false, err);
    case OUTCOME_FAIL:
        return fail(store, record, outcome, err);
    case OUTCOME_DONE:
        return end_job(store, record, BATCH_COMPLETED, err);
    case OUTCOME_CANCELLED:
        break;
    }
    return end_job(store, record, BATCH_CANCELLED, err);
}

struct record *memory_held(const struct store *store, const char *owner, const struct lease *lease)
{
    struct record *record = memory_find(store, lease->uuid);
    bool is_held = record && record->place == PLACE_RESERVED &&
                   record->attempts == lease->attempt && strcmp(record->owner, owner) == 0;
    return is_held ? record : NULL;
}

/* --- reserving --- */

static void reserve(struct store *store, const struct reserve_request *request,
                    struct record *record, struct reservation *reservation)
{
    record->place = PLACE_RESERVED;
    record->owner = memory_copy(store, request->owner);
    record->attempts++;
    record->reserved_at = store->now;
    record->lease_until = store->now + request->lease_ms;
    record->progress = -1;
    record->progress_text = NULL;
    if (record->unique_until == UNIQUE_STARTED)
        record->holds_key = false;
    memory_to_job(record, &reservation->arena, &reservation->jobs[reservation->count++]);
    store->is_changed = true;
}

static int64_t next_due(const struct store *store, const char *queue)
{
    size_t count;
    struct record **delayed = memory_list(store, queue, LISTED_DELAYED, &count);
    int64_t next = count > 0 ? delayed[0]->due - store->now : -1;
    free(delayed);
    return next;
}

static int reserve_all(struct store *store, const struct reserve_request *request,
                       struct reservation *reservation, struct err *err)
{
    size_t count, bytes = 0, at = 0;
    uint64_t expired;
    arena_reset(&reservation->arena);
    reservation->count = 0;
    if (request->count == 0)
        return 0;
    if (memory_expire(store, request->queue, &expired, err) < 0)
        return -1;
    struct record **ready = memory_list(store, request->queue, LISTED_READY, &count);
    size_t most = count < request->count ? count : request->count;
    reservation->jobs = arena_alloc(&reservation->arena, (most + 1) * sizeof *reservation->jobs);
    for (; at < most && bytes < RESERVATION_BYTES_MAX; at++) {
        bytes += strlen(ready[at]->payload);
        reserve(store, request, ready[at], reservation);
    }
    free(ready);
    reservation->next_due_ms = at < count ? 0 : next_due(store, request->queue);
    return 0;
}

static int make_turn(struct store *store, const char *owner, struct outcome *outcomes,
                     size_t outcome_count, const struct reserve_request *request,
                     struct reservation *reservation, struct err *err)
{
    for (size_t i = 0; i < outcome_count; i++) {
        struct record *record = memory_held(store, owner, &outcomes[i].lease);
        outcomes[i].applied = record != NULL;
        if (record && end_attempt(store, record, &outcomes[i], err) < 0)
            return -1;
    }
    return request ? reserve_all(store, request, reservation, err) : 0;
}

int memory_turn(struct store *store, const char *owner, struct outcome *outcomes,
                size_t outcome_count, const struct reserve_request *request,
                struct reservation *reservation, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(
        store, make_turn(store, owner, outcomes, outcome_count, request, reservation, err), err);
}

/* --- taking away --- */

static int purge(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    size_t count = store->jobs.count; /* callbacks of batches come behind it, and stay */
    *removed = 0;
    for (size_t i = 0; i < count; i++) {
        struct record *record = store->jobs.items[i];
        if (record->place != PLACE_WAITING || (queue && strcmp(record->queue, queue) != 0))
            continue;
        if (end_job(store, record, BATCH_CANCELLED, err) < 0)
            return -1;
        ++*removed;
    }
    return 0;
}

int memory_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, purge(store, queue, removed, err), err);
}

static int cancel(struct store *store, const char *uuid, enum cancel_result *result,
                  struct err *err)
{
    struct record *record = memory_find(store, uuid);
    if (!record || !is_live(record))
        return err_set(err, ERR_NOT_FOUND, "there is no live job %s", uuid);
    *result = record->place == PLACE_WAITING ? CANCEL_REMOVED : CANCEL_ASKED;
    record->is_cancelled = true;
    store->is_changed = true;
    return *result == CANCEL_REMOVED ? end_job(store, record, BATCH_CANCELLED, err) : 0;
}

int memory_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                      struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, cancel(store, uuid, result, err), err);
}
