/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/leases.h"
#include "drivers/pgsql/owner.h"
#include "drivers/pgsql/result.h"

/* Leases: made longer, given back. */

#define EXPIRE_MOST 1000 /* jobs in one transaction, and a reservation more */
#define UPKEEP_MS   1000

static void put_renewals(const struct renewal *renewals, size_t count, struct params *params)
{
    pg_params_array(params, PARAMS_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_text(params, renewals[i].lease.uuid);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_INT, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_int(params, renewals[i].lease.attempt);
    pg_params_array_end(params);
}

static void put_progress(const struct renewal *renewals, size_t count, struct params *params)
{
    pg_params_array(params, PARAMS_DOUBLE, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_double(params, renewals[i].progress);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pg_params_put_text(params, renewals[i].progress_text);
    pg_params_array_end(params);
}

int pgsql_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                 int64_t lease_ms, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_EXTEND);
    put_renewals(renewals, count, &query.params);
    pg_params_text(&query.params, owner);
    pg_params_bigint(&query.params, lease_ms);
    put_progress(renewals, count, &query.params);
    int done = pg_exchange(store, &query, 1, err);
    for (size_t i = 0; i < count; i++)
        renewals[i].state = LEASE_LOST;
    for (int row = 0; done == 0 && row < PQntuples(query.result); row++) {
        int32_t place = pg_result_int(query.result, row, 0); /* counted from 1 */
        renewals[place - 1].state =
            pg_result_bool(query.result, row, 1) ? LEASE_CANCELLED : LEASE_HELD;
    }
    pg_queries_finish(&query, 1);
    return done;
}

/* --- given back --- */

/* Rows of (queue, count): wakes that many workers of each, returns their sum. */
static uint64_t wake_for_rows(struct store *store, const PGresult *result)
{
    struct query query;
    uint64_t sum = 0;
    int rows = PQntuples(result);
    pg_query_init(&query, STATEMENT_WAKE);
    pg_params_array(&query.params, PARAMS_TEXT, (size_t)rows);
    for (int row = 0; row < rows; row++)
        pg_params_put_text(&query.params, pg_result_text(result, row, 0, ""));
    pg_params_array_end(&query.params);
    pg_params_array(&query.params, PARAMS_INT, (size_t)rows);
    for (int row = 0; row < rows; row++) {
        pg_params_put_int(&query.params, (int32_t)pg_result_bigint(result, row, 1));
        sum += (uint64_t)pg_result_bigint(result, row, 1);
    }
    pg_params_array_end(&query.params);
    if (rows > 0)
        pg_exchange_post(store, &query);
    pg_queries_finish(&query, 1);
    return sum;
}

int pg_run_and_wake(struct store *store, struct query *query, uint64_t *sum, struct err *err)
{
    int done = pg_exchange(store, query, 1, err);
    if (done == 0)
        *sum = wake_for_rows(store, query->result);
    pg_scan_doubt(&store->scan);
    pg_queries_finish(query, 1);
    return done;
}

int pgsql_return_owner(struct store *store, const char *owner, const struct lease *begun,
                       size_t begun_count, uint64_t *returned, struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_owner_end(store, owner);
    pg_query_init(&query, STATEMENT_RETURN_OWNER);
    pg_params_text(&query.params, owner);
    pg_params_array(&query.params, PARAMS_TEXT, begun_count);
    for (size_t i = 0; i < begun_count; i++)
        pg_params_put_text(&query.params, begun[i].uuid);
    pg_params_array_end(&query.params);
    pg_params_array(&query.params, PARAMS_INT, begun_count);
    for (size_t i = 0; i < begun_count; i++)
        pg_params_put_int(&query.params, begun[i].attempt);
    pg_params_array_end(&query.params);
    return pg_run_and_wake(store, &query, returned, err);
}

static int expire(struct store *store, uint64_t *expired, struct err *err)
{
    struct query query;
    pg_query_init(&query, STATEMENT_EXPIRE);
    pg_params_int(&query.params, EXPIRE_MOST);
    return pg_run_and_wake(store, &query, expired, err);
}

static int wake_ready_queues(struct store *store, struct err *err)
{
    struct query query;
    pg_query_init(&query, STATEMENT_READY_QUEUES);
    int done = pg_exchange(store, &query, 1, err);
    pg_queries_finish(&query, 1);
    return done;
}

int pgsql_upkeep(struct store *store, struct upkeep *upkeep, struct err *err)
{
    pgsql_begin(store);
    *upkeep = (struct upkeep){.next_ms = UPKEEP_MS};
    if (expire(store, &upkeep->expired, err) < 0 || wake_ready_queues(store, err) < 0)
        return -1;
    if (upkeep->expired >= EXPIRE_MOST)
        upkeep->next_ms = 0;
    return 0;
}
