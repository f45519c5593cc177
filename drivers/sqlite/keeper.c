/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/keeper.h"

#include <stdlib.h>
#include <sys/stat.h>

#define GROWTH_BYTES (16 << 20) /* of the log, that are worth a checkpoint at once */
#define INTERVAL_MS  10000      /* after which what was written is copied anyhow */

struct keeper {
    sqlite3 *db;           /* holds the write lock meanwhile */
    int64_t log_size;      /* after the last checkpoint */
    int64_t checked_at_ms; /* monotonic */
    int64_t version;       /* data_version then: it counts what others commit */
};

void sqlite_keeper_close(struct keeper *keeper)
{
    if (!keeper)
        return;
    sqlite3_close(keeper->db);
    free(keeper);
}

/* The file does not shrink when the log begins anew, so a log that fits in it is not seen to grow;
 * INTERVAL_MS is for that. (stat, since opening it by hand would drop SQLite's locks.) */
static int64_t log_size(const struct store *store)
{
    struct stat info;
    char *path = mem_printf("%s-wal", store->settings->path);
    int64_t size = stat(path, &info) == 0 ? info.st_size : 0;
    free(path);
    return size;
}

static struct keeper *keeper_open(struct store *store, struct err *err)
{
    struct keeper *keeper = mem_new(1, sizeof *keeper);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(store->settings->path, &keeper->db, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_handler(keeper->db, store_wait, store);
    if (code == SQLITE_OK)
        code = sqlite3_exec(keeper->db, "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10;",
                            NULL, NULL, NULL);
    if (code == SQLITE_OK)
        return keeper;
    store_fail(store, code, err);
    sqlite_keeper_close(keeper);
    return NULL;
}

static int data_version(const struct keeper *keeper, int64_t *version)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(keeper->db, "PRAGMA data_version", -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *version = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code;
}

static int copy_log(struct store *store, struct keeper *keeper, bool *is_complete)
{
    int frames = 0, copied = 0;
    int code = sqlite3_exec(keeper->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, &copied);
    sqlite3_exec(keeper->db, "ROLLBACK", NULL, NULL, NULL);
    *is_complete = frames == copied; /* a reader of an old state keeps the rest */
    return code;
}

static int checkpoint_if_due(struct store *store, struct keeper *keeper)
{
    int64_t version = 0, size = log_size(store), now_ms = clock_monotonic_ms(&clock_system);
    bool is_complete = false;
    int code = data_version(keeper, &version);
    bool is_due =
        size > keeper->log_size + GROWTH_BYTES || now_ms >= keeper->checked_at_ms + INTERVAL_MS;
    if (code != SQLITE_OK || version == keeper->version || !is_due)
        return code;
    code = copy_log(store, keeper, &is_complete);
    keeper->log_size = log_size(store);
    keeper->checked_at_ms = now_ms;
    if (code == SQLITE_OK && is_complete)
        keeper->version = version;
    return code;
}

int sqlite_keeper_checkpoint(struct store *store, struct err *err)
{
    if (!store->keeper && !(store->keeper = keeper_open(store, err)))
        return -1;
    int code = checkpoint_if_due(store, store->keeper);
    return code == SQLITE_OK ? 0 : store_fail(store, code, err);
}
