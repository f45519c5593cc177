/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/failed.h"

#include <stdlib.h>

#include "drivers/sqlite/batch.h"
#include "drivers/sqlite/feed.h"
#include "drivers/sqlite/find.h"
#include "drivers/sqlite/push.h"

static sqlite3_stmt *find(struct store *store, const char *columns, const char *order,
                          const struct failed_filter *filter, struct err *err)
{
    struct find find;
    find_init(&find, store, columns);
    find_where_text(&find, "uuid = ?", filter->uuid);
    find_where_text(&find, "queue = ?", filter->queue);
    find_where_text(&find, "name = ?", filter->name);
    find_where_text(&find, "instr(lower(exception), lower(?)) > 0", filter->text);
    find_where_text(&find, "batch_uuid = ?", filter->batch_uuid);
    find_where_number(&find, "failed_at >= ?", filter->since_ms);
    find_where_number(&find, "failed_at < ?", filter->before_ms);
    find_where_text(&find, "(failed_at, id) < (SELECT failed_at, id FROM {failed} WHERE uuid = ?)",
                    filter->after_uuid);
    return find_prepare(&find, order, filter->limit, err);
}

/* --- listing --- */

static struct failed_job read_failed(sqlite3_stmt *row)
{
    return (struct failed_job){
        .uuid = store_text(row, 0),
        .connection = store_text(row, 1),
        .queue = store_text(row, 2),
        .name = store_text(row, 3),
        .payload = store_text(row, 4),
        .exception = store_text(row, 5),
        .cause = store_text(row, 6),
        .worker = store_text(row, 7),
        .batch_uuid = store_text(row, 8),
        .history = store_text(row, 9),
        .attempts = sqlite3_column_int(row, 10),
        .failed_at_ms = sqlite3_column_int64(row, 11),
    };
}

int sqlite_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                       void *context, struct err *err)
{
    sqlite3_stmt *row = find(store,
                             "SELECT uuid, connection, queue, name, payload, exception, cause,"
                             " worker, batch_uuid, history, attempts, failed_at FROM {failed}",
                             "failed_at DESC, id DESC", filter, err);
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        const struct failed_job failed = read_failed(row);
        if (each(context, &failed) != 0)
            step = 0;
    }
    sqlite3_finalize(row);
    return step;
}

/* --- the ones to be changed --- */

struct chosen {
    struct lease_row *rows; /* id alone */
    size_t count;
    size_t capacity;
};

/* One whose payload cannot be read stays where it is, and keeps nobody from being tried again. */
static bool is_readable(sqlite3_stmt *row, struct arena *arena)
{
    struct job job = {0};
    const char *payload = store_text(row, 1);
    arena_reset(arena);
    return job_payload_decode(payload, (size_t)sqlite3_column_bytes(row, 1), arena, &job, NULL) ==
           0;
}

static void add_row(struct chosen *chosen, int64_t id)
{
    if (chosen->count == chosen->capacity) {
        chosen->capacity = chosen->capacity ? 2 * chosen->capacity : 64;
        chosen->rows = mem_resize(chosen->rows, chosen->capacity, sizeof *chosen->rows);
    }
    chosen->rows[chosen->count++] = (struct lease_row){.id = id};
}

/* The oldest ones that match. */
static int choose(struct store *store, const struct failed_filter *filter, struct chosen *chosen,
                  struct err *err)
{
    sqlite3_stmt *row = find(store, "SELECT id FROM {failed}", "failed_at, id", filter, err);
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0)
        add_row(chosen, sqlite3_column_int64(row, 0));
    sqlite3_finalize(row);
    return step;
}

/* The oldest ones that match and can be read. */
static int choose_readable(struct store *store, const struct failed_filter *filter,
                           struct chosen *chosen, struct err *err)
{
    struct failed_filter all = *filter;
    struct arena arena = {0};
    size_t limit = filter->limit ? filter->limit : (size_t)store->settings->batch_size;
    all.limit = SIZE_MAX;
    sqlite3_stmt *row = find(store, "SELECT id, payload FROM {failed}", "failed_at, id", &all, err);
    int step = row ? 1 : -1;
    while (step > 0 && chosen->count < limit && (step = store_step(store, row, err)) > 0)
        if (is_readable(row, &arena))
            add_row(chosen, sqlite3_column_int64(row, 0));
    arena_finish(&arena);
    sqlite3_finalize(row);
    return step < 0 ? -1 : 0;
}

/* Takes them out of the table and of their queues' figures. */
static int take_out(struct store *store, const struct chosen *chosen, struct err *err)
{
    struct lease_feed feed;
    lease_feed_init(&feed, chosen->rows, chosen->count);
    sqlite3_stmt *row = store_query(store, err, SQL_FAILED_PER_QUEUE, "f", &feed);
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        struct tally *tally = tally_add_queue(store, store_text(row, 0), err);
        if (!tally) {
            store_done(row);
            return -1;
        }
        tally->failed -= sqlite3_column_int64(row, 1);
        tally->is_changed = true;
    }
    return step < 0 ? -1 : store_run(store, err, SQL_FAILED_END, "f", &feed);
}

static int remove_chosen(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err)
{
    struct chosen chosen = {0};
    int result = choose(store, filter, &chosen, err);
    if (result == 0 && chosen.count > 0)
        result = take_out(store, &chosen, err);
    *count = chosen.count;
    free(chosen.rows);
    return result;
}

int sqlite_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err)
{
    *count = 0;
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, remove_chosen(store, filter, count, err), err);
}

/* --- trying again --- */

static int read_job(struct store *store, int64_t id, struct arena *arena, struct job *job,
                    struct err *err)
{
    sqlite3_stmt *row = store_query(store, err, SQL_FAILED_READ, "i", id);
    if (!row || store_step(store, row, err) < 1)
        return -1;
    *job = (struct job){.queue = store_copy(row, 0, arena)};
    size_t length = (size_t)sqlite3_column_bytes(row, 1);
    const char *payload = store_copy(row, 1, arena);
    store_done(row);
    return job_payload_decode(payload, length, arena, job, err);
}

/* Puts one back into its queue, with the history that it had. */
static int requeue(struct store *store, int64_t id, struct arena *arena, struct err *err)
{
    struct job job;
    if (read_job(store, id, arena, &job, err) < 0 || push_again(store, &job, err) < 0 ||
        store_run(store, err, SQL_FAILED_KEEP_HISTORY, "ti", job.uuid, id) < 0)
        return -1;
    return job.batch_uuid ? store_run(store, err, SQL_BATCH_REOPEN, "t", job.batch_uuid) : 0;
}

static int retry_chosen(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err)
{
    struct chosen chosen = {0};
    struct arena arena = {0};
    int result = choose_readable(store, filter, &chosen, err);
    for (size_t i = 0; i < chosen.count && result == 0; i++) {
        result = requeue(store, chosen.rows[i].id, &arena, err);
        arena_reset(&arena);
    }
    if (result == 0 && chosen.count > 0)
        result = take_out(store, &chosen, err);
    *count = chosen.count;
    arena_finish(&arena);
    free(chosen.rows);
    return result;
}

int sqlite_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err)
{
    *count = 0;
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, retry_chosen(store, filter, count, err), err);
}
