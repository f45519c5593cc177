/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_EXCHANGE_H
#define DRIVERS_PGSQL_EXCHANGE_H

#include <libpq-fe.h>

#include "drivers/pgsql/params.h"
#include "drivers/pgsql/store.h"

/*
 * Statements that go out together, and their results. The queries of one exchange are one
 * transaction and one round trip; it is begun again where the server undid it because of another
 * one, and where the connection turns out to have been lost before anything was sent.
 */
struct query {
    enum statement statement;
    struct params params;
    PGresult *result; /* out: in binary format */
};

/* A query without parameters so far, which are appended (params.h). */
void pg_query_init(struct query *query, enum statement statement);

/* Frees parameters and results. */
void pg_queries_finish(struct query *queries, size_t count);

/* Connects where it is necessary, sends all, and waits for all results. Returns 0, or -1 with err.
 */
int pg_exchange(struct store *store, struct query *queries, size_t count, struct err *err);

/* The same; `then` goes out behind it as a transaction of its own, and its end is not waited for:
 * what it does must not matter. */
int pg_exchange_then(struct store *store, struct query *queries, size_t count, struct query *then,
                     struct err *err);

/* Sends one query as a transaction of its own without waiting for its end: what it does must not
 * matter. Its result is thrown away when the next exchange begins. */
void pg_exchange_post(struct store *store, struct query *query);

/* Makes the connection ready for something that is no exchange. Returns 0, or -1 with err. */
int pg_exchange_connect(struct store *store, struct err *err);

/* A statement's text with its names filled in, for the caller to free. */
char *pg_exchange_text(const struct store *store, enum statement statement);

#endif
