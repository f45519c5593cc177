/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/sql.h"

#include <string.h>

/* What a job is does not change once it is stored, and lies in {records}; where it stands does, and
 * is one small row in {waiting} or in {reserved}. So neither a reservation nor a release rewrites a
 * payload, and a reservation is a walk along the head of {waiting}. */
static const char schema[] =
    "CREATE TABLE {counters} ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " ready INTEGER NOT NULL DEFAULT 0,"
    " later INTEGER NOT NULL DEFAULT 0,"
    " reserved INTEGER NOT NULL DEFAULT 0,"
    " failed INTEGER NOT NULL DEFAULT 0,"
    " counted_at INTEGER NOT NULL DEFAULT 0,"
    " next_due INTEGER NOT NULL DEFAULT 9223372036854775807);"

    "CREATE TABLE {records} ("
    " id INTEGER PRIMARY KEY,"
    " uuid TEXT NOT NULL,"
    " queue INTEGER NOT NULL,"
    " priority INTEGER NOT NULL,"
    " available_at INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " max_attempts INTEGER NOT NULL,"
    " timeout INTEGER NOT NULL,"
    " batch_uuid TEXT,"
    " unique_key TEXT,"
    " unique_until INTEGER NOT NULL,"
    " data_at INTEGER NOT NULL,"
    " data_length INTEGER NOT NULL,"
    " is_plain INTEGER NOT NULL,"
    " history TEXT,"
    " payload TEXT NOT NULL);"
    "CREATE UNIQUE INDEX {records}_uuid ON {records} (uuid);"
    "CREATE UNIQUE INDEX {records}_unique_key ON {records} (unique_key)"
    " WHERE unique_key IS NOT NULL;"
    "CREATE INDEX {records}_batch_uuid ON {records} (batch_uuid) WHERE batch_uuid IS NOT NULL;"

    "CREATE TABLE {waiting} ("
    " queue INTEGER NOT NULL,"
    " priority INTEGER NOT NULL,"
    " available_at INTEGER NOT NULL,"
    " id INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " PRIMARY KEY (queue, priority DESC, available_at, id)) WITHOUT ROWID;"

    "CREATE TABLE {reserved} ("
    " id INTEGER PRIMARY KEY,"
    " queue INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL,"
    " lease_until INTEGER NOT NULL,"
    " reserved_at INTEGER NOT NULL,"
    " reserved_by TEXT NOT NULL,"
    " uuid TEXT NOT NULL,"
    " batch_uuid TEXT,"
    " is_cancelled INTEGER NOT NULL DEFAULT 0,"
    " progress REAL,"
    " progress_text TEXT);"

    "CREATE TABLE {failed} ("
    " id INTEGER PRIMARY KEY,"
    " uuid TEXT NOT NULL UNIQUE,"
    " connection TEXT NOT NULL,"
    " queue TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " batch_uuid TEXT,"
    " attempts INTEGER NOT NULL,"
    " failed_at INTEGER NOT NULL,"
    " cause TEXT NOT NULL,"
    " worker TEXT NOT NULL,"
    " exception TEXT NOT NULL,"
    " history TEXT NOT NULL,"
    " payload TEXT NOT NULL);"
    "CREATE INDEX {failed}_queue ON {failed} (queue, failed_at);"
    "CREATE INDEX {failed}_failed_at ON {failed} (failed_at);"
    "CREATE INDEX {failed}_batch_uuid ON {failed} (batch_uuid) WHERE batch_uuid IS NOT NULL;"

    "CREATE TABLE {batches} ("
    " id INTEGER PRIMARY KEY,"
    " uuid TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " allow_failures INTEGER NOT NULL,"
    " total_jobs INTEGER NOT NULL DEFAULT 0,"
    " pending_jobs INTEGER NOT NULL DEFAULT 0,"
    " completed_jobs INTEGER NOT NULL DEFAULT 0,"
    " failed_jobs INTEGER NOT NULL DEFAULT 0,"
    " cancelled_jobs INTEGER NOT NULL DEFAULT 0,"
    " created_at INTEGER NOT NULL,"
    " cancelled_at INTEGER NOT NULL DEFAULT 0,"
    " finished_at INTEGER NOT NULL DEFAULT 0,"
    " pushed_callbacks INTEGER NOT NULL DEFAULT 0,"
    " on_success TEXT,"
    " on_failure TEXT,"
    " on_finish TEXT);"
    "CREATE INDEX {batches}_finished_at ON {batches} (finished_at) WHERE finished_at > 0;"

    "CREATE TABLE {notes} ("
    " id INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " owner TEXT,"
    " expires_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL,"
    " value TEXT NOT NULL,"
    " UNIQUE (kind, key));"
    "CREATE INDEX {notes}_expires_at ON {notes} (expires_at) WHERE expires_at > 0;"

    "CREATE VIEW {jobs} AS"
    " SELECT r.id, r.uuid, q.name AS queue, r.payload,"
    " coalesce(w.attempts, l.attempts) AS attempts, l.reserved_at, r.available_at, r.created_at,"
    " r.priority, r.batch_uuid, l.reserved_by, l.lease_until, r.name, r.max_attempts, r.timeout"
    " FROM {records} r JOIN {counters} q ON q.id = r.queue"
    " LEFT JOIN {reserved} l ON l.id = r.id"
    " LEFT JOIN {waiting} w ON w.queue = r.queue AND w.priority = r.priority"
    " AND w.available_at = r.available_at AND w.id = r.id;";

/* The priorities of a queue that have waiting jobs, each found by one step down the key. */
#define PRIORITIES                                                                                 \
    "WITH RECURSIVE p (priority) AS ("                                                             \
    " SELECT max(priority) FROM {waiting} WHERE queue = ?1 UNION ALL"                              \
    " SELECT (SELECT max(priority) FROM {waiting} WHERE queue = ?1 AND priority < p.priority)"     \
    " FROM p WHERE p.priority IS NOT NULL) "

#define LEASE_COLUMNS                                                                              \
    "l.id, l.uuid, l.attempts, l.reserved_by, l.queue, l.batch_uuid, l.is_cancelled"

#define WAITING_COLUMNS "w.id, w.queue, w.priority, w.available_at, r.batch_uuid"

#define WAITING_OF_RECORD                                                                          \
    " FROM {records} r CROSS JOIN {waiting} w ON w.queue = r.queue AND w.priority = r.priority"    \
    " AND w.available_at = r.available_at AND w.id = r.id"

/* A range of the index, and then exactly: no valid text sorts behind U+10FFFF. */
#define KEY_BEGINS_WITH                                                                            \
    "key >= ?2 AND key < ?2 || char(1114111) AND substr(key, 1, length(?2)) = ?2"

static const char *const texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_BEGIN_READ] = "BEGIN",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",

    /* --- queues and their figures --- */

    [SQL_QUEUE_FIND] = "SELECT id FROM {counters} WHERE name = ?1",
    [SQL_QUEUE_ADD] = "INSERT INTO {counters} (name) VALUES (?1) RETURNING id",
    [SQL_QUEUE_READ] = "SELECT ready, later, reserved, failed, counted_at, next_due, name"
                       " FROM {counters} WHERE id = ?1",
    [SQL_QUEUE_WRITE] = "UPDATE {counters} SET ready = ?2, later = ?3, reserved = ?4, failed = ?5,"
                        " counted_at = ?6, next_due = ?7 WHERE id = ?1",
    [SQL_QUEUE_ALL] = "SELECT id FROM {counters}",
    [SQL_QUEUE_NAMES] = "SELECT name FROM {counters}"
                        " WHERE ready + later + reserved + failed > 0 ORDER BY name",
    [SQL_QUEUE_READY] = "SELECT name, ready > 0 OR next_due <= ?1, next_due - ?1 FROM {counters}"
                        " WHERE ready > 0 OR later > 0",
    [SQL_DUE_BETWEEN] = PRIORITIES
    "SELECT sum((SELECT count(*) FROM {waiting} WHERE queue = ?1 AND priority = p.priority"
    " AND available_at > ?2 AND available_at <= ?3)),"
    " min((SELECT min(available_at) FROM {waiting} WHERE queue = ?1 AND priority = p.priority"
    " AND available_at > ?4)) FROM p WHERE priority IS NOT NULL",
    [SQL_OLDEST] = PRIORITIES "SELECT min((SELECT min(available_at) FROM {waiting} WHERE queue = ?1"
                              " AND priority = p.priority)) FROM p WHERE priority IS NOT NULL",

    [SQL_TOTALS] = "SELECT count(*), coalesce(sum(ready + later + reserved), 0) FROM {counters}"
                   " WHERE ready + later + reserved > 0",

    /* --- pushing --- */

    [SQL_ID_LAST] = "SELECT max(id) FROM {records}",
    [SQL_UNIQUE_EXPIRE] = "UPDATE {records} SET unique_key = NULL"
                          " WHERE unique_key = ?1 AND unique_until BETWEEN 1 AND ?2",
    [SQL_RECORDS_ADD] =
        "INSERT OR IGNORE INTO {records} (id, uuid, queue, priority, available_at, created_at,"
        " name, max_attempts, timeout, batch_uuid, unique_key, unique_until, data_at, data_length,"
        " is_plain, payload) SELECT id, uuid, queue, priority, available_at, created_at, name,"
        " max_attempts, timeout, batch_uuid, unique_key, unique_until, data_at, data_length,"
        " is_plain, payload FROM muster_jobs(?1)",
    [SQL_RECORDS_MISSING] = "SELECT f.at FROM muster_jobs(?1) f"
                            " LEFT JOIN {records} r ON r.id = f.id WHERE r.id IS NULL",
    [SQL_WAITING_ADD] = "INSERT INTO {waiting} (queue, priority, available_at, id, attempts)"
                        " SELECT queue, priority, available_at, id, 0 FROM muster_jobs(?1)",
    [SQL_FAILED_ANY] = "SELECT 1 FROM {failed} LIMIT 1",
    [SQL_FAILED_KNOWN] = "SELECT f.at FROM muster_jobs(?1) f"
                         " CROSS JOIN {failed} x ON x.uuid = f.uuid",
    [SQL_UUID_KNOWN] = "SELECT 1 FROM {records} WHERE uuid = ?1",

    /* --- reserving --- */

    [SQL_RESERVE] = "SELECT w.id, w.priority, w.available_at, w.attempts, r.uuid, r.name,"
                    " r.max_attempts, r.timeout, r.created_at, r.batch_uuid,"
                    " r.data_at, r.data_length, r.is_plain, r.payload"
                    " FROM {waiting} w CROSS JOIN {records} r ON r.id = w.id"
                    " WHERE w.queue = ?1 AND w.priority < ?2"
                    " ORDER BY w.priority DESC, w.available_at, w.id LIMIT ?3",
    [SQL_RESERVED_ADD] = "INSERT INTO {reserved} (id, queue, attempts, lease_until, reserved_at,"
                         " reserved_by, uuid, batch_uuid) SELECT id, ?2, attempt, ?3, ?4, ?5, uuid,"
                         " batch_uuid FROM muster_leases(?1)",
    [SQL_WAITING_TAKE] = "DELETE FROM {waiting} WHERE queue = ?1 AND priority = ?2"
                         " AND (available_at, id) <= (?3, ?4)",
    [SQL_UNIQUE_CLEAR] = "UPDATE {records} SET unique_key = NULL WHERE id = ?1",

    /* --- ending leases --- */

    [SQL_LEASES_MATCH] = "SELECT " LEASE_COLUMNS ", f.at FROM muster_leases(?1) f"
                         " CROSS JOIN {reserved} l ON l.id = f.id",
    [SQL_LEASES_OF_OWNER] = "SELECT " LEASE_COLUMNS " FROM {reserved} l WHERE l.reserved_by = ?1",
    [SQL_LEASES_EXPIRED] = "SELECT " LEASE_COLUMNS " FROM {reserved} l WHERE l.lease_until <= ?1"
                           " LIMIT ?2",
    [SQL_LEASE_NEXT] = "SELECT min(lease_until) FROM {reserved}",
    [SQL_LEASES_END] = "DELETE FROM {reserved} WHERE id IN (SELECT id FROM muster_leases(?1))",
    [SQL_LEASE_EXTEND] = "UPDATE {reserved} SET lease_until = ?5,"
                         " progress = iif(?6 < 0, progress, ?6),"
                         " progress_text = iif(?6 < 0, progress_text, ?7)"
                         " WHERE id = ?1 AND uuid = ?2 AND attempts = ?3 AND reserved_by = ?4"
                         " RETURNING is_cancelled",
    [SQL_LEASE_CANCEL] = "UPDATE {reserved} SET is_cancelled = 1"
                         " WHERE id = (SELECT id FROM {records} WHERE uuid = ?1) RETURNING id",
    [SQL_RECORDS_END] = "DELETE FROM {records} WHERE id IN (SELECT id FROM muster_leases(?1))",
    [SQL_RECORD_PUT_BACK] = "INSERT INTO {waiting} (queue, priority, available_at, id, attempts)"
                            " SELECT queue, priority, available_at, id, ?2 FROM {records}"
                            " WHERE id = ?1 RETURNING available_at",
    [SQL_RECORD_DUE] = "UPDATE {records} SET available_at = ?2 WHERE id = ?1",
    [SQL_RECORD_HISTORY] = "SELECT history FROM {records} WHERE id = ?1",
    [SQL_RECORD_SET_HISTORY] = "UPDATE {records} SET history = ?2 WHERE id = ?1",
    [SQL_FAILED_ADD] =
        "INSERT INTO {failed} (uuid, connection, queue, name, batch_uuid, attempts, failed_at,"
        " cause, worker, exception, history, payload) SELECT uuid, ?2, ?3, name, batch_uuid, ?4,"
        " ?5, ?6, ?7, ?8, ?9, payload FROM {records} WHERE id = ?1",

    /* --- failed jobs --- */

    [SQL_FAILED_PER_QUEUE] = "SELECT queue, count(*) FROM {failed}"
                             " WHERE id IN (SELECT id FROM muster_leases(?1)) GROUP BY queue",
    [SQL_FAILED_END] = "DELETE FROM {failed} WHERE id IN (SELECT id FROM muster_leases(?1))",
    [SQL_FAILED_READ] = "SELECT queue, payload FROM {failed} WHERE id = ?1",
    [SQL_FAILED_KEEP_HISTORY] = "UPDATE {records}"
                                " SET history = (SELECT history FROM {failed} WHERE id = ?2)"
                                " WHERE uuid = ?1",
    [SQL_UNIQUE_HELD] = "SELECT 1 FROM {records} WHERE unique_key = ?1",
    [SQL_BATCH_REOPEN] = "UPDATE {batches} SET pending_jobs = pending_jobs + 1,"
                         " failed_jobs = failed_jobs - 1, cancelled_at = 0, finished_at = 0"
                         " WHERE uuid = ?1",

    /* --- removing what waits --- */

    [SQL_WAITING_OF_QUEUE] = "SELECT " WAITING_COLUMNS " FROM {waiting} w"
                             " CROSS JOIN {records} r ON r.id = w.id"
                             " WHERE w.queue = ?1 AND w.id <= ?2 LIMIT ?3",
    [SQL_WAITING_OF_BATCH] = "SELECT " WAITING_COLUMNS WAITING_OF_RECORD " WHERE r.batch_uuid = ?1",
    [SQL_WAITING_OF_UUID] = "SELECT " WAITING_COLUMNS WAITING_OF_RECORD " WHERE r.uuid = ?1",
    [SQL_WAITING_END] = "DELETE FROM {waiting}"
                        " WHERE queue = ?1 AND priority = ?2 AND available_at = ?3 AND id = ?4",

    /* --- batches --- */

    [SQL_BATCH_STATE] = "SELECT allow_failures, total_jobs, pending_jobs, completed_jobs,"
                        " failed_jobs, cancelled_at, finished_at, pushed_callbacks"
                        " FROM {batches} WHERE uuid = ?1",
    [SQL_BATCH_GROW] = "INSERT INTO {batches} (uuid, name, allow_failures, created_at, total_jobs,"
                       " pending_jobs) VALUES (?1, '', 1, ?2, ?3, ?3)"
                       " ON CONFLICT (uuid) DO UPDATE SET total_jobs = total_jobs + ?3,"
                       " pending_jobs = pending_jobs + ?3",
    [SQL_BATCH_COUNT] = "UPDATE {batches} SET pending_jobs = pending_jobs - (?2 + ?3 + ?4),"
                        " completed_jobs = completed_jobs + ?2, failed_jobs = failed_jobs + ?3,"
                        " cancelled_jobs = cancelled_jobs + ?4 WHERE uuid = ?1",
    [SQL_BATCH_CANCEL] = "UPDATE {batches} SET cancelled_at = ?2"
                         " WHERE uuid = ?1 AND cancelled_at = 0",
    [SQL_BATCH_MARK_RESERVED] = "UPDATE {reserved} SET is_cancelled = 1 WHERE batch_uuid = ?1",
    [SQL_BATCH_FINISH] = "UPDATE {batches} SET finished_at = ?2 WHERE uuid = ?1",
    [SQL_BATCH_PUSHED] = "UPDATE {batches} SET pushed_callbacks = ?2 WHERE uuid = ?1",
    [SQL_BATCH_CALLBACK] = "SELECT on_success, on_failure, on_finish FROM {batches}"
                           " WHERE uuid = ?1",
    [SQL_BATCH_ADD] = "INSERT INTO {batches} (uuid, name, allow_failures, created_at, on_success,"
                      " on_failure, on_finish) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                      " ON CONFLICT (uuid) DO NOTHING",
    [SQL_BATCHES_PRUNE] = "DELETE FROM {batches} WHERE id IN (SELECT id FROM {batches}"
                          " WHERE finished_at > 0 AND finished_at < ?1"
                          " ORDER BY finished_at LIMIT ?2)",

    /* --- notes --- */

    [SQL_NOTE_PUT] = "INSERT INTO {notes} (kind, key, value, owner, expires_at, updated_at)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (kind, key) DO UPDATE SET"
                     " value = ?3, owner = ?4, expires_at = ?5, updated_at = ?6",
    [SQL_NOTE_TAKEN] = "SELECT 1 FROM {notes} WHERE kind = ?1 AND key = ?2 AND owner IS NOT ?3"
                       " AND (expires_at = 0 OR expires_at > ?4)",
    [SQL_NOTES_LIST] = "SELECT kind, key, value, owner, expires_at, updated_at FROM {notes}"
                       " WHERE kind = ?1 AND " KEY_BEGINS_WITH " AND (?3 IS NULL OR key > ?3)"
                       " AND (expires_at = 0 OR expires_at > ?4) ORDER BY key LIMIT ?5",
    [SQL_NOTES_REMOVE] = "DELETE FROM {notes} WHERE id IN (SELECT id FROM {notes} WHERE kind = ?1"
                         " AND " KEY_BEGINS_WITH " AND (?3 IS NULL OR key < ?3)"
                         " ORDER BY key LIMIT ?4)",
    [SQL_NOTES_EXPIRED] = "SELECT 1 FROM {notes} WHERE expires_at > 0 AND expires_at <= ?1 LIMIT 1",
    [SQL_NOTES_EXPIRE] = "DELETE FROM {notes} WHERE expires_at > 0 AND expires_at <= ?1",
};

void sql_names_init(struct sql_names *names, const char *jobs, const char *failed)
{
    static const char ending[] = "_jobs";
    size_t length = strlen(jobs), cut = sizeof ending - 1;
    if (length > cut && strcmp(jobs + length - cut, ending) == 0)
        length -= cut;
    if (length >= sizeof names->prefix)
        length = sizeof names->prefix - 1;
    names->jobs = jobs;
    names->failed = failed;
    memcpy(names->prefix, jobs, length);
    names->prefix[length] = '\0';
}

static void append_name(const struct sql_names *names, const char *name, size_t length,
                        struct buf *out)
{
    if (strncmp(name, "jobs", length) == 0)
        buf_text_append(out, names->jobs);
    else if (strncmp(name, "failed", length) == 0)
        buf_text_append(out, names->failed);
    else
        buf_printf(out, "%s_%.*s", names->prefix, (int)length, name);
}

void sql_expand_text(const struct sql_names *names, const char *text, struct buf *out)
{
    const char *open;
    while ((open = strchr(text, '{'))) {
        const char *close = strchr(open, '}');
        buf_append(out, text, (size_t)(open - text));
        append_name(names, open + 1, (size_t)(close - open - 1), out);
        text = close + 1;
    }
    buf_text_append(out, text);
}

void sql_expand(const struct sql_names *names, enum sql_id id, struct buf *out)
{
    sql_expand_text(names, texts[id], out);
}

void sql_expand_schema(const struct sql_names *names, struct buf *out)
{
    sql_expand_text(names, schema, out);
}
