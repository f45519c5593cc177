/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/stats.h"

#include <stdio.h>
#include <stdlib.h>

static int add_oldest(struct store *store, int64_t queue, struct queue_stats *stats,
                      struct err *err)
{
    int64_t oldest;
    int found = store_number(store, &oldest, err, SQL_OLDEST, "i", queue);
    if (found == 1 && store->now_ms - oldest > stats->oldest_ms)
        stats->oldest_ms = store->now_ms - oldest;
    return found < 0 ? -1 : 0;
}

static int add_tally(struct store *store, const struct tally *tally, struct queue_stats *stats,
                     struct err *err)
{
    stats->pending += (uint64_t)tally->ready;
    stats->delayed += (uint64_t)tally->later;
    stats->reserved += (uint64_t)tally->reserved;
    stats->failed += (uint64_t)tally->failed;
    return tally->ready > 0 ? add_oldest(store, tally->id, stats, err) : 0;
}

static int stats_of_all(struct store *store, struct queue_stats *stats, struct err *err)
{
    sqlite3_stmt *row = store_query(store, err, SQL_QUEUE_ALL, "");
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        struct tally *tally = tally_by_id(store, sqlite3_column_int64(row, 0), err);
        if (tally && add_tally(store, tally, stats, err) == 0)
            continue;
        store_done(row);
        return -1;
    }
    return step;
}

static int stats_of_one(struct store *store, const char *queue, struct queue_stats *stats,
                        struct err *err)
{
    struct tally *tally;
    int found = tally_find(store, queue, &tally, err);
    return found == 1 ? add_tally(store, tally, stats, err) : found;
}

int sqlite_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err)
{
    *stats = (struct queue_stats){.oldest_ms = -1};
    if (store_begin_read(store, err) < 0)
        return -1;
    int result = queue ? stats_of_one(store, queue, stats, err) : stats_of_all(store, stats, err);
    return store_end(store, result, err);
}

int sqlite_queues(struct store *store, queue_name_fn each, void *context, struct err *err)
{
    if (store_begin_read(store, err) < 0)
        return -1;
    sqlite3_stmt *row = store_query(store, err, SQL_QUEUE_NAMES, "");
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        if (each(context, store_text(row, 0)) == 0)
            continue;
        store_done(row);
        step = 0;
    }
    return store_end(store, step, err);
}

int sqlite_health(struct store *store, struct store_health *health, struct err *err)
{
    *health = (struct store_health){0};
    snprintf(health->version, sizeof health->version, "SQLite %s", sqlite3_libversion());
    if (store_begin_read(store, err) < 0)
        return -1;
    sqlite3_stmt *row = store_query(store, err, SQL_TOTALS, "");
    int step = row ? store_step(store, row, err) : -1;
    if (step > 0) {
        health->total_queues = (uint64_t)sqlite3_column_int64(row, 0);
        health->total_jobs = (uint64_t)sqlite3_column_int64(row, 1);
        store_done(row);
    }
    return store_end(store, step < 0 ? -1 : 0, err);
}
