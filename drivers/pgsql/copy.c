/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/copy.h"

#include <stdlib.h>

#include "drivers/pgsql/push.h"
#include "drivers/pgsql/result.h"

#define COPY_MIN 64 /* jobs: it takes two round trips more */
#define FIELDS   4
#define PIECE    32768 /* bytes */

bool pg_copy_suits(const struct store *store, const struct job *jobs, size_t count)
{
    if (count < COPY_MIN || !store->settings->prepare) /* a pooler hands on whole transactions */
        return false;
    for (size_t i = 0; i < count; i++)
        if (jobs[i].delay_ms > 0)
            return false;
    return true;
}

/* A failed job counts as known, and no index tells COPY so. */
static int any_failed(struct store *store, const struct job *jobs, size_t count, bool *any,
                      struct err *err)
{
    struct query query;
    pg_query_init(&query, STATEMENT_ANY_FAILED);
    pg_push_uuids(jobs, count, &query.params);
    int done = pg_exchange(store, &query, 1, err);
    *any = done == 0 && pg_result_bool(query.result, 0, 0);
    pg_queries_finish(&query, 1);
    return done;
}

static int take(struct store *store, PGresult **result, struct err *err)
{
    return pg_session_result(&store->session, result, store->deadline_us, err);
}

/* Takes all results that are left. Returns 1 where all were good, 0 where one was not, or -1. */
static int take_rest(struct store *store, struct err *err)
{
    int good = 1;
    for (PGresult *result;;) {
        if (take(store, &result, err) < 0)
            return -1;
        if (!result)
            return PQstatus(store->session.pg) == CONNECTION_OK
                       ? good
                       : pg_session_fail(&store->session, err);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            good = 0;
        PQclear(result);
    }
}

/* Returns whether the server is ready for the rows: 1, 0, or -1. */
static int begin(struct store *store, struct err *err)
{
    PGresult *result;
    char *text = pg_exchange_text(store, STATEMENT_COPY);
    int sent = PQsendQuery(store->session.pg, text);
    free(text);
    if (!sent)
        return pg_session_fail(&store->session, err);
    if (pg_session_flush(&store->session, store->deadline_us, err) < 0 ||
        take(store, &result, err) < 0)
        return -1;
    bool is_ready = PQresultStatus(result) == PGRES_COPY_IN;
    PQclear(result);
    if (is_ready)
        return 1;
    return take_rest(store, err) < 0 ? -1 : 0;
}

/* Sends what has been written. */
static int put(struct store *store, struct params *rows, struct err *err)
{
    const struct buf *bytes = &rows->bytes;
    if (PQputCopyData(store->session.pg, buf_text(bytes), (int)bytes->length) != 1)
        return pg_session_fail(&store->session, err);
    buf_clear(&rows->bytes);
    return pg_session_flush(&store->session, store->deadline_us, err);
}

static int write_row(struct payloads *payloads, const struct job *job, struct params *rows,
                     struct err *err)
{
    pg_params_copy_row(rows, FIELDS);
    pg_params_put_text(rows, job->uuid);
    pg_params_put_text(rows, job->queue);
    if (pg_payloads_put(payloads, job, rows, err) < 0)
        return -1;
    pg_params_put_int(rows, job->priority);
    return 0;
}

/* In pieces, so that the server is at the first ones while the next are written. */
static int put_jobs(struct store *store, const struct job *jobs, size_t count, struct err *err)
{
    struct params rows;
    struct payloads payloads;
    int done = 0;
    pg_params_init(&rows);
    pg_payloads_init(&payloads, store);
    pg_params_copy_begin(&rows);
    for (size_t i = 0; i < count && done == 0; i++) {
        done = write_row(&payloads, &jobs[i], &rows, err);
        if (done == 0 && rows.bytes.length >= PIECE)
            done = put(store, &rows, err);
    }
    pg_params_copy_end(&rows);
    if (done == 0)
        done = put(store, &rows, err);
    pg_payloads_finish(&payloads);
    pg_params_finish(&rows);
    return done;
}

/* Where a job cannot be written, the server is told to forget the others. */
static int send_jobs(struct store *store, const struct job *jobs, size_t count, struct err *err)
{
    int begun = begin(store, err);
    if (begun <= 0)
        return begun;
    int done = put_jobs(store, jobs, count, err);
    if (!store->session.pg)
        return -1;
    if (PQputCopyEnd(store->session.pg, done < 0 ? "a job cannot be written" : NULL) != 1)
        return pg_session_fail(&store->session, err);
    if (pg_session_flush(&store->session, store->deadline_us, done < 0 ? NULL : err) < 0)
        return -1;
    int good = take_rest(store, done < 0 ? NULL : err);
    return done < 0 ? -1 : good;
}

/* COPY and pipelines exclude each other. */
static int copy(struct store *store, const struct job *jobs, size_t count, struct err *err)
{
    if (pg_exchange_connect(store, err) < 0)
        return -1;
    if (!PQexitPipelineMode(store->session.pg))
        return pg_session_fail(&store->session, err);
    int copied = send_jobs(store, jobs, count, err);
    if (store->session.pg && !PQenterPipelineMode(store->session.pg))
        pg_session_close(&store->session);
    return copied;
}

int pg_copy(struct store *store, const struct job *jobs, size_t count, struct err *err)
{
    bool any;
    if (any_failed(store, jobs, count, &any, err) < 0)
        return -1;
    return any ? 0 : copy(store, jobs, count, err);
}
