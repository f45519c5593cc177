/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/result.h"

/* What is in the store, in numbers. */

#define COUNTED_MAX 100000 /* jobs; more are estimated */

int pgsql_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_STATS);
    pg_params_text(&query.params, queue);
    pg_params_bigint(&query.params, COUNTED_MAX);
    int done = pg_exchange(store, &query, 1, err);
    if (done == 0) {
        const PGresult *result = query.result;
        *stats = (struct queue_stats){
            .pending = (uint64_t)pg_result_bigint(result, 0, 0),
            .delayed = (uint64_t)pg_result_bigint(result, 0, 1),
            .oldest_ms = pg_result_is_null(result, 0, 2) ? -1 : pg_result_bigint(result, 0, 2),
            .reserved = (uint64_t)pg_result_bigint(result, 0, 3),
            .failed = (uint64_t)pg_result_bigint(result, 0, 4),
        };
    }
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_queues(struct store *store, queue_name_fn each, void *context, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_QUEUES);
    int done = pg_exchange(store, &query, 1, err);
    for (int row = 0; done == 0 && row < PQntuples(query.result); row++)
        if (each(context, pg_result_text(query.result, row, 0, "")) != 0)
            break;
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_health(struct store *store, struct store_health *health, struct err *err)
{
    struct query queries[2];
    pgsql_begin(store);
    pg_query_init(&queries[0], STATEMENT_HEALTH);
    pg_params_bigint(&queries[0].params, COUNTED_MAX);
    pg_query_init(&queries[1], STATEMENT_QUEUES);
    int done = pg_exchange(store, queries, 2, err);
    if (done == 0) {
        const PGresult *result = queries[0].result;
        snprintf(health->version, sizeof health->version, "PostgreSQL %s",
                 pg_result_text(result, 0, 0, "?"));
        health->total_jobs = (uint64_t)pg_result_bigint(result, 0, 1);
        health->total_queues = (uint64_t)PQntuples(queries[1].result);
    }
    pg_queries_finish(queries, 2);
    return done;
}
