/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_FAILURE_H
#define DRIVERS_PGSQL_FAILURE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "common/err.h"

/* What the server's errors mean for a store: by SQLSTATE. */

/* Raised by our own functions (schema.sql) where a batch takes no more jobs. */
#define SQLSTATE_BATCH_CLOSED "MU409"

/* The connection is of no use any more: it, or its server, is going away, or leads to a server that
 * cannot be written to. */
bool pg_failure_ends_session(const char *sqlstate);

/* This server cannot be written to; another one may. */
bool pg_failure_is_read_only(const char *sqlstate);

/* The statement was prepared for tables that have changed since. */
bool pg_failure_is_stale_plan(const char *sqlstate);

/* The transaction was undone, and the same again may work: because of another transaction
 * (serialization failure, deadlock, a key that was stored in the same moment), or in another
 * session. */
bool pg_failure_allows_repetition(const char *sqlstate);

/* The error that an SQLSTATE stands for: ERR_UNAVAILABLE for NULL (libpq itself failed, so the
 * connection broke), ERR_SYSTEM for one that is not known here. */
enum err_code pg_failure_code(const char *sqlstate);

/* Fills err from a failed result. Returns -1. */
int pg_failure_set(const PGresult *result, struct err *err);

/* Text of libpq's as one line without the end, in `line`. Returns line. */
#define FAILURE_LINE_SIZE 512
const char *pg_failure_line(const char *text, char line[FAILURE_LINE_SIZE]);

#endif
