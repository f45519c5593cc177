/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/store.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "drivers/sqlite/feed.h"

/* --- errors --- */

static int fail_io(const char *path, int code, int system_errno, struct err *err)
{
    if (system_errno)
        return err_errno(err, system_errno, "%s", path);
    return err_set(err, ERR_SYSTEM, "%s: %s", path, sqlite3_errstr(code));
}

int store_fail(struct store *store, int code, struct err *err)
{
    const char *path = store->settings->path;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return err_set(err, ERR_UNAVAILABLE,
                       "%s: other processes held its lock for longer than the timeout of %lld ms",
                       path, (long long)store->settings->timeout);
    case SQLITE_FULL:
        return err_set(err, ERR_FULL, "%s: the disk is full; nothing was stored", path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, ERR_SYSTEM,
                       "%s: the file is damaged or not a SQLite database; move it away (with its "
                       "-wal and -shm), or restore it from a backup",
                       path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(err, ERR_SYSTEM,
                       "%s: it cannot be written; the user needs write permission for the file "
                       "and for its directory",
                       path);
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT, "%s: a job is too large", path);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return fail_io(path, code, store->db ? sqlite3_system_errno(store->db) : 0, err);
    default:
        return err_set(err, ERR_SYSTEM, "%s: %s", path,
                       store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code));
    }
}

/* --- statements --- */

static sqlite3_stmt *prepare(struct store *store, enum sql_id id, struct err *err)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    sql_expand(&store->tables, id, &text);
    int code = sqlite3_prepare_v3(store->db, buf_text(&text), -1, SQLITE_PREPARE_PERSISTENT,
                                  &store->statements[id], NULL);
    buf_finish(&text);
    if (code != SQLITE_OK)
        store_fail(store, code, err);
    return store->statements[id];
}

static int bind_one(sqlite3_stmt *statement, int at, char kind, va_list *values)
{
    switch (kind) {
    case 'i':
        return sqlite3_bind_int64(statement, at, va_arg(*values, int64_t));
    case 'n':
        return sqlite3_bind_int(statement, at, va_arg(*values, int));
    case 'd':
        return sqlite3_bind_double(statement, at, va_arg(*values, double));
    case 't':
        return sqlite3_bind_text(statement, at, va_arg(*values, const char *), -1, SQLITE_STATIC);
    case 'f':
        return sqlite3_bind_pointer(statement, at, va_arg(*values, void *), FEED_POINTER, NULL);
    default:
        return SQLITE_MISUSE;
    }
}

static sqlite3_stmt *query(struct store *store, enum sql_id id, const char *kinds, va_list *values,
                           struct err *err)
{
    sqlite3_stmt *statement = store->statements[id];
    if (!statement && !(statement = prepare(store, id, err)))
        return NULL;
    int code = SQLITE_OK;
    for (int at = 1; kinds[at - 1] && code == SQLITE_OK; at++)
        code = bind_one(statement, at, kinds[at - 1], values);
    if (code == SQLITE_OK)
        return statement;
    store_fail(store, code, err);
    return NULL;
}

sqlite3_stmt *store_query(struct store *store, struct err *err, enum sql_id id, const char *kinds,
                          ...)
{
    va_list values;
    va_start(values, kinds);
    sqlite3_stmt *statement = query(store, id, kinds, &values, err);
    va_end(values);
    return statement;
}

int store_step(struct store *store, sqlite3_stmt *statement, struct err *err)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE)
        store_fail(store, code, err);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : -1;
}

void store_done(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
}

static int run_to_end(struct store *store, sqlite3_stmt *statement, struct err *err)
{
    int result = statement ? 1 : -1;
    while (result > 0)
        result = store_step(store, statement, err);
    return result;
}

int store_run(struct store *store, struct err *err, enum sql_id id, const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    sqlite3_stmt *statement = query(store, id, kinds, &values, err);
    va_end(values);
    return run_to_end(store, statement, err);
}

static int first_number(struct store *store, sqlite3_stmt *statement, int64_t *value,
                        struct err *err)
{
    int result = statement ? store_step(store, statement, err) : -1;
    if (result < 1)
        return result;
    bool is_null = sqlite3_column_type(statement, 0) == SQLITE_NULL;
    *value = sqlite3_column_int64(statement, 0);
    /* To the end all the same: what RETURNING returns is only committed then. */
    if (run_to_end(store, statement, err) < 0)
        return -1;
    return is_null ? 0 : 1;
}

int store_number(struct store *store, int64_t *value, struct err *err, enum sql_id id,
                 const char *kinds, ...)
{
    va_list values;
    va_start(values, kinds);
    sqlite3_stmt *statement = query(store, id, kinds, &values, err);
    va_end(values);
    return first_number(store, statement, value, err);
}

const char *store_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

const char *store_copy(sqlite3_stmt *statement, int column, struct arena *arena)
{
    const char *text = store_text(statement, column);
    return text ? arena_strndup(arena, text, (size_t)sqlite3_column_bytes(statement, column))
                : NULL;
}

/* --- transactions --- */

static int begin(struct store *store, enum sql_id id, struct err *err)
{
    store->deadline_us = clock_monotonic_us(&clock_system) + store->settings->timeout * 1000;
    store->is_soft = false;
    if (store_run(store, err, id, "") < 0)
        return -1;
    /* After the lock, so that the times of transactions are in their order. */
    store->now_ms = clock_wall_ms(store->clock);
    return 0;
}

int store_begin(struct store *store, struct err *err)
{
    return begin(store, SQL_BEGIN, err);
}

int store_begin_read(struct store *store, struct err *err)
{
    return begin(store, SQL_BEGIN_READ, err);
}

static void roll_back(struct store *store)
{
    /* A failed COMMIT or a full disk may have rolled back already. */
    if (!sqlite3_get_autocommit(store->db))
        store_run(store, NULL, SQL_ROLLBACK, "");
    tallies_forget(&store->tallies);
}

static void wake_workers(struct store *store)
{
    for (const struct tally *tally = store->tallies.loaded; tally; tally = tally->next) {
        size_t ready = tally->ready > 0 ? (size_t)tally->ready : 0;
        size_t fresh = tally->fresh < ready ? tally->fresh : ready;
        if (fresh > 0 || tally->has_earlier)
            wake_poke(&store->wake, tally->name, fresh, tally->has_earlier);
    }
}

/* What a commit with synchronous = full would do while it holds the write lock, done after it:
 * others write meanwhile, and the jobs that came are on their way to a worker. A checkpoint that
 * comes between syncs the log itself. */
static int sync_log(struct store *store, struct err *err)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code == SQLITE_OK && log && log->pMethods)
        code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        return 0;
    return err_set(err, ERR_UNAVAILABLE, "%s: what was written may be lost in a power cut: %s",
                   store->settings->path, sqlite3_errstr(code));
}

static bool must_sync(const struct store *store)
{
    return store->settings->synchronous == SYNCHRONOUS_FULL && !store->is_soft;
}

int store_end(struct store *store, int result, struct err *err)
{
    bool is_writing = result == 0 && sqlite3_txn_state(store->db, "main") == SQLITE_TXN_WRITE;
    if (is_writing)
        result = tallies_write(store, err);
    if (result < 0 || store_run(store, err, SQL_COMMIT, "") < 0) {
        roll_back(store);
        return -1;
    }
    if (is_writing)
        wake_workers(store);
    tallies_unload(&store->tallies);
    return is_writing && must_sync(store) ? sync_log(store, err) : 0;
}
