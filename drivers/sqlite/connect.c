/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/fd.h"
#include "common/path.h"
#include "drivers/sqlite/feed.h"
#include "drivers/sqlite/store.h"

#define PAUSE_MIN_US 50
#define PAUSE_MAX_US 3000

#define DIRECTORY_MODE 0755

/* --- waiting for locks --- */

/* xorshift64: pauses that differ from those of the others are all that is wanted. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* SQLite's lock has no queue: who tries first when it is free gets it. Pauses that grow, and vary
 * at random, keep several waiting processes from trying in step. */
int store_wait(void *context, int tries)
{
    struct store *store = context;
    if (clock_monotonic_us(&clock_system) >= store->deadline_us)
        return 0;
    uint64_t most = (uint64_t)PAUSE_MIN_US << (tries < 8 ? tries : 8);
    if (most > PAUSE_MAX_US)
        most = PAUSE_MAX_US;
    uint64_t pause_us = most / 2 + random_next(&store->random) % most;
    const struct timespec pause = {.tv_nsec = (long)pause_us * 1000};
    nanosleep(&pause, NULL);
    return 1;
}

/* --- settling --- */

static int execute(struct store *store, const char *sql, struct err *err)
{
    int code = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}

static int pragma_number(struct store *store, const char *sql, int64_t *value, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : store_fail(store, code, err);
}

/* The change to WAL wants the file for itself, and does not ask the busy handler. */
static int set_wal(struct store *store, struct err *err)
{
    int code, tries = 0;
    do
        code = sqlite3_exec(store->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    while ((code & 0xff) == SQLITE_BUSY && store_wait(store, tries++));
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}

/* Never a checkpoint by the way: SQLite before 3.51.3 can lose commits where two connections make
 * one at once (keeper.h). Commits wait for no disk here, whatever the settings say: store_end does,
 * where it is wanted. Debian's build clears deleted pages, which is of no use here. */
static int settle(struct store *store, struct err *err)
{
    if (set_wal(store, err) < 0)
        return -1;
    return execute(store,
                   "PRAGMA synchronous = NORMAL;"
                   "PRAGMA wal_autocheckpoint = 0;"
                   "PRAGMA journal_size_limit = 67108864;"
                   "PRAGMA secure_delete = OFF;"
                   "PRAGMA temp_store = MEMORY;"
                   "PRAGMA cache_size = -640;",
                   err);
}

/* --- the schema --- */

static int check_version(struct store *store, int64_t version, struct err *err)
{
    if (version <= SQL_SCHEMA_VERSION)
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "%s: it was written by a newer muster (schema %lld, this one knows up to %d); "
                   "upgrade this one, or name another file",
                   store->settings->path, (long long)version, SQL_SCHEMA_VERSION);
}

static int has_tables(struct store *store, bool *has, struct err *err)
{
    int64_t count = 0;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM sqlite_master WHERE name = '%q_records'",
                                store->tables.prefix);
    int result = pragma_number(store, sql, &count, err);
    sqlite3_free(sql);
    *has = result == 0 && count > 0;
    return result;
}

static int create(struct store *store, struct err *err)
{
    struct buf text;
    buf_init(&text, 1u << 16);
    sql_expand_schema(&store->tables, &text);
    buf_printf(&text, "PRAGMA user_version = %d;", SQL_SCHEMA_VERSION);
    int code = sqlite3_exec(store->db, buf_text(&text), NULL, NULL, NULL);
    buf_finish(&text);
    if (code == SQLITE_OK)
        return 0;
    if (code == SQLITE_ERROR)
        return err_set(err, ERR_CONFLICT,
                       "%s: it holds tables of another program: %s; name another file (path), or "
                       "other tables (table, failed_table)",
                       store->settings->path, sqlite3_errmsg(store->db));
    return store_fail(store, code, err);
}

static int create_if_missing(struct store *store, struct err *err)
{
    int64_t version = 0;
    bool has = false;
    int result = pragma_number(store, "PRAGMA user_version", &version, err);
    if (result == 0)
        result = check_version(store, version, err);
    if (result == 0)
        result = has_tables(store, &has, err);
    if (result == 0 && !has)
        result = create(store, err);
    return result;
}

static int ensure_schema(struct store *store, struct err *err)
{
    int64_t version = 0;
    bool has;
    if (pragma_number(store, "PRAGMA user_version", &version, err) < 0 ||
        check_version(store, version, err) < 0 || has_tables(store, &has, err) < 0)
        return -1;
    if (version == SQL_SCHEMA_VERSION && has)
        return 0;
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, create_if_missing(store, err), err);
}

/* --- opening --- */

static int make_directory(const char *path, struct err *err)
{
    char *directory = path_directory(path);
    int result = fd_mkdir_parents(directory, DIRECTORY_MODE, err);
    free(directory);
    return result;
}

int store_connect(struct store *store, struct err *err)
{
    const char *path = store->settings->path;
    const int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (make_directory(path, err) < 0)
        return -1;
    int code = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (code != SQLITE_OK)
        return store_fail(store, code, err);
    store->deadline_us = clock_monotonic_us(&clock_system) + store->settings->timeout * 1000;
    sqlite3_busy_handler(store->db, store_wait, store);
    code = feed_register(store->db);
    if (code != SQLITE_OK)
        return store_fail(store, code, err);
    if (settle(store, err) < 0)
        return -1;
    return ensure_schema(store, err);
}
