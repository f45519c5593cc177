/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/leases.h"
#include "drivers/pgsql/result.h"

/* Failed jobs. */

/* The columns of STATEMENT_FAILED_LIST. */
enum {
    UUID,
    CONNECTION,
    QUEUE,
    NAME,
    PAYLOAD,
    EXCEPTION,
    CAUSE,
    WORKER,
    BATCH_UUID,
    HISTORY,
    ATTEMPTS,
    FAILED_AT,
};

static size_t limit_of(const struct store *store, const struct failed_filter *filter)
{
    return filter->limit ? filter->limit : (size_t)store->settings->batch_size;
}

static void put_filter(const struct store *store, const struct failed_filter *filter,
                       struct params *params)
{
    pg_params_text(params, filter->uuid);
    pg_params_text(params, filter->queue);
    pg_params_text(params, filter->name);
    pg_params_text(params, filter->text);
    pg_params_text(params, filter->batch_uuid);
    pg_params_bigint(params, filter->since_ms);
    pg_params_bigint(params, filter->before_ms);
    pg_params_bigint(params, (int64_t)limit_of(store, filter));
}

static struct failed_job read_row(const PGresult *result, int row)
{
    return (struct failed_job){
        .uuid = pg_result_text(result, row, UUID, ""),
        .connection = pg_result_text(result, row, CONNECTION, ""),
        .queue = pg_result_text(result, row, QUEUE, ""),
        .name = pg_result_text(result, row, NAME, ""),
        .payload = pg_result_text(result, row, PAYLOAD, ""),
        .exception = pg_result_text(result, row, EXCEPTION, ""),
        .cause = pg_result_text(result, row, CAUSE, ""),
        .worker = pg_result_text(result, row, WORKER, ""),
        .batch_uuid = pg_result_text(result, row, BATCH_UUID, NULL),
        .history = pg_result_text(result, row, HISTORY, "[]"),
        .attempts = pg_result_int(result, row, ATTEMPTS),
        .failed_at_ms = pg_result_bigint(result, row, FAILED_AT),
    };
}

int pgsql_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                      void *context, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_FAILED_LIST);
    put_filter(store, filter, &query.params);
    pg_params_text(&query.params, filter->after_uuid);
    int done = pg_exchange(store, &query, 1, err);
    for (int row = 0; done == 0 && row < PQntuples(query.result); row++) {
        struct failed_job failed = read_row(query.result, row);
        if (each(context, &failed) != 0)
            break;
    }
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                       struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_FAILED_RETRY);
    put_filter(store, filter, &query.params);
    return pg_run_and_wake(store, &query, count, err);
}

int pgsql_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_FAILED_REMOVE);
    put_filter(store, filter, &query.params);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0)
        *count = (uint64_t)PQntuples(query.result);
    pg_queries_finish(&query, 1);
    return done;
}
