/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/wake.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "drivers/pgsql/exchange.h"
#include "drivers/pgsql/reserve.h"
#include "drivers/pgsql/result.h"

/* Classes of advisory locks, as in schema.sql: of queues where somebody waits, of places that wait,
 * and of places that are taken. */
#define LOCK_QUEUE "1297437780"
#define LOCK_PLACE "1297437781"
#define LOCK_TAKEN "1297437782"

#define WAIT_US_MAX  1000000 /* that a call waits for this connection */
#define PAUSE_US_MIN 1000000 /* between tries to have one */
#define PAUSE_US_MAX 30000000
#define SQL_MAX      4096

void pg_wake_init(struct wake *wake)
{
    *wake = (struct wake){.epoll_fd = -1, .news_fd = -1};
}

void pg_wake_finish(struct wake *wake)
{
    pg_session_close(&wake->session);
    pg_conninfo_finish(&wake->info);
    fd_close(&wake->epoll_fd);
    fd_close(&wake->news_fd);
    free(wake->queue);
}

bool pg_wake_is_wanted(const struct store *store, const char *queue)
{
    return store->wake.queue && strcmp(store->wake.queue, queue) == 0;
}

/* --- the connection --- */

static int64_t deadline_of(const struct store *store)
{
    int64_t most = pg_session_now_us() + WAIT_US_MAX;
    return store->deadline_us < most ? store->deadline_us : most;
}

/* Runs SQL whose names and arguments are filled in. */
static int run(struct store *store, const char *text, PGresult **result, struct err *err)
{
    struct buf sql;
    buf_init(&sql, SQL_MAX);
    pg_names_expand(&store->names, text, &sql);
    int done =
        pg_session_run(&store->wake.session, buf_text(&sql), result, deadline_of(store), err);
    buf_finish(&sql);
    return done;
}

/* The results of what was sent without waiting for them. */
static int catch_up(struct store *store)
{
    struct wake *wake = &store->wake;
    PGresult *result;
    while (wake->is_talking) {
        if (pg_session_result(&wake->session, &result, deadline_of(store), NULL) < 0)
            return -1;
        if (!result)
            wake->is_talking = false;
        PQclear(result);
    }
    return 0;
}

/* *place gets the place; 0 where all are taken. */
static int take_place(struct store *store, int *place, struct err *err)
{
    PGresult *result;
    char *queue =
        PQescapeLiteral(store->wake.session.pg, store->wake.queue, strlen(store->wake.queue));
    char *sql = mem_printf("SELECT p FROM (SELECT hashtext('{jobs}:' || %s) & -256 AS base) b,"
                           " generate_series(b.base, b.base + 255) AS p"
                           " WHERE pg_try_advisory_lock(" LOCK_TAKEN ", p) LIMIT 1",
                           queue);
    PQfreemem(queue);
    int done = run(store, sql, &result, err);
    free(sql);
    if (done < 0)
        return -1;
    *place = PQntuples(result) > 0 ? atoi(PQgetvalue(result, 0, 0)) : 0;
    PQclear(result);
    return 0;
}

static int listen_there(struct store *store, struct err *err)
{
    struct wake *wake = &store->wake;
    if (take_place(store, &wake->place, err) < 0)
        return -1;
    if (wake->place == 0)
        return err_set(err, ERR_LIMIT, "256 workers of the queue %s wait already", wake->queue);
    char *sql = mem_printf("SET statement_timeout = %d; LISTEN \"muster_%d\"", WAIT_US_MAX / 1000,
                           wake->place);
    int done = run(store, sql, NULL, err);
    free(sql);
    return done;
}

static int watch(const struct wake *wake, int fd, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(wake->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    return err_errno(err, errno, "cannot watch for wake-ups");
}

static void wait_longer(struct wake *wake)
{
    wake->pause_us = wake->pause_us ? 2 * wake->pause_us : PAUSE_US_MIN;
    if (wake->pause_us > PAUSE_US_MAX)
        wake->pause_us = PAUSE_US_MAX;
    wake->retry_at_us = pg_session_now_us() + wake->pause_us;
}

/* Makes sure that the connection is there and listens. A server that is hard to reach is not tried
 * each time. */
static int connect_if_missing(struct store *store, struct err *err)
{
    struct wake *wake = &store->wake;
    if (pg_session_is_alive(&wake->session))
        return 0;
    wake->is_armed = wake->is_talking = false;
    if (pg_session_now_us() < wake->retry_at_us)
        return err_set(err, ERR_UNAVAILABLE, "the connection for wake-ups is lost");
    if (pg_session_open(&wake->session, &wake->info, deadline_of(store), err) < 0 ||
        listen_there(store, err) < 0 || watch(wake, PQsocket(wake->session.pg), err) < 0) {
        pg_session_close(&wake->session);
        wait_longer(wake);
        return -1;
    }
    wake->pause_us = 0;
    return 0;
}

/* --- waiting --- */

static int arm(struct store *store, struct err *err)
{
    struct wake *wake = &store->wake;
    if (wake->is_armed)
        return 0;
    if (catch_up(store) < 0)
        return err_set(err, ERR_UNAVAILABLE, "the connection for wake-ups is lost");
    char *sql = mem_printf("SELECT pg_advisory_lock_shared(" LOCK_QUEUE ", %d),"
                           " pg_advisory_lock(" LOCK_PLACE ", %d)",
                           wake->place & -256, wake->place);
    int done = run(store, sql, NULL, err);
    free(sql);
    if (done < 0)
        pg_session_close(&wake->session);
    wake->is_armed = done == 0;
    return done;
}

/* Without waiting for the answer. */
static void disarm(struct wake *wake)
{
    if (!wake->is_armed || !wake->session.pg)
        return;
    char *sql = mem_printf("SELECT pg_advisory_unlock_shared(" LOCK_QUEUE ", %d),"
                           " pg_advisory_unlock(" LOCK_PLACE ", %d)",
                           wake->place & -256, wake->place);
    if (!wake->is_talking && PQsendQuery(wake->session.pg, sql) && PQflush(wake->session.pg) == 0)
        wake->is_talking = true;
    else
        pg_session_close(&wake->session); /* its locks go with it */
    free(sql);
    wake->is_armed = false;
}

void pg_wake_disarm(struct store *store)
{
    disarm(&store->wake);
}

static bool any_ready(struct store *store, const char *queue)
{
    struct query query;
    struct scan_walk walk;
    struct err ignored = ERR_INIT;
    pg_query_init(&query, STATEMENT_ANY_READY);
    pg_scan_plan(&store->scan, pg_session_now_us(), &walk);
    pg_params_text(&query.params, queue);
    pg_range_params(&walk, &query.params);
    bool any = pg_exchange(store, &query, 1, &ignored) < 0 || pg_result_bool(query.result, 0, 0);
    pg_queries_finish(&query, 1);
    return any;
}

bool pg_wake_arm(struct store *store, const char *queue, bool *may_be_ready)
{
    struct err ignored = ERR_INIT;
    *may_be_ready = false;
    if (connect_if_missing(store, &ignored) < 0)
        return false;
    bool was_armed = store->wake.is_armed;
    if (arm(store, &ignored) < 0)
        return false;
    *may_be_ready = !was_armed && any_ready(store, queue);
    return true;
}

/* --- the driver's functions --- */

static int make_descriptors(struct wake *wake, struct err *err)
{
    wake->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    wake->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake->epoll_fd >= 0 && wake->news_fd >= 0)
        return watch(wake, wake->news_fd, err);
    return err_errno(err, errno, "cannot watch for wake-ups");
}

static int set_up(struct store *store, const char *queue, struct err *err)
{
    struct wake *wake = &store->wake;
    const struct connection_settings *settings = store->settings;
    const char *dsn = settings->listen_dsn[0] ? settings->listen_dsn : settings->dsn;
    if (wake->epoll_fd >= 0)
        return 0;
    if (pg_conninfo_init(&wake->info, settings, dsn, err) < 0)
        return -1;
    if (make_descriptors(wake, err) < 0) {
        pg_wake_finish(wake);
        pg_wake_init(wake);
        return -1;
    }
    wake->queue = mem_strdup(queue);
    return 0;
}

/* A pooler says that it listens, and never tells anything. */
static bool is_behind_pooler(const struct store *store)
{
    return !store->settings->prepare && !store->settings->listen_dsn[0];
}

static void put_news(const struct wake *wake)
{
    const uint64_t one = 1;
    if (write(wake->news_fd, &one, sizeof one) < 0)
        return; /* it is full of them */
}

static bool take_notifications(struct wake *wake)
{
    bool any = false;
    for (PGnotify *notify; wake->session.pg && (notify = PQnotifies(wake->session.pg)); any = true)
        PQfreemem(notify);
    return any;
}

int pgsql_wake_open(struct store *store, const char *queue, struct err *err)
{
    struct wake *wake = &store->wake;
    bool may_be_ready;
    if (is_behind_pooler(store))
        return -1;
    pgsql_begin(store);
    if (wake->queue && strcmp(wake->queue, queue) != 0)
        return err_set(err, ERR_INVALID, "wake-ups are for one queue a store, here %s",
                       wake->queue);
    if (set_up(store, queue, err) < 0 || connect_if_missing(store, err) < 0)
        return -1;
    if (!wake->is_armed && (!pg_wake_arm(store, queue, &may_be_ready) || may_be_ready))
        put_news(wake);
    if (take_notifications(wake)) { /* read with an answer: the socket tells of them no more */
        disarm(wake);
        put_news(wake);
    }
    return wake->epoll_fd;
}

static void take_answers(struct wake *wake)
{
    while (wake->is_talking && !PQisBusy(wake->session.pg)) {
        PGresult *result = PQgetResult(wake->session.pg);
        if (!result)
            wake->is_talking = false;
        PQclear(result);
    }
}

bool pgsql_wake_read(struct store *store)
{
    struct wake *wake = &store->wake;
    uint64_t count;
    bool is_news = wake->news_fd >= 0 && read(wake->news_fd, &count, sizeof count) > 0;
    if (!wake->session.pg)
        return is_news;
    if (!pg_session_is_alive(&wake->session)) {
        wake->is_armed = wake->is_talking = false;
        return true; /* the connection is lost, and news may be lost with it */
    }
    take_answers(wake);
    if (!take_notifications(wake))
        return is_news;
    disarm(wake);
    return true;
}
