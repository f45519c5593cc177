/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/result.h"

/* Live jobs: listed, cancelled, removed. */

#define PURGE_MOST 20000 /* jobs in one transaction */

/* The columns of STATEMENT_JOB_LIST. */
enum {
    ID,
    UUID,
    QUEUE,
    PAYLOAD,
    ATTEMPTS,
    PRIORITY,
    AVAILABLE_AT,
    CREATED_AT,
    RESERVED_AT,
    RESERVED_BY,
    BATCH_UUID,
    STATE,
    IS_CANCELLED,
    PROGRESS,
    PROGRESS_TEXT,
    HISTORY,
};

/* States in the order in which they are listed, as the statement counts them. */
static const enum job_state listed_states[] = {JOB_RESERVED, JOB_READY, JOB_DELAYED};

static int32_t place_of(const enum job_state *state)
{
    for (int32_t i = 0; state && i < 3; i++)
        if (listed_states[i] == *state)
            return i;
    return -1;
}

/* A payload that cannot be read leaves its members empty. */
static void read_view(const PGresult *result, int row, struct arena *arena, struct job_view *view)
{
    struct job *job = &view->job;
    struct err ignored = ERR_INIT;
    *view = (struct job_view){0};
    if (job_payload_decode(pg_result_text(result, row, PAYLOAD, ""),
                           (size_t)PQgetlength(result, row, PAYLOAD), arena, job, &ignored) < 0) {
        *job = (struct job){.name = "unknown", .damage = "its payload cannot be read"};
    }
    job->id = pg_result_bigint(result, row, ID);
    job->uuid = pg_result_text(result, row, UUID, "");
    job->queue = pg_result_text(result, row, QUEUE, "");
    job->attempts = pg_result_int(result, row, ATTEMPTS);
    job->priority = pg_result_int(result, row, PRIORITY);
    job->available_at_ms = pg_result_bigint(result, row, AVAILABLE_AT);
    job->created_at_ms = pg_result_bigint(result, row, CREATED_AT);
    job->reserved_at_ms = pg_result_bigint(result, row, RESERVED_AT);
    job->reserved_by = pg_result_text(result, row, RESERVED_BY, NULL);
    job->batch_uuid = pg_result_text(result, row, BATCH_UUID, NULL);
    view->state = listed_states[pg_result_int(result, row, STATE)];
    view->is_cancelled = view->state == JOB_RESERVED && pg_result_bool(result, row, IS_CANCELLED);
    view->progress = pg_result_double(result, row, PROGRESS, -1);
    view->progress_text = pg_result_text(result, row, PROGRESS_TEXT, NULL);
    view->history = pg_result_text(result, row, HISTORY, "[]");
}

static void each_row(const PGresult *result, job_view_fn each, void *context)
{
    struct arena arena = {0};
    for (int row = 0; row < PQntuples(result); row++) {
        struct job_view view;
        arena_reset(&arena);
        read_view(result, row, &arena, &view);
        if (each(context, &view) != 0)
            break;
    }
    arena_finish(&arena);
}

int pgsql_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                   void *context, struct err *err)
{
    struct query query;
    size_t limit = filter->limit ? filter->limit : (size_t)store->settings->batch_size;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_JOB_LIST);
    pg_params_text(&query.params, filter->uuid);
    pg_params_text(&query.params, filter->queue);
    pg_params_text(&query.params, filter->batch_uuid);
    pg_params_int(&query.params, place_of(filter->state));
    pg_params_bigint(&query.params, (int64_t)limit);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        each_row(query.result, each, context);
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                     struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_JOB_CANCEL);
    pg_params_text(&query.params, uuid);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0) {
        const char *what = pg_result_text(query.result, 0, 0, NULL);
        if (!what)
            done = err_set(err, ERR_NOT_FOUND, "there is no live job %s", uuid);
        else
            *result = strcmp(what, "removed") == 0 ? CANCEL_REMOVED : CANCEL_ASKED;
    }
    pg_queries_finish(&query, 1);
    return done;
}

/* *until_ms: up to when (0: now); gets that time. Returns how many jobs were removed, or -1. */
static int64_t purge_part(struct store *store, const char *queue, int64_t *until_ms,
                          struct err *err)
{
    struct query query;
    int64_t removed = -1;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_PURGE);
    pg_params_text(&query.params, queue);
    if (*until_ms)
        pg_params_bigint(&query.params, *until_ms);
    else
        pg_params_null(&query.params);
    pg_params_int(&query.params, PURGE_MOST);
    if (pg_exchange(store, &query, 1, err) == 0) {
        removed = pg_result_bigint(query.result, 0, 0);
        if (*until_ms == 0)
            *until_ms = pg_result_bigint(query.result, 0, 1);
    }
    pg_queries_finish(&query, 1);
    return removed;
}

/* In parts, so that a queue of any length can be emptied. */
int pgsql_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    int64_t part, until_ms = 0;
    *removed = 0;
    do {
        part = purge_part(store, queue, &until_ms, err);
        if (part < 0)
            return -1;
        *removed += (uint64_t)part;
    } while (part == PURGE_MOST);
    return 0;
}
