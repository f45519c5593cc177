/* SPDX-License-Identifier: MIT */
#include "tests/bench/floor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "common/buf.h"
#include "common/mem.h"

#define TEXT_MAX (16u << 20)

static const char schema[] =
    "SET client_min_messages = warning; CREATE TABLE IF NOT EXISTS floor (id bigint PRIMARY KEY,"
    " uuid text, payload text, owner int NOT NULL DEFAULT 0) WITH (fillfactor = 60,"
    " autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)";

static const char insert_text[] =
    "INSERT INTO floor (id, uuid, payload) VALUES ($1::bigint, $1, $2)";

static const char cycle_text[] =
    "WITH ended AS (DELETE FROM floor WHERE id = ANY ($1::bigint[]))"
    " UPDATE floor SET owner = 1 WHERE id IN (SELECT id FROM floor WHERE owner = 0"
    " ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING id, payload";

struct pgsql {
    PGconn *connection;
    struct buf text;
    PGresult *held; /* of the last cycle; or NULL */
};

static PGresult *check(const struct pgsql *pgsql, PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_COPY_IN:
        return result;
    default:
        floor_fail("PostgreSQL", PQerrorMessage(pgsql->connection));
    }
}

static void *pgsql_open(const char *where)
{
    struct pgsql *pgsql = mem_new(1, sizeof *pgsql);
    pgsql->connection = PQconnectdb(where);
    buf_init(&pgsql->text, TEXT_MAX);
    PQclear(check(pgsql, PQexec(pgsql->connection, schema)));
    PQclear(check(pgsql, PQprepare(pgsql->connection, "insert", insert_text, 0, NULL)));
    PQclear(check(pgsql, PQprepare(pgsql->connection, "cycle", cycle_text, 0, NULL)));
    return pgsql;
}

static void pgsql_close(void *store)
{
    struct pgsql *pgsql = store;
    PQfinish(pgsql->connection);
    buf_finish(&pgsql->text);
    free(pgsql);
}

static void push_one(struct pgsql *pgsql, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    const char *const values[] = {text, floor_payload()};
    PQclear(check(pgsql, PQexecPrepared(pgsql->connection, "insert", 2, values, NULL, NULL, 0)));
}

static void copy(struct pgsql *pgsql, int64_t first, size_t count)
{
    PGconn *connection = pgsql->connection;
    buf_clear(&pgsql->text);
    for (size_t i = 0; i < count; i++)
        buf_printf(&pgsql->text, "%" PRId64 "\t%021" PRId64 "\t%s\n", first + (int64_t)i,
                   first + (int64_t)i, floor_payload());
    PQclear(check(pgsql, PQexec(connection, "COPY floor (id, uuid, payload) FROM STDIN")));
    PQputCopyData(connection, buf_text(&pgsql->text), (int)pgsql->text.length);
    PQputCopyEnd(connection, NULL);
    PGresult *result;
    while ((result = PQgetResult(connection)))
        PQclear(check(pgsql, result));
}

static void pgsql_push(void *store, int64_t first, size_t count)
{
    if (count == 1)
        push_one(store, first);
    else
        copy(store, first, count);
}

static size_t pgsql_cycle(void *store, size_t count)
{
    struct pgsql *pgsql = store;
    char wanted[24];
    int held = pgsql->held ? PQntuples(pgsql->held) : 0;
    snprintf(wanted, sizeof wanted, "%zu", count);
    buf_clear(&pgsql->text);
    buf_text_append(&pgsql->text, "{");
    for (int i = 0; i < held; i++)
        buf_printf(&pgsql->text, "%s%s", i > 0 ? "," : "", PQgetvalue(pgsql->held, i, 0));
    buf_text_append(&pgsql->text, "}");
    const char *const values[] = {buf_text(&pgsql->text), wanted};
    PQclear(pgsql->held);
    pgsql->held =
        check(pgsql, PQexecPrepared(pgsql->connection, "cycle", 2, values, NULL, NULL, 0));
    return (size_t)PQntuples(pgsql->held);
}

const struct floor_store floor_pgsql = {"pgsql", pgsql_open, pgsql_close, pgsql_push, pgsql_cycle};
