/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_SQL_H
#define DRIVERS_SQLITE_SQL_H

#include "common/buf.h"

/* All SQL of the driver. In the texts {records} stands for the name of that table. */
#define SQL_SCHEMA_VERSION 1

enum sql_id {
    SQL_BEGIN,
    SQL_BEGIN_READ,
    SQL_COMMIT,
    SQL_ROLLBACK,

    SQL_QUEUE_FIND,
    SQL_QUEUE_ADD,
    SQL_QUEUE_READ,
    SQL_QUEUE_WRITE,
    SQL_QUEUE_ALL,
    SQL_QUEUE_NAMES,
    SQL_QUEUE_READY,
    SQL_DUE_BETWEEN,
    SQL_OLDEST,
    SQL_TOTALS,

    SQL_ID_LAST,
    SQL_UNIQUE_EXPIRE,
    SQL_RECORDS_ADD,
    SQL_RECORDS_MISSING,
    SQL_WAITING_ADD,
    SQL_FAILED_ANY,
    SQL_FAILED_KNOWN,
    SQL_UUID_KNOWN,

    SQL_RESERVE,
    SQL_RESERVED_ADD,
    SQL_WAITING_TAKE,
    SQL_UNIQUE_CLEAR,

    SQL_LEASES_MATCH,
    SQL_LEASES_OF_OWNER,
    SQL_LEASES_EXPIRED,
    SQL_LEASE_NEXT,
    SQL_LEASES_END,
    SQL_LEASE_EXTEND,
    SQL_LEASE_CANCEL,
    SQL_RECORDS_END,
    SQL_RECORD_PUT_BACK,
    SQL_RECORD_DUE,
    SQL_RECORD_HISTORY,
    SQL_RECORD_SET_HISTORY,
    SQL_FAILED_ADD,

    SQL_FAILED_PER_QUEUE,
    SQL_FAILED_END,
    SQL_FAILED_READ,
    SQL_FAILED_KEEP_HISTORY,
    SQL_UNIQUE_HELD,
    SQL_BATCH_REOPEN,

    SQL_WAITING_OF_QUEUE,
    SQL_WAITING_OF_BATCH,
    SQL_WAITING_OF_UUID,
    SQL_WAITING_END,

    SQL_BATCH_STATE,
    SQL_BATCH_GROW,
    SQL_BATCH_COUNT,
    SQL_BATCH_CANCEL,
    SQL_BATCH_MARK_RESERVED,
    SQL_BATCH_FINISH,
    SQL_BATCH_PUSHED,
    SQL_BATCH_CALLBACK,
    SQL_BATCH_ADD,
    SQL_BATCHES_PRUNE,

    SQL_NOTE_PUT,
    SQL_NOTE_TAKEN,
    SQL_NOTES_LIST,
    SQL_NOTES_REMOVE,
    SQL_NOTES_EXPIRED,
    SQL_NOTES_EXPIRE,

    SQL_COUNT,
};

/* The names of the tables, from the connection's settings. */
struct sql_names {
    const char *jobs;   /* `table`: the view with the guide's columns */
    const char *failed; /* `failed_table` */
    char prefix[64];    /* `table` without a final _jobs: before the names of the others */
};

/* Takes the names of the settings, which must outlive it, and makes the prefix of jobs. */
void sql_names_init(struct sql_names *names, const char *jobs, const char *failed);

/* Append a statement, any text, or what makes a new database, with the names filled in. */
void sql_expand(const struct sql_names *names, enum sql_id id, struct buf *out);
void sql_expand_text(const struct sql_names *names, const char *text, struct buf *out);
void sql_expand_schema(const struct sql_names *names, struct buf *out);

#endif
