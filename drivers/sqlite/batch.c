/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/batch.h"

#include <stdio.h>
#include <string.h>

#include "drivers/sqlite/push.h"
#include "drivers/sqlite/waiting.h"

/* In the order of the columns of SQL_BATCH_CALLBACK. */
enum callback { ON_SUCCESS, ON_FAILURE, ON_FINISH, CALLBACK_COUNT };

struct state {
    bool allow_failures;
    int64_t total, pending, completed, failed, cancelled_at, finished_at;
    int pushed; /* a bit for each callback that was pushed */
};

/* Returns 1, 0 where there is no such batch, -1 with err. */
static int read_state(struct store *store, const char *uuid, struct state *state, struct err *err)
{
    sqlite3_stmt *statement = store_query(store, err, SQL_BATCH_STATE, "t", uuid);
    int found = statement ? store_step(store, statement, err) : -1;
    if (found < 1)
        return found;
    *state = (struct state){
        .allow_failures = sqlite3_column_int(statement, 0) != 0,
        .total = sqlite3_column_int64(statement, 1),
        .pending = sqlite3_column_int64(statement, 2),
        .completed = sqlite3_column_int64(statement, 3),
        .failed = sqlite3_column_int64(statement, 4),
        .cancelled_at = sqlite3_column_int64(statement, 5),
        .finished_at = sqlite3_column_int64(statement, 6),
        .pushed = sqlite3_column_int(statement, 7),
    };
    store_done(statement);
    return 1;
}

int batch_is_open(struct store *store, const char *uuid, struct err *err)
{
    struct state state;
    int found = read_state(store, uuid, &state, err);
    if (found < 1)
        return found < 0 ? -1 : 1;
    return state.cancelled_at == 0 && state.finished_at == 0;
}

int batch_is_cancelled(struct store *store, const char *uuid, struct err *err)
{
    struct state state;
    int found = read_state(store, uuid, &state, err);
    return found < 1 ? found : state.cancelled_at != 0;
}

/* --- growing --- */

static int grow(struct store *store, const char *uuid, int64_t count, struct err *err)
{
    if (count == 0)
        return 0;
    return store_run(store, err, SQL_BATCH_GROW, "tii", uuid, store->now_ms, count);
}

int batches_grow(struct store *store, const struct job_row *rows, size_t count, struct err *err)
{
    const char *batch = NULL;
    int64_t added = 0;
    for (size_t i = 0; i < count; i++) {
        const char *of_row = rows[i].is_left_out ? NULL : rows[i].job->batch_uuid;
        if (!of_row)
            continue;
        if (batch && strcmp(batch, of_row) != 0) {
            if (grow(store, batch, added, err) < 0)
                return -1;
            added = 0;
        }
        batch = of_row;
        added++;
    }
    return grow(store, batch, added, err);
}

/* --- what follows from the counters --- */

static int push_callback(struct store *store, const char *uuid, enum callback callback,
                         struct err *err)
{
    struct arena arena = {0};
    struct job job;
    sqlite3_stmt *statement = store_query(store, err, SQL_BATCH_CALLBACK, "t", uuid);
    int found = statement ? store_step(store, statement, err) : -1;
    const char *text = found == 1 ? store_copy(statement, (int)callback, &arena) : NULL;
    if (found == 1)
        store_done(statement);
    int result = found < 0 ? -1 : 0;
    if (text && job_from_json(text, strlen(text), "default", &arena, &job, err) < 0)
        result = err_prefix(err, "a callback of batch %s", uuid);
    else if (text)
        result = push_jobs(store, &job, 1, PUSH_LENIENT, NULL, err);
    arena_finish(&arena);
    return result;
}

/* Pushes a callback, the first time that it is due. */
static int call_back(struct store *store, const char *uuid, struct state *state,
                     enum callback callback, struct err *err)
{
    if (state->pushed & 1 << callback)
        return 0;
    state->pushed |= 1 << callback;
    if (store_run(store, err, SQL_BATCH_PUSHED, "tn", uuid, state->pushed) < 0)
        return -1;
    return push_callback(store, uuid, callback, err);
}

/* Takes its waiting jobs away and asks the running ones to stop. */
static int cancel_jobs(struct store *store, const char *uuid, size_t *removed, struct err *err)
{
    struct waiting_list list = {0};
    if (store_run(store, err, SQL_BATCH_CANCEL, "ti", uuid, store->now_ms) < 0)
        return -1;
    int result = waiting_collect(store, store_query(store, err, SQL_WAITING_OF_BATCH, "t", uuid),
                                 &list, err);
    if (result == 0)
        result = waiting_remove(store, &list, err);
    if (result == 0)
        result = store_run(store, err, SQL_BATCH_COUNT, "tiii", uuid, (int64_t)0, (int64_t)0,
                           (int64_t)list.count);
    if (result == 0)
        result = store_run(store, err, SQL_BATCH_MARK_RESERVED, "t", uuid);
    *removed = list.count;
    waiting_finish(&list);
    return result;
}

static int finish(struct store *store, const char *uuid, struct state *state, struct err *err)
{
    if (store_run(store, err, SQL_BATCH_FINISH, "ti", uuid, store->now_ms) < 0)
        return -1;
    bool is_success = state->total > 0 && state->completed == state->total;
    if (is_success && call_back(store, uuid, state, ON_SUCCESS, err) < 0)
        return -1;
    return call_back(store, uuid, state, ON_FINISH, err);
}

/* A failure cancels only when it happens: a batch in which a failed job is retried while another
 * one stays failed goes on. */
static int settle(struct store *store, const char *uuid, bool has_failed, struct err *err)
{
    struct state state;
    int found = read_state(store, uuid, &state, err);
    if (found < 1)
        return found;
    if (has_failed && call_back(store, uuid, &state, ON_FAILURE, err) < 0)
        return -1;
    if (has_failed && !state.allow_failures && state.cancelled_at == 0) {
        size_t removed;
        if (cancel_jobs(store, uuid, &removed, err) < 0 || read_state(store, uuid, &state, err) < 0)
            return -1;
    }
    if (state.pending == 0 && state.finished_at == 0)
        return finish(store, uuid, &state, err);
    return 0;
}

int batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    struct state state;
    size_t count = 0;
    int found = read_state(store, uuid, &state, err);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no batch %s", uuid);
    if (found < 0)
        return -1;
    if (state.finished_at != 0)
        return 0;
    if (cancel_jobs(store, uuid, &count, err) < 0)
        return -1;
    *removed = count;
    return settle(store, uuid, false, err);
}

/* --- ends of jobs --- */

int batch_ends_settle(struct store *store, struct batch_ends *ends, struct err *err)
{
    if (!ends->uuid[0])
        return 0;
    struct batch_ends now = *ends;
    *ends = (struct batch_ends){0};
    if (store_run(store, err, SQL_BATCH_COUNT, "tiii", now.uuid, now.counts[BATCH_COMPLETED],
                  now.counts[BATCH_FAILED], now.counts[BATCH_CANCELLED]) < 0)
        return -1;
    return settle(store, now.uuid, now.counts[BATCH_FAILED] > 0, err);
}

int batch_ends_add(struct store *store, struct batch_ends *ends, const char *batch,
                   enum batch_end end, struct err *err)
{
    if (!batch)
        return 0;
    if (strcmp(ends->uuid, batch) != 0) {
        if (batch_ends_settle(store, ends, err) < 0)
            return -1;
        snprintf(ends->uuid, sizeof ends->uuid, "%s", batch);
    }
    ends->counts[end]++;
    return 0;
}
