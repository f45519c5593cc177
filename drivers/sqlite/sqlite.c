/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/sqlite.h"

#include <stdlib.h>

#include "drivers/sqlite/batches.h"
#include "drivers/sqlite/failed.h"
#include "drivers/sqlite/keeper.h"
#include "drivers/sqlite/list.h"
#include "drivers/sqlite/notes.h"
#include "drivers/sqlite/purge.h"
#include "drivers/sqlite/push.h"
#include "drivers/sqlite/stats.h"
#include "drivers/sqlite/store.h"
#include "drivers/sqlite/turn.h"
#include "drivers/sqlite/upkeep.h"

static void sqlite_close(struct store *store)
{
    if (!store)
        return;
    sqlite_keeper_close(store->keeper);
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    tallies_forget(&store->tallies);
    wake_finish(&store->wake);
    free(store);
}

static int sqlite_open(const struct connection_settings *settings, const struct clock *clock,
                       struct store **out, struct err *err)
{
    struct store *store = mem_new(1, sizeof *store);
    store->settings = settings;
    store->clock = clock;
    store->random = (uint64_t)clock_monotonic_us(&clock_system) * 2 + 1;
    sql_names_init(&store->tables, settings->table, settings->failed_table);
    wake_init(&store->wake, settings->path);
    if (store_connect(store, err) < 0) {
        sqlite_close(store);
        return -1;
    }
    *out = store;
    return 0;
}

static int sqlite_wake_open(struct store *store, const char *queue, struct err *err)
{
    return wake_listen(&store->wake, store->settings->path, queue, err);
}

static bool sqlite_wake_read(struct store *store)
{
    return wake_take(&store->wake);
}

static const char *const features[] = {
    "delayed_jobs", "priority_queues", "atomic_operations", "batches", "unique_jobs", NULL,
};
static const char *const dependencies[] = {"sqlite3", NULL};

const struct driver driver_sqlite = {
    .abi = DRIVER_ABI,
    .size = sizeof(struct driver),
    .name = "sqlite",
    .version = MUSTER_VERSION,
    .description = "Embedded database file with full transactions; no server",
    .features = features,
    .dependencies = dependencies,
    .open = sqlite_open,
    .close = sqlite_close,
    .push = sqlite_push,
    .turn = sqlite_turn,
    .extend = sqlite_extend,
    .return_owner = sqlite_return_owner,
    .upkeep = sqlite_upkeep,
    .wake_open = sqlite_wake_open,
    .wake_read = sqlite_wake_read,
    .stats = sqlite_stats,
    .queues = sqlite_queues,
    .purge = sqlite_purge,
    .failed_list = sqlite_failed_list,
    .failed_retry = sqlite_failed_retry,
    .failed_remove = sqlite_failed_remove,
    .job_list = sqlite_job_list,
    .job_cancel = sqlite_job_cancel,
    .batch_create = sqlite_batch_create,
    .batch_list = sqlite_batch_list,
    .batch_cancel = sqlite_batch_cancel,
    .batch_prune = sqlite_batch_prune,
    .note_put = sqlite_note_put,
    .note_claim = sqlite_note_claim,
    .note_list = sqlite_note_list,
    .note_remove = sqlite_note_remove,
    .health = sqlite_health,
};
