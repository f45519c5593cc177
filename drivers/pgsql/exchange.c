/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/exchange.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/failure.h"

#define TRIES_MAX    8
#define PAUSE_MS_MAX 64 /* before what was undone is tried again */
#define NAME_SIZE    16

/* What became of a try. */
enum verdict {
    VERDICT_DONE,
    VERDICT_FAILED,
    VERDICT_AGAIN, /* it was undone, and may work now */
};

void pg_query_init(struct query *query, enum statement statement)
{
    query->statement = statement;
    query->result = NULL;
    pg_params_init(&query->params);
}

static void clear_results(struct query *queries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PQclear(queries[i].result);
        queries[i].result = NULL;
    }
}

void pg_queries_finish(struct query *queries, size_t count)
{
    clear_results(queries, count);
    for (size_t i = 0; i < count; i++)
        pg_params_finish(&queries[i].params);
}

/* --- sending --- */

char *pg_exchange_text(const struct store *store, enum statement statement)
{
    struct buf text;
    buf_init(&text, NAMES_TEXT_MAX);
    pg_names_expand(&store->names, pg_statement_text(statement), &text);
    return buf_steal(&text);
}

static int send_text(struct store *store, const char *text, int count,
                     const struct params_view *view, struct err *err)
{
    if (PQsendQueryParams(store->session.pg, text, count, NULL, view ? view->values : NULL,
                          view ? view->lengths : NULL, view ? view->formats : NULL, 1))
        return 0;
    return pg_session_fail(&store->session, err);
}

static int send_unprepared(struct store *store, const struct query *query, struct err *err)
{
    struct params_view view;
    if (pg_params_take(&query->params, &view, err) < 0)
        return -1;
    char *text = pg_exchange_text(store, query->statement);
    int done = send_text(store, text, query->params.count, &view, err);
    free(text);
    return done;
}

static const char *name_of(enum statement statement, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "muster_%d", (int)statement);
    return name;
}

static int send_preparation(struct store *store, enum statement statement, struct err *err)
{
    char name[NAME_SIZE];
    char *text = pg_exchange_text(store, statement);
    int sent = PQsendPrepare(store->session.pg, name_of(statement, name), text, 0, NULL);
    free(text);
    return sent ? 0 : pg_session_fail(&store->session, err);
}

static int send_prepared(struct store *store, const struct query *query, struct err *err)
{
    char name[NAME_SIZE];
    struct params_view view;
    if (pg_params_take(&query->params, &view, err) < 0)
        return -1;
    if (PQsendQueryPrepared(store->session.pg, name_of(query->statement, name), query->params.count,
                            view.values, view.lengths, view.formats, 1))
        return 0;
    return pg_session_fail(&store->session, err);
}

static int send_sync(struct store *store, struct err *err)
{
    if (!PQpipelineSync(store->session.pg))
        return pg_session_fail(&store->session, err);
    store->unread++;
    return 0;
}

/* Which statements of an exchange are prepared with it: the first of each kind. */
static bool is_first(const struct store *store, const struct query *queries, size_t i)
{
    if (!store->settings->prepare || store->is_prepared[queries[i].statement])
        return false;
    for (size_t k = 0; k < i; k++)
        if (queries[k].statement == queries[i].statement)
            return false;
    return true;
}

static int send_prepared_all(struct store *store, const struct query *queries, size_t count,
                             struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (is_first(store, queries, i) && send_preparation(store, queries[i].statement, err) < 0)
            return -1;
        if (send_prepared(store, &queries[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Through a pooler every transaction may be on another server, and says itself what it needs. */
static int send_unprepared_all(struct store *store, const struct query *queries, size_t count,
                               struct err *err)
{
    if (send_text(store, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", 0, NULL, err) < 0 ||
        send_text(store, store->settle, 0, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (send_unprepared(store, &queries[i], err) < 0)
            return -1;
    return send_text(store, "COMMIT", 0, NULL, err);
}

static int send_transaction(struct store *store, const struct query *queries, size_t count,
                            struct err *err)
{
    int sent = store->settings->prepare ? send_prepared_all(store, queries, count, err)
                                        : send_unprepared_all(store, queries, count, err);
    return sent < 0 ? -1 : send_sync(store, err);
}

/* Its preparation is taken for granted: were it to fail, the next use would tell. */
static int send_posted(struct store *store, const struct query *query, struct err *err)
{
    if (send_transaction(store, query, 1, err) < 0)
        return -1;
    store->is_prepared[query->statement] = true;
    return 0;
}

static int send_all(struct store *store, const struct query *queries, size_t count,
                    const struct query *then, struct err *err)
{
    if (send_transaction(store, queries, count, err) < 0 ||
        (then && send_posted(store, then, err) < 0))
        return -1;
    return pg_session_flush(&store->session, store->deadline_us, err);
}

/* --- receiving --- */

static int take(struct store *store, PGresult **result, struct err *err)
{
    return pg_session_result(&store->session, result, store->deadline_us, err);
}

/* Throws away what comes up to the end of a pipeline. */
static int skip_to_sync(struct store *store, struct err *err)
{
    for (;;) {
        PGresult *result;
        if (take(store, &result, err) < 0)
            return -1;
        if (!result && PQstatus(store->session.pg) != CONNECTION_OK)
            return pg_session_fail(&store->session, err);
        bool is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        PQclear(result);
        if (is_sync)
            break;
    }
    store->unread--;
    return 0;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* A statement failed, so the transaction is undone. */
static enum verdict judge(struct store *store, const PGresult *result, struct err *err)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    pg_failure_set(result, err);
    struct err ignored = ERR_INIT;
    if (pg_failure_is_read_only(sqlstate))
        pg_session_move_on(&store->session, &store->info);
    if (pg_failure_ends_session(sqlstate) || pg_failure_is_stale_plan(sqlstate))
        pg_session_close(&store->session);
    else
        skip_to_sync(store, &ignored); /* where that fails the session is closed */
    return pg_failure_allows_repetition(sqlstate) ? VERDICT_AGAIN : VERDICT_FAILED;
}

static enum verdict receive_one(struct store *store, PGresult **kept, struct err *err)
{
    PGresult *result, *end; /* each is followed by a NULL */
    if (take(store, &result, err) < 0)
        return VERDICT_FAILED;
    bool is_lost = !result || (!is_good(result) && !PQresultErrorField(result, PG_DIAG_SQLSTATE));
    if (is_lost) {
        PQclear(result);
        pg_session_fail(&store->session, err);
        return VERDICT_FAILED;
    }
    if (!is_good(result)) {
        enum verdict verdict = judge(store, result, err);
        PQclear(result);
        return verdict;
    }
    if (kept)
        *kept = result;
    else
        PQclear(result);
    return take(store, &end, err) < 0 ? VERDICT_FAILED : VERDICT_DONE;
}

/* `extra` results that nobody wants: of BEGIN and what settles a transaction. */
static enum verdict receive_extra(struct store *store, int extra, struct err *err)
{
    enum verdict verdict = VERDICT_DONE;
    for (; extra > 0 && verdict == VERDICT_DONE; extra--)
        verdict = receive_one(store, NULL, err);
    return verdict;
}

static enum verdict receive_query(struct store *store, struct query *queries, size_t i, bool is_new,
                                  struct err *err)
{
    if (is_new) {
        enum verdict verdict = receive_one(store, NULL, err);
        if (verdict != VERDICT_DONE)
            return verdict;
        store->is_prepared[queries[i].statement] = true;
    }
    return receive_one(store, &queries[i].result, err);
}

static enum verdict receive_all(struct store *store, struct query *queries, size_t count,
                                struct err *err)
{
    bool is_framed = !store->settings->prepare;
    enum verdict verdict = receive_extra(store, is_framed ? 2 : 0, err);
    for (size_t i = 0; i < count && verdict == VERDICT_DONE; i++)
        verdict = receive_query(store, queries, i, is_first(store, queries, i), err);
    if (verdict == VERDICT_DONE)
        verdict = receive_extra(store, is_framed ? 1 : 0, err);
    if (verdict == VERDICT_DONE && skip_to_sync(store, err) < 0)
        verdict = VERDICT_FAILED;
    return verdict;
}

/* --- exchanges --- */

/* Reads the ends of what was posted. Where they do not come, the connection is of no use, and
 * nothing of this exchange has been sent. */
static void catch_up(struct store *store)
{
    struct err ignored = ERR_INIT;
    while (store->session.pg && store->unread > 0 && skip_to_sync(store, &ignored) == 0)
        continue;
    if (!store->session.pg)
        store->unread = 0;
}

static void pause_before(struct store *store, int tries)
{
    int64_t left_ms = (store->deadline_us - pg_session_now_us()) / 1000;
    int64_t most_ms = INT64_C(2) << tries;
    if (most_ms > PAUSE_MS_MAX)
        most_ms = PAUSE_MS_MAX;
    int64_t pause_ms = 1 + (int64_t)(arc4random() % (uint32_t)most_ms);
    if (pause_ms < left_ms)
        poll(NULL, 0, (int)pause_ms);
}

int pg_exchange_connect(struct store *store, struct err *err)
{
    catch_up(store);
    return pgsql_connect(store, err);
}

int pg_exchange_then(struct store *store, struct query *queries, size_t count, struct query *then,
                     struct err *err)
{
    for (int tries = 1;; tries++) {
        struct err cause = ERR_INIT;
        enum verdict verdict = VERDICT_FAILED;
        if (pg_exchange_connect(store, err) < 0)
            return -1;
        if (send_all(store, queries, count, then, &cause) == 0)
            verdict = receive_all(store, queries, count, &cause);
        if (verdict == VERDICT_DONE)
            return 0;
        clear_results(queries, count);
        if (!store->session.pg)
            store->unread = 0;
        if (verdict == VERDICT_FAILED || tries == TRIES_MAX ||
            pg_session_now_us() >= store->deadline_us)
            return err_set(err, cause.code, "%s", cause.text);
        pause_before(store, tries);
    }
}

int pg_exchange(struct store *store, struct query *queries, size_t count, struct err *err)
{
    return pg_exchange_then(store, queries, count, NULL, err);
}

void pg_exchange_post(struct store *store, struct query *query)
{
    struct err ignored = ERR_INIT;
    if (store->session.pg && send_posted(store, query, &ignored) == 0)
        pg_session_flush(&store->session, store->deadline_us, &ignored);
}
