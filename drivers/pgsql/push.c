/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/push.h"

#include <string.h>

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

static int put_payloads(struct store *store, const struct job *jobs, size_t count,
                        struct params *params, struct err *err)
{
    int64_t now_ms = clock_wall_ms(store->clock);
    struct buf payload;
    int done = 0;
    buf_init(&payload, PAYLOAD_MAX);
    pg_params_array(params, PARAMS_TEXT, count);
    for (size_t i = 0; i < count && done == 0; i++) {
        struct job job = jobs[i];
        job.created_at_ms = now_ms;
        buf_clear(&payload);
        done = job_payload_encode(&job, &payload, NULL, err);
        pg_params_put_bytes(params, buf_text(&payload), payload.length);
    }
    pg_params_array_end(params);
    buf_finish(&payload);
    return done;
}

int pg_push_params(struct store *store, const struct job *jobs, size_t count, struct params *params,
                   struct err *err)
{
    put_column(jobs, count, PARAMS_TEXT, put_uuid, params);
    put_column(jobs, count, PARAMS_TEXT, put_queue, params);
    if (put_payloads(store, jobs, count, params, err) < 0)
        return -1;
    put_column(jobs, count, PARAMS_INT, put_priority, params);
    put_column(jobs, count, PARAMS_BIGINT, put_delay, params);
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

/* After the commit, and in a transaction of its own: whoever began to wait before it is seen, who
 * begins later finds the jobs; and the lock that notifications take is not held while a disk is
 * waited for. */
void pg_push_wake(struct store *store, const struct job *jobs, size_t count)
{
    struct queue_counts queues = {.count = 0};
    struct query query;
    for (size_t i = 0; i < count; i++)
        count_job(&queues, &jobs[i]);
    pg_query_init(&query, STATEMENT_WAKE);
    pg_params_array(&query.params, PARAMS_TEXT, queues.count);
    for (size_t i = 0; i < queues.count; i++)
        pg_params_put_text(&query.params, queues.names[i]);
    pg_params_array_end(&query.params);
    pg_params_array(&query.params, PARAMS_INT, queues.count);
    for (size_t i = 0; i < queues.count; i++)
        pg_params_put_int(&query.params, queues.counts[i]);
    pg_params_array_end(&query.params);
    pg_exchange_post(store, &query);
    pg_queries_finish(&query, 1);
}

/* --- pushing --- */

static void read_results(const PGresult *result, size_t count, enum push_result *results)
{
    const char *letters = pg_result_text(result, 0, 0, NULL); /* NULL: all were stored */
    for (size_t i = 0; i < count; i++) {
        char letter = letters ? letters[i] : 's';
        results[i] = letter == 's' ? PUSH_STORED : letter == 'd' ? PUSH_DUPLICATE : PUSH_REPEATED;
    }
}

int pgsql_push(struct store *store, const struct job *jobs, size_t count, enum push_result *results,
               struct err *err)
{
    struct query query;
    pgsql_begin(store);
    pg_query_init(&query, STATEMENT_INSERT);
    int done = pg_push_params(store, jobs, count, &query.params, err);
    if (done == 0)
        done = pg_exchange(store, &query, 1, err);
    if (done == 0 && results)
        read_results(query.result, count, results);
    pg_queries_finish(&query, 1);
    if (done == 0)
        pg_push_wake(store, jobs, count);
    return done;
}
