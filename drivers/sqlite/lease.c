/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/lease.h"

#include <stdlib.h>

#include "queue/history.h"

int endings_collect(struct store *store, sqlite3_stmt *statement, bool has_place,
                    struct endings *endings, struct err *err)
{
    size_t capacity = endings->count;
    int step = statement ? 1 : -1;
    while (step > 0 && (step = store_step(store, statement, err)) > 0) {
        if (endings->count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            endings->held = mem_resize(endings->held, capacity, sizeof *endings->held);
        }
        endings->held[endings->count++] = (struct held){
            .row = {.id = sqlite3_column_int64(statement, 0),
                    .uuid = store_copy(statement, 1, &endings->arena),
                    .attempt = sqlite3_column_int(statement, 2),
                    .batch_uuid = store_copy(statement, 5, &endings->arena)},
            .owner = store_copy(statement, 3, &endings->arena),
            .queue = sqlite3_column_int64(statement, 4),
            .is_cancelled = sqlite3_column_int(statement, 6) != 0,
            .at = has_place ? (size_t)sqlite3_column_int64(statement, 7) : 0,
        };
    }
    endings->ended = mem_new(endings->count, sizeof *endings->ended);
    endings->gone = mem_new(endings->count, sizeof *endings->gone);
    return step;
}

void endings_finish(struct endings *endings)
{
    free(endings->held);
    free(endings->ended);
    free(endings->gone);
    arena_finish(&endings->arena);
}

static struct tally *end(struct store *store, struct endings *endings, const struct held *held,
                         struct err *err)
{
    struct tally *tally = tally_by_id(store, held->queue, err);
    if (!tally)
        return NULL;
    tally->reserved--;
    tally->is_changed = true;
    endings->ended[endings->ended_count++] = held->row;
    if (held->row.id > endings->highest_ended)
        endings->highest_ended = held->row.id;
    return tally;
}

int ending_remove(struct store *store, struct endings *endings, const struct held *held,
                  enum batch_end how, struct err *err)
{
    if (!end(store, endings, held, err))
        return -1;
    endings->gone[endings->gone_count++] = held->row;
    return batch_ends_add(store, &endings->batches, held->row.batch_uuid, how, err);
}

/* --- back to the queue --- */

static int put_back(struct store *store, struct endings *endings, const struct held *held,
                    int attempts, struct err *err)
{
    int64_t available_at;
    struct tally *tally = end(store, endings, held, err);
    if (!tally)
        return -1;
    int found =
        store_number(store, &available_at, err, SQL_RECORD_PUT_BACK, "in", held->row.id, attempts);
    if (found < 1)
        return found < 0 ? -1
                         : err_set(err, ERR_SYSTEM, "%s: the record of job %s is missing",
                                   store->settings->path, held->row.uuid);
    tally_add(tally, available_at);
    return 0;
}

int ending_untouched(struct store *store, struct endings *endings, const struct held *held,
                     struct err *err)
{
    return put_back(store, endings, held, held->row.attempt - 1, err);
}

/* The history with this attempt in it. */
static int tell_history(struct store *store, const struct held *held, const char *cause,
                        const char *exception, struct buf *out, struct err *err)
{
    const struct history_entry entry = {
        .attempt = held->row.attempt,
        .at_ms = store->now_ms,
        .worker = held->owner,
        .cause = cause,
        .exception = exception,
    };
    sqlite3_stmt *statement = store_query(store, err, SQL_RECORD_HISTORY, "i", held->row.id);
    int found = statement ? store_step(store, statement, err) : -1;
    if (found < 0)
        return -1;
    const char *history = found ? store_text(statement, 0) : NULL;
    int result = history_add(history, &entry, out, err);
    store_done(statement);
    return result;
}

static int note_attempt(struct store *store, const struct held *held, const char *cause,
                        const char *exception, struct err *err)
{
    struct buf history;
    buf_init(&history, HISTORY_BYTES_MAX);
    int result = tell_history(store, held, cause, exception, &history, err);
    if (result == 0)
        result =
            store_run(store, err, SQL_RECORD_SET_HISTORY, "it", held->row.id, buf_text(&history));
    buf_finish(&history);
    return result;
}

int ending_release(struct store *store, struct endings *endings, const struct held *held,
                   int64_t due_ms, const char *cause, const char *exception, struct err *err)
{
    if ((cause || exception) && note_attempt(store, held, cause, exception, err) < 0)
        return -1;
    if (due_ms != ENDING_SAME_PLACE &&
        store_run(store, err, SQL_RECORD_DUE, "ii", held->row.id, due_ms) < 0)
        return -1;
    return put_back(store, endings, held, held->row.attempt, err);
}

/* --- failed --- */

static int add_failed(struct store *store, const struct held *held, const struct tally *tally,
                      const char *cause, const char *exception, struct err *err)
{
    struct buf history;
    buf_init(&history, HISTORY_BYTES_MAX);
    int result = tell_history(store, held, cause, exception, &history, err);
    if (result == 0)
        result =
            store_run(store, err, SQL_FAILED_ADD, "ittnitttt", held->row.id, store->settings->name,
                      tally->name, held->row.attempt, store->now_ms, cause ? cause : "",
                      held->owner, exception ? exception : "", buf_text(&history));
    buf_finish(&history);
    return result;
}

int ending_fail(struct store *store, struct endings *endings, const struct held *held,
                const char *cause, const char *exception, struct err *err)
{
    struct tally *tally = tally_by_id(store, held->queue, err);
    if (!tally || add_failed(store, held, tally, cause, exception, err) < 0)
        return -1;
    tally->failed++;
    return ending_remove(store, endings, held, BATCH_FAILED, err);
}

/* --- the end --- */

int endings_apply(struct store *store, struct endings *endings, struct err *err)
{
    struct lease_feed ended, gone;
    lease_feed_init(&ended, endings->ended + endings->applied_count,
                    endings->ended_count - endings->applied_count);
    lease_feed_init(&gone, endings->gone, endings->gone_count);
    if (ended.feed.count > 0 && store_run(store, err, SQL_LEASES_END, "f", &ended) < 0)
        return -1;
    if (gone.feed.count > 0 && store_run(store, err, SQL_RECORDS_END, "f", &gone) < 0)
        return -1;
    endings->applied_count = endings->ended_count;
    endings->gone_count = 0;
    return batch_ends_settle(store, &endings->batches, err);
}
