/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_STATEMENTS_H
#define DRIVERS_PGSQL_STATEMENTS_H

#include "common/buf.h"
#include "common/err.h"

/* All SQL of the driver, but the schema's (schema.sql). {jobs} stands for the full name of that
 * table, {wake} for that of the function, {:ready} for a name without its schema. */
enum statement {
    STATEMENT_INSERT,
    STATEMENT_INSERT_PLAIN,
    STATEMENT_ANY_FAILED,
    STATEMENT_COPY,
    STATEMENT_INSERT_IF_HELD,
    STATEMENT_WAKE,
    STATEMENT_WAKE_READY,

    STATEMENT_RESERVE,
    STATEMENT_NEXT_DUE,
    STATEMENT_NEXT_DUE_IN,
    STATEMENT_ANY_READY,
    STATEMENT_RANKS,
    STATEMENT_PROBE,
    STATEMENT_ACKNOWLEDGE,
    STATEMENT_END,
    STATEMENT_EXTEND,
    STATEMENT_END_OWNER,
    STATEMENT_RETURN_OWNER,
    STATEMENT_RETURN_LEASES,
    STATEMENT_EXPIRE,

    STATEMENT_STATS,
    STATEMENT_QUEUES,
    STATEMENT_READY_QUEUES,
    STATEMENT_HEALTH,
    STATEMENT_PURGE,
    STATEMENT_JOB_LIST,
    STATEMENT_JOB_CANCEL,

    STATEMENT_FAILED_LIST,
    STATEMENT_FAILED_RETRY,
    STATEMENT_FAILED_REMOVE,

    STATEMENT_BATCH_CREATE,
    STATEMENT_BATCH_GET,
    STATEMENT_BATCH_LIST,
    STATEMENT_BATCH_CANCEL,
    STATEMENT_BATCH_PRUNE,

    STATEMENT_NOTE_PUT,
    STATEMENT_NOTE_CLAIM,
    STATEMENT_NOTE_LIST,
    STATEMENT_NOTE_REMOVE,

    STATEMENT_COUNT,
};

/* What the names in the texts become. */
struct names {
    const char *jobs;   /* `table` */
    const char *failed; /* `failed_table` */
    char schema[128];   /* where they are, quoted */
    char prefix[64];    /* `table` without a final _jobs: what the other names begin with */
};

#define NAMES_TEXT_MAX ((size_t)1 << 17)

/* Takes the names of the settings, which must outlive it, and makes the prefix of jobs. The schema
 * stays empty: it is known when the server has been asked. */
void pg_names_init(struct names *names, const char *jobs, const char *failed);

/* Appends a text with its names filled in. */
void pg_names_expand(const struct names *names, const char *text, struct buf *out);

/* The text of a statement, constant, before pg_names_expand has filled the names in. */
const char *pg_statement_text(enum statement statement);

#endif
