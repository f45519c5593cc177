/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/reserve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/result.h"
#include "drivers/pgsql/wake.h"

#define NONE    SIZE_MAX
#define LOOK_MS 1000 /* while no news can come */
#define LOST_US 60000000

/* The columns of STATEMENT_RESERVE. */
enum {
    ID,
    PLACE,
    UUID,
    ATTEMPTS,
    PRIORITY,
    AVAILABLE_AT,
    CREATED_AT,
    RESERVED_AT,
    BATCH_UUID,
    PAYLOAD
};

void pg_range_params(const struct scan_walk *walk, struct params *params)
{
    pg_params_array(params, PARAMS_INT, walk->count);
    for (size_t i = 0; i < walk->count; i++)
        pg_params_put_int(params, walk->ranges[i].rank);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_BIGINT, walk->count);
    for (size_t i = 0; i < walk->count; i++)
        pg_params_put_bigint(params, walk->ranges[i].due);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_BIGINT, walk->count);
    for (size_t i = 0; i < walk->count; i++)
        pg_params_put_bigint(params, walk->ranges[i].id);
    pg_params_array_end(params);
    pg_params_array(params, PARAMS_INT, walk->count);
    for (size_t i = 0; i < walk->count; i++)
        pg_params_put_int(params, walk->ranges[i].last);
    pg_params_array_end(params);
}

/* --- asking --- */

/* A scan is about one queue. */
static struct scan *scan_of(struct store *store, const char *queue)
{
    if (store->scan_queue && strcmp(store->scan_queue, queue) == 0)
        return &store->scan;
    free(store->scan_queue);
    store->scan_queue = mem_strdup(queue);
    store->scan = (struct scan){0};
    return &store->scan;
}

static struct params *add(struct query *queries, size_t *count, enum statement statement,
                          size_t *place)
{
    struct query *query = &queries[*count];
    *place = (*count)++;
    pg_query_init(query, statement);
    return &query->params;
}

static void add_next_due(const struct reserving *reserving, struct params *params)
{
    pg_params_text(params, reserving->request->queue);
    if (reserving->store->scan.is_cut)
        pg_range_params(&reserving->walk, params);
}

static enum statement next_due_statement(const struct store *store)
{
    return store->scan.is_cut ? STATEMENT_NEXT_DUE_IN : STATEMENT_NEXT_DUE;
}

static void add_reserve(const struct reserving *reserving, struct params *params)
{
    const struct reserve_request *request = reserving->request;
    pg_params_text(params, request->queue);
    pg_params_bigint(params, (int64_t)request->count);
    pg_params_text(params, request->owner);
    pg_params_bigint(params, request->lease_ms);
    pg_params_bigint(params, RESERVATION_BYTES_MAX);
    pg_range_params(&reserving->walk, params);
    pg_params_bigint(params, reserving->lease);
}

/* --- answers that were lost --- */

static void forget_old(struct store *store)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->lost_count; i++)
        if (store->lost[i].until_us > pg_session_now_us())
            store->lost[kept++] = store->lost[i];
    store->lost_count = kept;
}

static size_t count_lost(const struct store *store, const char *owner)
{
    size_t count = 0;
    for (size_t i = 0; i < store->lost_count; i++)
        count += strcmp(store->lost[i].owner, owner) == 0;
    return count;
}

static void add_lost(const struct store *store, const char *owner, size_t count,
                     struct params *params)
{
    pg_params_text(params, owner);
    pg_params_array(params, PARAMS_BIGINT, count);
    for (size_t i = 0; i < store->lost_count; i++)
        if (strcmp(store->lost[i].owner, owner) == 0)
            pg_params_put_bigint(params, store->lost[i].lease);
    pg_params_array_end(params);
}

void pg_reserving_lost(const struct reserving *reserving)
{
    struct store *store = reserving->store;
    if (store->lost_count == LOST_MAX) {
        store->lost_count--;
        memmove(store->lost, store->lost + 1, store->lost_count * sizeof store->lost[0]);
    }
    struct lost *lost = &store->lost[store->lost_count++];
    *lost = (struct lost){.lease = reserving->lease, .until_us = pg_session_now_us() + LOST_US};
    snprintf(lost->owner, sizeof lost->owner, "%s", reserving->request->owner);
}

/* Before the plan is made: what comes back may be where a walk would not look. */
static void return_lost(struct store *store, const char *owner, struct query *queries,
                        size_t *count)
{
    size_t place;
    forget_old(store);
    size_t lost = count_lost(store, owner);
    if (lost == 0)
        return;
    add_lost(store, owner, lost, add(queries, count, STATEMENT_RETURN_LEASES, &place));
    pg_scan_doubt(&store->scan);
}

/* --- the plan --- */

size_t pg_reserving_begin(struct reserving *reserving, struct store *store,
                          const struct reserve_request *request, struct reservation *reservation,
                          struct query *queries)
{
    size_t count = 0, second;
    struct scan *scan = scan_of(store, request->queue);
    *reserving = (struct reserving){
        .store = store,
        .request = request,
        .reservation = reservation,
        .probes = NONE,
        .next_due = NONE,
        .ranks = NONE,
    };
    arc4random_buf(&reserving->lease, sizeof reserving->lease);
    return_lost(store, request->owner, queries, &count);
    pg_scan_plan(scan, pg_session_now_us(), &reserving->walk);
    if (reserving->walk.is_measured)
        add(queries, &count, STATEMENT_PROBE, &reserving->probes);
    add_reserve(reserving, add(queries, &count, STATEMENT_RESERVE, &reserving->reserve));
    if (reserving->walk.is_measured)
        add(queries, &count, STATEMENT_PROBE, &second);
    if (reserving->walk.is_measured && scan->is_cut)
        pg_params_text(add(queries, &count, STATEMENT_RANKS, &reserving->ranks), request->queue);
    if (store->was_short)
        add_next_due(reserving,
                     add(queries, &count, next_due_statement(store), &reserving->next_due));
    return count;
}

/* --- reading --- */

static const char *copy(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

static void read_payload(const PGresult *result, int row, struct arena *arena, struct job *job)
{
    struct err damage = ERR_INIT;
    size_t length = (size_t)PQgetlength(result, row, PAYLOAD);
    const char *payload = pg_result_copy(result, row, PAYLOAD, arena);
    *job = (struct job){0};
    if (job_payload_decode(payload, length, arena, job, &damage) < 0)
        *job = (struct job){.name = "unknown", .damage = copy(arena, damage.text)};
}

static void read_job(const PGresult *result, int row, struct arena *arena, struct job *job)
{
    read_payload(result, row, arena, job);
    job->id = pg_result_bigint(result, row, ID);
    job->uuid = pg_result_copy(result, row, UUID, arena);
    job->attempts = pg_result_int(result, row, ATTEMPTS);
    job->priority = pg_result_int(result, row, PRIORITY);
    job->available_at_ms = pg_result_bigint(result, row, AVAILABLE_AT);
    job->created_at_ms = pg_result_bigint(result, row, CREATED_AT);
    job->reserved_at_ms = pg_result_bigint(result, row, RESERVED_AT);
    job->batch_uuid = pg_result_copy(result, row, BATCH_UUID, arena);
}

/* A row of the result, and what it is sorted by. */
struct row {
    int number;
    int32_t priority;
    int64_t due_ms;
    int64_t id;
};

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->priority != b->priority)
        return compare_numbers(b->priority, a->priority);
    if (a->due_ms != b->due_ms)
        return compare_numbers(a->due_ms, b->due_ms);
    return compare_numbers(a->id, b->id);
}

/* The caller frees it. */
static struct row *sort_rows(const PGresult *result, size_t count)
{
    struct row *rows = mem_new(count + 1, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct row){
            .number = (int)i,
            .priority = pg_result_int(result, (int)i, PRIORITY),
            .due_ms = pg_result_bigint(result, (int)i, AVAILABLE_AT),
            .id = pg_result_bigint(result, (int)i, ID),
        };
    qsort(rows, count, sizeof *rows, compare_rows);
    return rows;
}

/* Returns the size of all payloads. The scan learns from the jobs' own numbers. */
static size_t read_rows(const struct reserving *reserving, const PGresult *result)
{
    struct reservation *reservation = reserving->reservation;
    struct arena *arena = &reservation->arena;
    size_t bytes = 0, count = (size_t)PQntuples(result);
    struct row *rows = sort_rows(result, count);
    const char *queue = copy(arena, reserving->request->queue);
    const char *owner = copy(arena, reserving->request->owner);
    reservation->jobs = arena_alloc(arena, (count + 1) * sizeof *reservation->jobs);
    reservation->count = count;
    for (size_t i = 0; i < count; i++) {
        read_job(result, rows[i].number, arena, &reservation->jobs[i]);
        reservation->jobs[i].queue = queue;
        reservation->jobs[i].reserved_by = owner;
        bytes += (size_t)PQgetlength(result, rows[i].number, PAYLOAD);
    }
    pg_scan_taken(&reserving->store->scan, &reserving->walk, reservation->jobs, count,
                  pg_session_now_us());
    for (size_t i = 0; i < count; i++) /* for outside, a job's id says where its row is */
        reservation->jobs[i].id = pg_result_place(result, rows[i].number, PLACE);
    free(rows);
    return bytes;
}

/* The counters go up within a transaction. */
static void read_probes(const struct reserving *reserving, const struct query *queries,
                        size_t taken)
{
    const PGresult *before = queries[reserving->probes].result;
    const PGresult *after = queries[reserving->reserve + 1].result;
    int64_t entries = pg_result_bigint(after, 0, 0) - pg_result_bigint(before, 0, 0);
    int64_t pages = pg_result_bigint(after, 0, 1) - pg_result_bigint(before, 0, 1);
    pg_scan_measured(&reserving->store->scan, entries - (int64_t)taken, pages, pg_session_now_us());
}

static void read_ranks(const struct reserving *reserving, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++)
        pg_scan_add_rank(&reserving->store->scan, pg_result_int(result, row, 0));
}

void pg_reserving_read(struct reserving *reserving, const struct query *queries)
{
    struct reservation *reservation = reserving->reservation;
    size_t bytes = read_rows(reserving, queries[reserving->reserve].result);
    size_t taken = reservation->count;
    reserving->is_short = taken < reserving->request->count && bytes < RESERVATION_BYTES_MAX;
    if (reserving->ranks != NONE)
        read_ranks(reserving, queries[reserving->ranks].result);
    if (reserving->probes != NONE)
        read_probes(reserving, queries, taken);
}

/* --- the end --- */

/* Milliseconds until the next delayed job is due, -1 where there is none. */
static int64_t read_next_due(const PGresult *result)
{
    return pg_result_is_null(result, 0, 0) ? -1 : pg_result_bigint(result, 0, 0);
}

/* 0, which lets the caller look again soon, where it cannot be told. */
static int64_t ask_next_due(const struct reserving *reserving)
{
    struct query query;
    struct err ignored = ERR_INIT;
    int64_t next_due_ms = 0;
    pg_query_init(&query, next_due_statement(reserving->store));
    add_next_due(reserving, &query.params);
    if (pg_exchange(reserving->store, &query, 1, &ignored) == 0)
        next_due_ms = read_next_due(query.result);
    pg_queries_finish(&query, 1);
    return next_due_ms;
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    if (a_ms < 0 || b_ms < 0)
        return a_ms < 0 ? b_ms : a_ms;
    return a_ms < b_ms ? a_ms : b_ms;
}

/* This worker had nothing to do, and now has its hands full: there may be work for another one. */
static void wake_another(const struct reserving *reserving)
{
    struct query query;
    pg_query_init(&query, STATEMENT_WAKE_READY);
    pg_params_text(&query.params, reserving->request->queue);
    pg_range_params(&reserving->walk, &query.params);
    pg_exchange_post(reserving->store, &query);
    pg_queries_finish(&query, 1);
}

static int64_t await_more(const struct reserving *reserving, int64_t next_due_ms)
{
    struct store *store = reserving->store;
    const char *queue = reserving->request->queue;
    bool may_be_ready;
    int64_t whole_ms = pg_scan_whole_in_ms(&store->scan, pg_session_now_us());
    next_due_ms = sooner(next_due_ms, whole_ms);
    if (!pg_wake_is_wanted(store, queue) || reserving->reservation->count > 0)
        return next_due_ms; /* it is armed where the worker begins to wait: jobs first */
    if (!pg_wake_arm(store, queue, &may_be_ready))
        return sooner(next_due_ms, LOOK_MS);
    return may_be_ready ? 0 : next_due_ms;
}

void pg_reserving_end(struct reserving *reserving, const struct query *queries)
{
    struct store *store = reserving->store;
    bool was_short = store->was_short;
    store->was_short = reserving->is_short;
    reserving->reservation->next_due_ms = 0;
    if (!reserving->is_short) {
        pg_wake_disarm(store);
        if (was_short)
            wake_another(reserving);
        return;
    }
    int64_t next_due_ms = reserving->next_due != NONE
                              ? read_next_due(queries[reserving->next_due].result)
                              : ask_next_due(reserving);
    reserving->reservation->next_due_ms = await_more(reserving, next_due_ms);
}
