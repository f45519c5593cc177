/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/session.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "drivers/pgsql/failure.h"

#define WAIT_MS_MAX    60000
#define SERVER_US_MIN  50000 /* what a server gets at least */
#define FAREWELL_READS 3

int64_t pg_session_now_us(void)
{
    return clock_monotonic_us(&clock_system);
}

void pg_session_close(struct session *session)
{
    if (session->pg)
        PQfinish(session->pg);
    session->pg = NULL;
}

/* Waits until the socket is ready, which libpq may have replaced since the last time. Returns
 * false at the deadline. */
static bool wait_for(const struct session *session, short events, int64_t deadline_us)
{
    for (;;) {
        int64_t left_us = deadline_us - pg_session_now_us();
        int64_t left_ms = left_us > 0 ? (left_us + 999) / 1000 : 0;
        struct pollfd watch = {.fd = PQsocket(session->pg), .events = events};
        if (poll(&watch, 1, left_ms < WAIT_MS_MAX ? (int)left_ms : WAIT_MS_MAX) > 0)
            return true;
        if (left_us <= 0)
            return false;
    }
}

/* --- connecting --- */

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context, (void)result;
}

/* Returns 0, or -1 with the reason in `line`. */
static int drive_connection(struct session *session, int64_t deadline_us,
                            char line[FAILURE_LINE_SIZE])
{
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    while (PQstatus(session->pg) != CONNECTION_BAD && wanted != PGRES_POLLING_FAILED) {
        if (wanted == PGRES_POLLING_OK)
            return 0;
        if (!wait_for(session, wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_us)) {
            strcpy(line, "no answer in time");
            return -1;
        }
        wanted = PQconnectPoll(session->pg);
    }
    pg_failure_line(PQerrorMessage(session->pg), line);
    return -1;
}

void pg_session_move_on(struct session *session, const struct conninfo *info)
{
    session->server = (session->server + 1) % info->server_count;
}

/* libpq tells no code of a connection that was refused. Where it came to a password, or should
 * have, that is the likely cause. */
static const char *cure_of(const PGconn *pg)
{
    return pg && (PQconnectionNeedsPassword(pg) || PQconnectionUsedPassword(pg))
               ? " (look at username and password, or password_file)"
               : "";
}

/* The text that is stored is UTF-8. */
static int check_server(const struct session *session, struct err *err)
{
    const char *encoding = PQparameterStatus(session->pg, "server_encoding");
    int version = PQserverVersion(session->pg);
    if (version > 0 && version < 130000)
        return err_set(err, ERR_INVALID, "PostgreSQL %d is too old; 13 or newer is needed",
                       version / 10000);
    if (encoding && strcmp(encoding, "UTF8") != 0)
        return err_set(err, ERR_INVALID,
                       "the database's encoding is %.40s; make one with ENCODING 'UTF8'", encoding);
    return 0;
}

static int try_server(struct session *session, const struct conninfo *info, size_t server,
                      int64_t deadline_us, struct err *err)
{
    struct arena arena = {0};
    struct conninfo_params params;
    char line[FAILURE_LINE_SIZE] = "out of memory";
    struct conninfo_server at;
    int done = pg_conninfo_look_up(&info->servers[server], deadline_us, &arena, &at, err);
    if (done == 0)
        done = pg_conninfo_params(info, &at, &arena, &params, err);
    if (done == 0) {
        session->pg = PQconnectStartParams(params.keywords, params.values, 0);
        done = session->pg ? drive_connection(session, deadline_us, line) : -1;
        if (done < 0)
            err_set(err, ERR_UNAVAILABLE, "%s%s", line, cure_of(session->pg));
        else
            done = check_server(session, err);
        if (done < 0)
            err_prefix(err, "PostgreSQL at %s", pg_conninfo_label(info, server, &arena));
    }
    arena_finish(&arena);
    if (done == 0) {
        PQsetNoticeReceiver(session->pg, ignore_notice, NULL);
        PQsetnonblocking(session->pg, 1);
        session->server = server;
        return 0;
    }
    pg_session_close(session);
    return -1;
}

/* What was wrong with one server after the other. */
static void add_cause(struct err *all, const struct err *cause)
{
    if (all->code == ERR_NONE) {
        *all = *cause;
        return;
    }
    size_t length = strlen(all->text);
    snprintf(all->text + length, sizeof all->text - length, "; %s", cause->text);
}

int pg_session_open(struct session *session, const struct conninfo *info, int64_t deadline_us,
                    struct err *err)
{
    struct err all = ERR_INIT;
    size_t first = session->server;
    pg_session_close(session);
    for (size_t tried = 0; tried < info->server_count; tried++) {
        int64_t now_us = pg_session_now_us();
        int64_t part_us = (deadline_us - now_us) / (int64_t)(info->server_count - tried);
        struct err cause = ERR_INIT;
        if (try_server(session, info, (first + tried) % info->server_count,
                       now_us + (part_us > SERVER_US_MIN ? part_us : SERVER_US_MIN), &cause) == 0)
            return 0;
        add_cause(&all, &cause);
        if (cause.code != ERR_UNAVAILABLE)
            break;
    }
    return err_set(err, all.code, "%s", all.text);
}

/* --- talking --- */

/* What came unasked may be a farewell, or only news of a parameter. */
bool pg_session_is_alive(struct session *session)
{
    if (!session->pg)
        return false;
    for (int i = 0; i < FAREWELL_READS && PQstatus(session->pg) == CONNECTION_OK; i++) {
        struct pollfd watch = {.fd = PQsocket(session->pg), .events = POLLIN};
        if (poll(&watch, 1, 0) == 0)
            return true;
        if (!PQconsumeInput(session->pg))
            break;
    }
    if (PQstatus(session->pg) == CONNECTION_OK)
        return true;
    pg_session_close(session);
    return false;
}

int pg_session_fail(struct session *session, struct err *err)
{
    char line[FAILURE_LINE_SIZE];
    err_set(err, ERR_UNAVAILABLE, "the connection to PostgreSQL broke: %s",
            pg_failure_line(PQerrorMessage(session->pg), line));
    pg_session_close(session);
    return -1;
}

static int fail_late(struct session *session, struct err *err)
{
    err_set(err, ERR_UNAVAILABLE, "PostgreSQL did not answer in time");
    pg_session_close(session);
    return -1;
}

/* The server may stop reading until its own output is taken. */
int pg_session_flush(struct session *session, int64_t deadline_us, struct err *err)
{
    for (;;) {
        int left = PQflush(session->pg);
        if (left == 0)
            return 0;
        if (left < 0)
            return pg_session_fail(session, err);
        if (!wait_for(session, POLLIN | POLLOUT, deadline_us))
            return fail_late(session, err);
        if (!PQconsumeInput(session->pg))
            return pg_session_fail(session, err);
    }
}

int pg_session_result(struct session *session, PGresult **result, int64_t deadline_us,
                      struct err *err)
{
    while (PQisBusy(session->pg)) {
        if (!wait_for(session, POLLIN, deadline_us))
            return fail_late(session, err);
        if (!PQconsumeInput(session->pg))
            return pg_session_fail(session, err);
    }
    *result = PQgetResult(session->pg);
    return 0;
}

static bool is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* Takes all results, and keeps the last one or the first failure. */
static int take_results(struct session *session, PGresult **kept, int64_t deadline_us,
                        struct err *err)
{
    PGresult *result;
    int done;
    while ((done = pg_session_result(session, &result, deadline_us, err)) == 0 && result) {
        if (*kept && !is_good(*kept)) {
            PQclear(result);
            continue;
        }
        PQclear(*kept);
        *kept = result;
    }
    return done;
}

int pg_session_run(struct session *session, const char *sql, PGresult **result, int64_t deadline_us,
                   struct err *err)
{
    PGresult *kept = NULL;
    if (!PQsendQuery(session->pg, sql))
        return pg_session_fail(session, err);
    if (pg_session_flush(session, deadline_us, err) < 0 ||
        take_results(session, &kept, deadline_us, err) < 0) {
        PQclear(kept);
        return -1;
    }
    int done = is_good(kept) ? 0 : pg_failure_set(kept, err);
    if (done < 0 && pg_failure_ends_session(PQresultErrorField(kept, PG_DIAG_SQLSTATE)))
        pg_session_close(session);
    if (done < 0 || !result) {
        PQclear(kept);
        return done;
    }
    *result = kept;
    return 0;
}
