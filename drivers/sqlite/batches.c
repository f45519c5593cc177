/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/batches.h"

#include <string.h>

#include "drivers/sqlite/batch.h"
#include "drivers/sqlite/find.h"

/* --- creating --- */

/* A callback as the record keeps it; "" where there is none. Returns 0, or -1 with err. */
static int encode(const struct job *callback, struct buf *out, struct err *err)
{
    buf_init(out, JSON_TEXT_MAX);
    return callback ? job_to_json(callback, out, err) : 0;
}

static const char *text_or_null(const struct job *callback, const struct buf *text)
{
    return callback ? buf_text(text) : NULL;
}

int sqlite_batch_create(struct store *store, const struct batch *batch, struct err *err)
{
    struct buf success, failure, finish;
    int result = encode(batch->on_success, &success, err);
    result = encode(batch->on_failure, &failure, err) < 0 ? -1 : result;
    result = encode(batch->on_finish, &finish, err) < 0 ? -1 : result;
    if (result == 0 && (result = store_begin(store, err)) == 0)
        result = store_end(store,
                           store_run(store, err, SQL_BATCH_ADD, "ttnittt", batch->uuid,
                                     batch_name(batch), (int)batch->allow_failures, store->now_ms,
                                     text_or_null(batch->on_success, &success),
                                     text_or_null(batch->on_failure, &failure),
                                     text_or_null(batch->on_finish, &finish)),
                           err);
    buf_finish(&success);
    buf_finish(&failure);
    buf_finish(&finish);
    return result;
}

/* --- listing --- */

#define COLUMNS                                                                                    \
    "SELECT uuid, name, allow_failures, total_jobs, pending_jobs, completed_jobs, failed_jobs,"    \
    " cancelled_jobs, created_at, cancelled_at, finished_at, on_success, on_failure, on_finish"    \
    " FROM {batches}"

static int read_callback(sqlite3_stmt *row, int column, struct arena *arena, struct job *job,
                         const struct job **out, struct err *err)
{
    const char *text = store_text(row, column);
    *out = text ? job : NULL;
    return text ? job_from_json(text, strlen(text), "default", arena, job, err) : 0;
}

static int list_one(sqlite3_stmt *row, struct arena *arena, batch_fn each, void *context,
                    struct err *err)
{
    struct job callbacks[3];
    struct batch batch = {
        .uuid = store_text(row, 0),
        .name = store_text(row, 1),
        .allow_failures = sqlite3_column_int(row, 2) != 0,
        .total = (uint64_t)sqlite3_column_int64(row, 3),
        .pending = (uint64_t)sqlite3_column_int64(row, 4),
        .completed = (uint64_t)sqlite3_column_int64(row, 5),
        .failed = (uint64_t)sqlite3_column_int64(row, 6),
        .cancelled = (uint64_t)sqlite3_column_int64(row, 7),
        .created_at_ms = sqlite3_column_int64(row, 8),
        .cancelled_at_ms = sqlite3_column_int64(row, 9),
        .finished_at_ms = sqlite3_column_int64(row, 10),
    };
    if (read_callback(row, 11, arena, &callbacks[0], &batch.on_success, err) < 0 ||
        read_callback(row, 12, arena, &callbacks[1], &batch.on_failure, err) < 0 ||
        read_callback(row, 13, arena, &callbacks[2], &batch.on_finish, err) < 0)
        return err_prefix(err, "batch %s", batch.uuid);
    return each(context, &batch) == 0 ? 1 : 0;
}

int sqlite_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                      batch_fn each, void *context, struct err *err)
{
    struct find find;
    struct arena arena = {0};
    find_init(&find, store, COLUMNS);
    find_where_text(&find, "uuid = ?", uuid);
    find_where_text(&find, "id < (SELECT id FROM {batches} WHERE uuid = ?)", after_uuid);
    sqlite3_stmt *row = find_prepare(&find, "id DESC", limit, err);
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        arena_reset(&arena);
        step = list_one(row, &arena, each, context, err);
    }
    arena_finish(&arena);
    sqlite3_finalize(row);
    return step;
}

/* --- ending --- */

int sqlite_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    *removed = 0;
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, batch_cancel(store, uuid, removed, err), err);
}

int sqlite_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                       struct err *err)
{
    *count = 0;
    if (limit == 0)
        limit = (size_t)store->settings->batch_size;
    if (store_begin(store, err) < 0)
        return -1;
    int result = store_run(store, err, SQL_BATCHES_PRUNE, "ii", before_ms, (int64_t)limit);
    uint64_t removed = (uint64_t)sqlite3_changes64(store->db);
    if (store_end(store, result, err) < 0)
        return -1;
    *count = removed;
    return 0;
}
