/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/feed.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/mem.h"

/* A row that a planner should think there is: more than one, fewer than there are jobs. */
#define ROWS_ESTIMATED 100

/* What differs between the two tables. The last column is the hidden parameter. */
struct kind {
    const char *declaration;
    int parameter;
    bool (*is_left_out)(const struct feed *feed, size_t row);
    int (*column)(struct feed *feed, size_t row, int column, sqlite3_context *out);
};

struct table {
    sqlite3_vtab base;
    const struct kind *kind;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct feed *feed;
    size_t row;
};

static void put_text(sqlite3_context *out, const char *text)
{
    sqlite3_result_text(out, text, -1, SQLITE_STATIC); /* NULL becomes NULL */
}

/* --- leases --- */

enum { LEASE_AT, LEASE_ID, LEASE_UUID, LEASE_ATTEMPT, LEASE_BATCH, LEASE_PARAMETER };

static bool lease_is_left_out(const struct feed *feed, size_t row)
{
    (void)feed, (void)row;
    return false;
}

static int lease_column(struct feed *feed, size_t row, int column, sqlite3_context *out)
{
    const struct lease_row *lease = &((struct lease_feed *)feed)->rows[row];
    switch (column) {
    case LEASE_AT:
        sqlite3_result_int64(out, (int64_t)row);
        break;
    case LEASE_ID:
        sqlite3_result_int64(out, lease->id);
        break;
    case LEASE_UUID:
        put_text(out, lease->uuid);
        break;
    case LEASE_ATTEMPT:
        sqlite3_result_int(out, lease->attempt);
        break;
    case LEASE_BATCH:
        put_text(out, lease->batch_uuid);
        break;
    }
    return SQLITE_OK;
}

static const struct kind lease_kind = {
    .declaration = "CREATE TABLE x (at INT, id INT, uuid TEXT, attempt INT, batch_uuid TEXT,"
                   " feed HIDDEN)",
    .parameter = LEASE_PARAMETER,
    .is_left_out = lease_is_left_out,
    .column = lease_column,
};

void lease_feed_init(struct lease_feed *feed, const struct lease_row *rows, size_t count)
{
    *feed = (struct lease_feed){.feed = {count}, .rows = rows};
}

/* --- jobs --- */

enum {
    JOB_AT,
    JOB_ID,
    JOB_UUID,
    JOB_QUEUE,
    JOB_PRIORITY,
    JOB_AVAILABLE_AT,
    JOB_CREATED_AT,
    JOB_NAME,
    JOB_MAX_ATTEMPTS,
    JOB_TIMEOUT,
    JOB_BATCH_UUID,
    JOB_UNIQUE_KEY,
    JOB_UNIQUE_UNTIL,
    JOB_DATA_AT,
    JOB_DATA_LENGTH,
    JOB_IS_PLAIN,
    JOB_PAYLOAD,
    JOB_PARAMETER,
};

static bool job_is_left_out(const struct feed *feed, size_t row)
{
    return ((const struct job_feed *)feed)->rows[row].is_left_out;
}

/* How long the key is held: 0 while the job lives, -1 until it is reserved, or until a time. */
static int64_t unique_until(const struct job *job, int64_t now_ms)
{
    switch (job->unique_until) {
    case UNIQUE_STARTED:
        return -1;
    case UNIQUE_TIME:
        return now_ms + job->unique_ms;
    default:
        return 0;
    }
}

static int encode(struct job_feed *feed, size_t row)
{
    if (feed->encoded == row)
        return SQLITE_OK;
    struct job job = *feed->rows[row].job;
    job.created_at_ms = feed->now_ms;
    buf_clear(&feed->payload);
    if (job_payload_encode(&job, &feed->payload, &feed->data_at, NULL) < 0)
        return SQLITE_TOOBIG;
    feed->encoded = row;
    return SQLITE_OK;
}

static int payload_column(struct job_feed *feed, size_t row, int column, sqlite3_context *out)
{
    int code = encode(feed, row);
    if (code != SQLITE_OK)
        return code;
    if (column == JOB_DATA_AT)
        sqlite3_result_int64(out, (int64_t)feed->data_at);
    else
        sqlite3_result_text(out, buf_text(&feed->payload), (int)feed->payload.length,
                            SQLITE_STATIC);
    return SQLITE_OK;
}

static int job_column(struct feed *base, size_t i, int column, sqlite3_context *out)
{
    struct job_feed *feed = (struct job_feed *)base;
    const struct job_row *row = &feed->rows[i];
    const struct job *job = row->job;
    switch (column) {
    case JOB_AT:
        sqlite3_result_int64(out, (int64_t)i);
        break;
    case JOB_ID:
        sqlite3_result_int64(out, row->id);
        break;
    case JOB_UUID:
        put_text(out, job->uuid);
        break;
    case JOB_QUEUE:
        sqlite3_result_int64(out, row->queue);
        break;
    case JOB_PRIORITY:
        sqlite3_result_int(out, job->priority);
        break;
    case JOB_AVAILABLE_AT:
        sqlite3_result_int64(out, row->available_at);
        break;
    case JOB_CREATED_AT:
        sqlite3_result_int64(out, feed->now_ms);
        break;
    case JOB_NAME:
        put_text(out, job->name);
        break;
    case JOB_MAX_ATTEMPTS:
        sqlite3_result_int(out, job->max_attempts);
        break;
    case JOB_TIMEOUT:
        sqlite3_result_int64(out, job->timeout_ms);
        break;
    case JOB_BATCH_UUID:
        put_text(out, job->batch_uuid);
        break;
    case JOB_UNIQUE_KEY:
        put_text(out, row->is_without_key ? NULL : job->unique_key);
        break;
    case JOB_UNIQUE_UNTIL:
        sqlite3_result_int64(out, unique_until(job, feed->now_ms));
        break;
    case JOB_DATA_LENGTH:
        sqlite3_result_int64(out, (int64_t)job->data.length);
        break;
    case JOB_IS_PLAIN:
        sqlite3_result_int(out, !job->unique_key && !job->chain.text && !job->traceparent);
        break;
    case JOB_DATA_AT:
    case JOB_PAYLOAD:
        return payload_column(feed, i, column, out);
    }
    return SQLITE_OK;
}

static const struct kind job_kind = {
    .declaration = "CREATE TABLE x (at INT, id INT, uuid TEXT, queue INT, priority INT,"
                   " available_at INT, created_at INT, name TEXT, max_attempts INT, timeout INT,"
                   " batch_uuid TEXT, unique_key TEXT, unique_until INT, data_at INT,"
                   " data_length INT, is_plain INT, payload TEXT, feed HIDDEN)",
    .parameter = JOB_PARAMETER,
    .is_left_out = job_is_left_out,
    .column = job_column,
};

void job_feed_init(struct job_feed *feed, const struct job_row *rows, size_t count, int64_t now_ms)
{
    *feed = (struct job_feed){.feed = {count}, .rows = rows, .now_ms = now_ms, .encoded = SIZE_MAX};
    buf_init(&feed->payload, JSON_TEXT_MAX);
}

void job_feed_finish(struct job_feed *feed)
{
    buf_finish(&feed->payload);
}

/* --- the module --- */

static int table_connect(sqlite3 *db, void *context, int count, const char *const *arguments,
                         sqlite3_vtab **out, char **message)
{
    (void)count, (void)arguments, (void)message;
    const struct kind *kind = context;
    int code = sqlite3_declare_vtab(db, kind->declaration);
    if (code != SQLITE_OK)
        return code;
    struct table *table = mem_new(1, sizeof *table);
    table->kind = kind;
    *out = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* The one plan there is: all rows of the feed that is the parameter. */
static int table_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    int parameter = ((struct table *)base)->kind->parameter;
    for (int i = 0; i < info->nConstraint; i++) {
        if (info->aConstraint[i].iColumn != parameter || !info->aConstraint[i].usable)
            continue;
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        info->estimatedCost = ROWS_ESTIMATED;
        info->estimatedRows = ROWS_ESTIMATED;
        return SQLITE_OK;
    }
    return SQLITE_CONSTRAINT;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct cursor *cursor = mem_new(1, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static const struct kind *kind_of(const struct cursor *cursor)
{
    return ((struct table *)cursor->base.pVtab)->kind;
}

static void pass_over(struct cursor *cursor)
{
    while (cursor->row < cursor->feed->count &&
           kind_of(cursor)->is_left_out(cursor->feed, cursor->row))
        cursor->row++;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **values)
{
    (void)plan, (void)text, (void)count;
    struct cursor *cursor = (struct cursor *)base;
    cursor->feed = sqlite3_value_pointer(values[0], FEED_POINTER);
    if (!cursor->feed)
        return SQLITE_MISUSE;
    cursor->row = 0;
    pass_over(cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->row++;
    pass_over(cursor);
    return SQLITE_OK;
}

static int cursor_at_end(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;
    return cursor->row >= cursor->feed->count;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
    const struct cursor *cursor = (struct cursor *)base;
    return kind_of(cursor)->column(cursor->feed, cursor->row, column, out);
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module module = {
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_at_end,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};

int feed_register(sqlite3 *db)
{
    int code = sqlite3_create_module(db, "muster_leases", &module, (void *)&lease_kind);
    if (code == SQLITE_OK)
        code = sqlite3_create_module(db, "muster_jobs", &module, (void *)&job_kind);
    return code;
}
