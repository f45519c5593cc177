/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/callback.h"
#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/result.h"

/* Batches (queue/batch.h). Their counters change in the functions of schema.sql. */

/* The columns of STATEMENT_BATCH_GET and STATEMENT_BATCH_LIST. */
enum {
    UUID,
    NAME,
    ALLOW_FAILURES,
    ON_SUCCESS,
    ON_FAILURE,
    ON_FINISH,
    TOTAL,
    PENDING,
    COMPLETED,
    FAILED,
    CANCELLED,
    CREATED_AT,
    CANCELLED_AT,
    FINISHED_AT,
};

static int put_callback(const struct store *store, const struct job *job, struct params *params,
                        struct err *err)
{
    struct buf text;
    if (!job) {
        pg_params_null(params);
        return 0;
    }
    buf_init(&text, CALLBACK_MAX);
    int done = pg_callback_encode(job, clock_wall_ms(store->clock), &text, err);
    pg_params_bytes(params, buf_text(&text), text.length);
    buf_finish(&text);
    return done;
}

int pgsql_batch_create(struct store *store, const struct batch *batch, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_BATCH_CREATE);
    pg_params_text(&query.params, batch->uuid);
    pg_params_text(&query.params, batch_name(batch));
    pg_params_int(&query.params, batch->allow_failures);
    int done = put_callback(store, batch->on_success, &query.params, err);
    if (done == 0)
        done = put_callback(store, batch->on_failure, &query.params, err);
    if (done == 0)
        done = put_callback(store, batch->on_finish, &query.params, err);
    if (done == 0)
        done = pg_exchange(store, &query, 1, err);
    pg_queries_finish(&query, 1);
    return done;
}

/* --- listing --- */

static const struct job *read_callback(const PGresult *result, int row, int column,
                                       struct arena *arena, struct job *job)
{
    struct err ignored = ERR_INIT;
    if (pg_result_is_null(result, row, column))
        return NULL;
    return pg_callback_decode(pg_result_text(result, row, column, ""),
                              (size_t)PQgetlength(result, row, column), arena, job, &ignored) == 0
               ? job
               : NULL;
}

static void each_row(const PGresult *result, batch_fn each, void *context)
{
    struct arena arena = {0};
    for (int row = 0; row < PQntuples(result); row++) {
        struct job success, failure, finish;
        arena_reset(&arena);
        const struct batch batch = {
            .uuid = pg_result_text(result, row, UUID, ""),
            .name = pg_result_text(result, row, NAME, ""),
            .allow_failures = pg_result_bool(result, row, ALLOW_FAILURES),
            .on_success = read_callback(result, row, ON_SUCCESS, &arena, &success),
            .on_failure = read_callback(result, row, ON_FAILURE, &arena, &failure),
            .on_finish = read_callback(result, row, ON_FINISH, &arena, &finish),
            .total = (uint64_t)pg_result_bigint(result, row, TOTAL),
            .pending = (uint64_t)pg_result_bigint(result, row, PENDING),
            .completed = (uint64_t)pg_result_bigint(result, row, COMPLETED),
            .failed = (uint64_t)pg_result_bigint(result, row, FAILED),
            .cancelled = (uint64_t)pg_result_bigint(result, row, CANCELLED),
            .created_at_ms = pg_result_bigint(result, row, CREATED_AT),
            .cancelled_at_ms = pg_result_bigint(result, row, CANCELLED_AT),
            .finished_at_ms = pg_result_bigint(result, row, FINISHED_AT),
        };
        if (each(context, &batch) != 0)
            break;
    }
    arena_finish(&arena);
}

int pgsql_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                     batch_fn each, void *context, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, uuid ? STATEMENT_BATCH_GET : STATEMENT_BATCH_LIST);
    pg_params_text(&query.params, uuid ? uuid : after_uuid);
    if (!uuid)
        pg_params_bigint(&query.params, (int64_t)limit);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        each_row(query.result, each, context);
    pg_queries_finish(&query, 1);
    return done;
}

/* --- ends --- */

int pgsql_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_BATCH_CANCEL);
    pg_params_text(&query.params, uuid);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0 && pg_result_is_null(query.result, 0, 0))
        done = err_set(err, ERR_NOT_FOUND, "there is no batch %s", uuid);
    else if (done == 0)
        *removed = (uint64_t)pg_result_bigint(query.result, 0, 0);
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                      struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_BATCH_PRUNE);
    pg_params_bigint(&query.params, before_ms);
    pg_params_bigint(&query.params, (int64_t)limit);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        *count = (uint64_t)PQntuples(query.result);
    pg_queries_finish(&query, 1);
    return done;
}
