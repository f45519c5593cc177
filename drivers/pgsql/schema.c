/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/schema.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pgsql/schema_sql.h"

#define LOCK "1297437779" /* of who makes tables, among advisory locks */

/* Where the tables are, or are going to be. */
static int find_schema(struct store *store, bool *has_tables, struct err *err)
{
    PGresult *result;
    if (pg_store_run(store,
                     "SELECT coalesce(quote_ident(n.nspname), quote_ident(current_schema())),"
                     " n.nspname IS NOT NULL FROM (SELECT to_regclass('\"{:jobs}\"') AS place) r"
                     " LEFT JOIN pg_class c ON c.oid = r.place LEFT JOIN pg_namespace n"
                     " ON n.oid = c.relnamespace",
                     &result, err) < 0)
        return -1;
    const char *schema = PQgetvalue(result, 0, 0);
    *has_tables = PQgetvalue(result, 0, 1)[0] == 't';
    int done = 0;
    if (schema[0] == '\0')
        done = err_set(err, ERR_INVALID, "the search_path names no schema that exists");
    else if (strchr(schema, '\'') || strlen(schema) >= sizeof store->names.schema)
        done = err_set(err, ERR_INVALID, "the schema's name %.60s is not taken", schema);
    else
        strcpy(store->names.schema, schema);
    PQclear(result);
    return done;
}

/* *version gets 0 where a table of that name is not ours. */
static int read_version(struct store *store, int *version, struct err *err)
{
    PGresult *result;
    *version = 0;
    if (pg_store_run(store, "SELECT to_regclass('{version}') IS NOT NULL", &result, err) < 0)
        return -1;
    bool is_ours = PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    if (!is_ours)
        return 0;
    if (pg_store_run(store, "SELECT max(version) FROM {version}", &result, err) < 0)
        return -1;
    *version = atoi(PQgetvalue(result, 0, 0));
    PQclear(result);
    return 0;
}

static int check_version(struct store *store, struct err *err)
{
    int version;
    if (read_version(store, &version, err) < 0)
        return -1;
    if (version == 0)
        return err_set(err, ERR_CONFLICT,
                       "the table %s is another program's; name another one (table, failed_table)",
                       store->names.jobs);
    if (version > SCHEMA_VERSION)
        return err_set(err, ERR_CONFLICT,
                       "the tables were made by a newer muster (schema %d, this one knows up to "
                       "%d); upgrade this one, or name other tables",
                       version, SCHEMA_VERSION);
    return 0;
}

static int create(struct store *store, struct err *err)
{
    char version[64];
    snprintf(version, sizeof version, "INSERT INTO {version} VALUES (%d)", SCHEMA_VERSION);
    if (pg_store_run(store, schema_sql, NULL, err) == 0)
        return pg_store_run(store, version, NULL, err);
    return err_prefix(err, "cannot make the tables in the schema %s", store->names.schema);
}

static int create_if_missing(struct store *store, struct err *err)
{
    bool has_tables;
    if (pg_store_run(store, "SELECT pg_advisory_xact_lock(" LOCK ")", NULL, err) < 0 ||
        find_schema(store, &has_tables, err) < 0)
        return -1;
    return has_tables ? 0 : create(store, err);
}

int pg_schema_ensure(struct store *store, struct err *err)
{
    bool has_tables;
    if (find_schema(store, &has_tables, err) < 0)
        return -1;
    if (!has_tables) {
        if (pg_store_run(store, "BEGIN", NULL, err) < 0)
            return -1;
        int created = create_if_missing(store, err);
        if (created < 0 || pg_store_run(store, "COMMIT", NULL, err) < 0)
            return -1; /* the session is closed, and the transaction with it */
    }
    return check_version(store, err);
}
