/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/push.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/sqlite/batch.h"
#include "drivers/sqlite/feed.h"

/* The jobs of one push, on their way. */
struct push {
    struct store *store;
    struct job_row *rows;
    enum push_result *results; /* of each row */
    size_t count;
    size_t left; /* not left out so far */
    struct job_feed feed;
};

static void leave_out(struct push *push, size_t i, enum push_result result)
{
    if (push->rows[i].is_left_out)
        return;
    push->rows[i].is_left_out = true;
    push->results[i] = result;
    push->left--;
}

static int fill_rows(struct push *push, const struct job *jobs, struct err *err)
{
    const struct tally *tally = NULL;
    for (size_t i = 0; i < push->count; i++) {
        const struct job *job = &jobs[i];
        if (i == 0 || (job->queue != jobs[i - 1].queue && strcmp(job->queue, tally->name) != 0))
            tally = tally_add_queue(push->store, job->queue, err);
        if (!tally)
            return -1;
        push->rows[i] = (struct job_row){
            .job = job, .queue = tally->id, .available_at = push->store->now_ms + job->delay_ms};
    }
    return 0;
}

/* Keys whose time is over are free, though their jobs live on. */
static int free_expired_keys(struct push *push, struct err *err)
{
    for (size_t i = 0; i < push->count; i++) {
        const char *key = push->rows[i].job->unique_key;
        if (key &&
            store_run(push->store, err, SQL_UNIQUE_EXPIRE, "ti", key, push->store->now_ms) < 0)
            return -1;
    }
    return 0;
}

/* Leaves out what a query finds. */
static int leave_out_found(struct push *push, enum sql_id id, enum push_result result,
                           struct err *err)
{
    sqlite3_stmt *statement = store_query(push->store, err, id, "f", &push->feed);
    int step = statement ? 1 : -1;
    while (step > 0 && (step = store_step(push->store, statement, err)) > 0)
        leave_out(push, (size_t)sqlite3_column_int64(statement, 0), result);
    return step;
}

/* A failed job keeps its uuid. */
static int leave_out_failed(struct push *push, struct err *err)
{
    int64_t one;
    int any = store_number(push->store, &one, err, SQL_FAILED_ANY, "");
    return any <= 0 ? any : leave_out_found(push, SQL_FAILED_KNOWN, PUSH_REPEATED, err);
}

/* Numbers above all that are in the table, and above all that this connection gave before: who
 * tells old jobs from new ones by them is not misled by a number that became free. */
static int number_rows(struct push *push, struct err *err)
{
    int64_t last = 0;
    struct store *store = push->store;
    if (store_number(store, &last, err, SQL_ID_LAST, "") < 0)
        return -1;
    if (last > store->last_id)
        store->last_id = last;
    for (size_t i = 0; i < push->count; i++)
        push->rows[i].id = ++store->last_id;
    return 0;
}

/* Some records were not stored: their uuid is known, or else their unique key is held. */
static int explain_missing(struct push *push, struct err *err)
{
    if (leave_out_found(push, SQL_RECORDS_MISSING, PUSH_DUPLICATE, err) < 0)
        return -1;
    for (size_t i = 0; i < push->count; i++) {
        if (push->results[i] != PUSH_DUPLICATE)
            continue;
        int64_t one;
        int known =
            store_number(push->store, &one, err, SQL_UUID_KNOWN, "t", push->rows[i].job->uuid);
        if (known < 0)
            return -1;
        if (known)
            push->results[i] = PUSH_REPEATED;
    }
    return 0;
}

static int store_rows(struct push *push, struct err *err)
{
    struct store *store = push->store;
    if (number_rows(push, err) < 0 || store_run(store, err, SQL_RECORDS_ADD, "f", &push->feed) < 0)
        return -1;
    if ((size_t)sqlite3_changes64(store->db) < push->left && explain_missing(push, err) < 0)
        return -1;
    return store_run(store, err, SQL_WAITING_ADD, "f", &push->feed);
}

static int add_to_tallies(struct push *push, struct err *err)
{
    for (size_t i = 0; i < push->count; i++) {
        const struct job_row *row = &push->rows[i];
        if (row->is_left_out)
            continue;
        struct tally *tally = tally_by_id(push->store, row->queue, err);
        if (!tally)
            return -1;
        tally_add(tally, row->available_at);
    }
    return 0;
}

/* A batch that was cancelled or has finished takes no more jobs; one that it has is a repetition.
 */
static int refuse_closed(struct push *push, size_t i, enum push_mode mode, struct err *err)
{
    int64_t one;
    const struct job *job = push->rows[i].job;
    int known = store_number(push->store, &one, err, SQL_UUID_KNOWN, "t", job->uuid);
    if (known < 0)
        return -1;
    if (!known && mode == PUSH_STRICT)
        return err_set(err, ERR_CONFLICT, "the batch %s was cancelled or has finished",
                       job->batch_uuid);
    leave_out(push, i, PUSH_REPEATED);
    return 0;
}

static int refuse_closed_batches(struct push *push, enum push_mode mode, struct err *err)
{
    const char *open_batch = NULL;
    for (size_t i = 0; i < push->count; i++) {
        const char *batch = push->rows[i].job->batch_uuid;
        if (!batch || push->rows[i].is_left_out || (open_batch && strcmp(batch, open_batch) == 0))
            continue;
        int is_open = batch_is_open(push->store, batch, err);
        if (is_open < 0 || (!is_open && refuse_closed(push, i, mode, err) < 0))
            return -1;
        open_batch = is_open ? batch : open_batch;
    }
    return 0;
}

static int run(struct push *push, const struct job *jobs, enum push_mode mode, struct err *err)
{
    if (fill_rows(push, jobs, err) < 0 || free_expired_keys(push, err) < 0 ||
        leave_out_failed(push, err) < 0 || refuse_closed_batches(push, mode, err) < 0 ||
        store_rows(push, err) < 0 || add_to_tallies(push, err) < 0)
        return -1;
    return batches_grow(push->store, push->rows, push->count, err);
}

int push_jobs(struct store *store, const struct job *jobs, size_t count, enum push_mode mode,
              enum push_result *results, struct err *err)
{
    if (count == 0)
        return 0;
    struct push push = {.store = store, .count = count, .left = count};
    push.rows = mem_new(count, sizeof *push.rows);
    push.results = results ? results : mem_new(count, sizeof *push.results);
    for (size_t i = 0; i < count; i++)
        push.results[i] = PUSH_STORED;
    job_feed_init(&push.feed, push.rows, count, store->now_ms);
    int result = run(&push, jobs, mode, err);
    job_feed_finish(&push.feed);
    free(push.rows);
    if (!results)
        free(push.results);
    return result;
}

/* A job that comes back does so without its key where another one has taken it meanwhile. */
static int lock_if_free(struct push *push, struct err *err)
{
    struct job_row *row = &push->rows[0];
    int64_t one;
    if (!row->job->unique_key)
        return 0;
    int held = store_number(push->store, &one, err, SQL_UNIQUE_HELD, "t", row->job->unique_key);
    row->is_without_key = held > 0;
    return held < 0 ? -1 : 0;
}

static int store_again(struct push *push, const struct job *job, struct err *err)
{
    if (fill_rows(push, job, err) < 0 || free_expired_keys(push, err) < 0 ||
        lock_if_free(push, err) < 0 || store_rows(push, err) < 0)
        return -1;
    if (push->left == 0)
        return err_set(err, ERR_CONFLICT, "job %s is live and failed at once", job->uuid);
    return add_to_tallies(push, err);
}

int push_again(struct store *store, const struct job *job, struct err *err)
{
    struct job_row row = {0};
    enum push_result result = PUSH_STORED;
    struct push push = {.store = store, .rows = &row, .results = &result, .count = 1, .left = 1};
    job_feed_init(&push.feed, &row, 1, store->now_ms);
    int ended = store_again(&push, job, err);
    job_feed_finish(&push.feed);
    return ended;
}

int sqlite_push(struct store *store, const struct job *jobs, size_t count,
                enum push_result *results, struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, push_jobs(store, jobs, count, PUSH_STRICT, results, err), err);
}
