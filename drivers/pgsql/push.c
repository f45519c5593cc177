/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/push.h"

#include <string.h>

#include "drivers/pgsql/copy.h"
#include "drivers/pgsql/result.h"

#define PAYLOAD_MAX ((size_t)32 << 20)
#define QUEUES_MAX  16 /* of one push that are told; the others are found by the upkeep */

/* --- parameters --- */

static void put_uuid(const struct job *job, struct params *params)
{
    pg_params_put_text(params, job->uuid);
}

static void put_queue(const struct job *job, struct params *params)
{
    pg_params_put_text(params, job->queue);
}

static void put_priority(const struct job *job, struct params *params)
{
    pg_params_put_int(params, job->priority);
}

static void put_delay(const struct job *job, struct params *params)
{
    pg_params_put_bigint(params, job->delay_ms);
}

static void put_batch(const struct job *job, struct params *params)
{
    pg_params_put_text(params, job->batch_uuid);
}

static void put_key(const struct job *job, struct params *params)
{
    pg_params_put_text(params, job->unique_key);
}

static void put_until(const struct job *job, struct params *params)
{
    if (job->unique_until == UNIQUE_TIME)
        pg_params_put_bigint(params, job->unique_ms);
    else if (job->unique_until == UNIQUE_STARTED)
        pg_params_put_bigint(params, 0);
    else
        pg_params_put_null(params);
}

static bool has_batch(const struct job *job)
{
    return job->batch_uuid != NULL;
}

static bool has_key(const struct job *job)
{
    return job->unique_key != NULL;
}

static void put_column(const struct job *jobs, size_t count, enum params_type type,
                       void (*put)(const struct job *, struct params *), struct params *params)
{
    pg_params_array(params, type, count);
    for (size_t i = 0; i < count; i++)
        put(&jobs[i], params);
    pg_params_array_end(params);
}

/* A column that mostly is empty: null where no job has a value. */
static void put_rare(const struct job *jobs, size_t count, bool (*has)(const struct job *),
                     enum params_type type, void (*put)(const struct job *, struct params *),
                     struct params *params)
{
    for (size_t i = 0; i < count; i++) {
        if (has(&jobs[i])) {
            put_column(jobs, count, type, put, params);
            return;
        }
    }
    pg_params_null(params);
}

void pg_payloads_init(struct payloads *payloads, const struct store *store)
{
    payloads->now_ms = clock_wall_ms(store->clock);
    buf_init(&payloads->text, PAYLOAD_MAX);
}

void pg_payloads_finish(struct payloads *payloads)
{
    buf_finish(&payloads->text);
}

int pg_payloads_put(struct payloads *payloads, const struct job *job, struct params *params,
                    struct err *err)
{
    struct buf *text = &payloads->text;
    struct job made = *job;
    made.created_at_ms = payloads->now_ms;
    buf_clear(text);
    int done = job_payload_encode(&made, text, NULL, err);
    pg_params_put_bytes(params, buf_text(text), text->length);
    return done;
}

static int put_payloads(struct store *store, const struct job *jobs, size_t count,
                        struct params *params, struct err *err)
{
    struct payloads payloads;
    int done = 0;
    pg_payloads_init(&payloads, store);
    pg_params_array(params, PARAMS_TEXT, count);
    for (size_t i = 0; i < count && done == 0; i++)
        done = pg_payloads_put(&payloads, &jobs[i], params, err);
    pg_params_array_end(params);
    pg_payloads_finish(&payloads);
    return done;
}

void pg_push_uuids(const struct job *jobs, size_t count, struct params *params)
{
    put_column(jobs, count, PARAMS_TEXT, put_uuid, params);
}

/* What every job has. */
static int put_plain(struct store *store, const struct job *jobs, size_t count,
                     struct params *params, struct err *err)
{
    pg_push_uuids(jobs, count, params);
    put_column(jobs, count, PARAMS_TEXT, put_queue, params);
    if (put_payloads(store, jobs, count, params, err) < 0)
        return -1;
    put_column(jobs, count, PARAMS_INT, put_priority, params);
    put_column(jobs, count, PARAMS_BIGINT, put_delay, params);
    return 0;
}

int pg_push_params(struct store *store, const struct job *jobs, size_t count, struct params *params,
                   struct err *err)
{
    if (put_plain(store, jobs, count, params, err) < 0)
        return -1;
    put_rare(jobs, count, has_batch, PARAMS_TEXT, put_batch, params);
    put_rare(jobs, count, has_key, PARAMS_TEXT, put_key, params);
    put_rare(jobs, count, has_key, PARAMS_BIGINT, put_until, params);
    return 0;
}

/* --- waking --- */

struct queue_counts {
    const char *names[QUEUES_MAX];
    int32_t counts[QUEUES_MAX];
    size_t count;
};

static void count_job(struct queue_counts *queues, const struct job *job)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (strcmp(queues->names[i], job->queue) == 0) {
            queues->counts[i]++;
            return;
        }
    }
    if (queues->count == QUEUES_MAX)
        return;
    queues->names[queues->count] = job->queue;
    queues->counts[queues->count++] = 1;
}

/* A transaction of its own, after the commit of the jobs: whoever began to wait before it is seen,
 * who begins later finds the jobs; and the lock that notifications take is not held while a disk is
 * waited for. */
static void make_wake(struct query *query, const struct job *jobs, size_t count)
{
    struct queue_counts queues = {.count = 0};
    for (size_t i = 0; i < count; i++)
        count_job(&queues, &jobs[i]);
    pg_query_init(query, STATEMENT_WAKE);
    pg_params_array(&query->params, PARAMS_TEXT, queues.count);
    for (size_t i = 0; i < queues.count; i++)
        pg_params_put_text(&query->params, queues.names[i]);
    pg_params_array_end(&query->params);
    pg_params_array(&query->params, PARAMS_INT, queues.count);
    for (size_t i = 0; i < queues.count; i++)
        pg_params_put_int(&query->params, queues.counts[i]);
    pg_params_array_end(&query->params);
}

void pg_push_wake(struct store *store, const struct job *jobs, size_t count)
{
    struct query query;
    make_wake(&query, jobs, count);
    pg_exchange_post(store, &query);
    pg_queries_finish(&query, 1);
}

/* --- pushing --- */

static void set_results(enum push_result *results, size_t count, enum push_result result)
{
    for (size_t i = 0; results && i < count; i++)
        results[i] = result;
}

static void read_letters(const PGresult *result, size_t count, enum push_result *results)
{
    const char *letters = pg_result_text(result, 0, 0, NULL); /* NULL: all were stored */
    for (size_t i = 0; i < count; i++) {
        char letter = letters ? letters[i] : 's';
        results[i] = letter == 's' ? PUSH_STORED : letter == 'd' ? PUSH_DUPLICATE : PUSH_REPEATED;
    }
}

/* The rows are the uuids that were stored, in the same order. */
static void read_stored(const PGresult *result, const struct job *jobs, size_t count,
                        enum push_result *results)
{
    int row = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_stored = row < PQntuples(result) &&
                         strcmp(pg_result_text(result, row, 0, ""), jobs[i].uuid) == 0;
        results[i] = is_stored ? PUSH_STORED : PUSH_REPEATED;
        row += is_stored;
    }
}

static int insert(struct store *store, const struct job *jobs, size_t count, bool is_plain,
                  enum push_result *results, struct err *err)
{
    struct query query, wake;
    pg_query_init(&query, is_plain ? STATEMENT_INSERT_PLAIN : STATEMENT_INSERT);
    make_wake(&wake, jobs, count);
    int done = (is_plain ? put_plain : pg_push_params)(store, jobs, count, &query.params, err);
    if (done == 0)
        done = pg_exchange_then(store, &query, 1, &wake, err);
    if (done == 0 && results && is_plain)
        read_stored(query.result, jobs, count, results);
    else if (done == 0 && results)
        read_letters(query.result, count, results);
    pg_queries_finish(&query, 1);
    pg_queries_finish(&wake, 1);
    return done;
}

static bool are_plain(const struct job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (has_batch(&jobs[i]) || has_key(&jobs[i]))
            return false;
    return true;
}

int pgsql_push(struct store *store, const struct job *jobs, size_t count, enum push_result *results,
               struct err *err)
{
    pgsql_begin(store);
    bool is_plain = are_plain(jobs, count);
    int copied =
        is_plain && pg_copy_suits(store, jobs, count) ? pg_copy(store, jobs, count, err) : 0;
    if (copied == 0)
        return insert(store, jobs, count, is_plain, results, err);
    if (copied < 0)
        return -1;
    set_results(results, count, PUSH_STORED);
    pg_push_wake(store, jobs, count);
    return 0;
}
