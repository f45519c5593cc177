/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_SESSION_H
#define DRIVERS_PGSQL_SESSION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "drivers/pgsql/conninfo.h"

/*
 * One connection to a server, and waiting on it: nothing here blocks past a deadline (of
 * CLOCK_MONOTONIC, in microseconds), whatever the server or the network does. A connection that has
 * failed or was late is closed; who needs one opens the next.
 */
struct session {
    PGconn *pg;    /* NULL where there is none */
    size_t server; /* that it leads to; the next search begins there */
};

/* The present, to make deadlines from: CLOCK_MONOTONIC in microseconds. */
int64_t pg_session_now_us(void);

/* Tries the servers, one after the other, beginning with that of the last time; each gets its part
 * of the time. Returns 0, or -1 with err. */
int pg_session_open(struct session *session, const struct conninfo *info, int64_t deadline_us,
                    struct err *err);
void pg_session_close(struct session *session);

/* The next connection is looked for at the next server first. */
void pg_session_move_on(struct session *session, const struct conninfo *info);

/* True where the connection is there and the server has not ended it meanwhile. */
bool pg_session_is_alive(struct session *session);

/* The connection broke: err gets what libpq says of it, and it is closed. Returns -1. */
int pg_session_fail(struct session *session, struct err *err);

/* Sends what is queued, and takes in what comes meanwhile. Returns 0, or -1 with err; the session
 * is closed then. */
int pg_session_flush(struct session *session, int64_t deadline_us, struct err *err);

/* The next result, as PQgetResult. Returns 0 with *result (NULL between those of two statements),
 * or -1 with err; the session is closed then. */
int pg_session_result(struct session *session, PGresult **result, int64_t deadline_us,
                      struct err *err);

/* Runs statements (without parameters; not in a pipeline). *result (or NULL) gets that of the last
 * one, in text format, for the caller to clear. Returns 0, or -1 with err. */
int pg_session_run(struct session *session, const char *sql, PGresult **result, int64_t deadline_us,
                   struct err *err);

#endif
