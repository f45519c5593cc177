/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/drivers.h"
#include "library/manager.h"

/* What can be asked, and purging. */

/* A store for the queue, with its pool. NULL with err. */
static struct queue_connection *take(const struct muster *muster, const char *queue,
                                     struct pool **pool, struct err *err)
{
    if (manager_check(muster, err) < 0)
        return NULL;
    *pool = manager_pool(muster, queue);
    return pool_take(*pool, err);
}

/* --- figures --- */

static int add_queue(void *context, const char *name)
{
    struct muster_stats *stats = context;
    stats->queues = mem_resize(stats->queues, stats->queue_count + 1, sizeof *stats->queues);
    stats->queues[stats->queue_count++] = mem_strdup(name);
    return 0;
}

static void read_figures(const struct queue_connection *connection, const char *queue,
                         struct muster_stats *stats, struct err *err)
{
    struct queue_stats figures;
    if (connection->driver->stats(connection->store, queue, &figures, err) < 0)
        return;
    *stats = (struct muster_stats){
        .total = figures.pending + figures.reserved + figures.delayed,
        .pending = figures.pending,
        .reserved = figures.reserved,
        .delayed = figures.delayed,
        .failed = figures.failed,
        .oldest_ms = figures.oldest_ms,
    };
}

MUSTER_API int muster_stats(struct muster *muster, const char *queue, struct muster_stats *stats,
                            struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct pool *pool;
    *stats = (struct muster_stats){.oldest_ms = -1};
    struct queue_connection *connection = take(muster, queue, &pool, &err);
    if (connection) {
        read_figures(connection, queue, stats, &err);
        if (err.code == ERR_NONE)
            connection->driver->queues(connection->store, add_queue, stats, &err);
        pool_give(pool, connection);
    }
    if (err.code != ERR_NONE)
        muster_stats_finish(stats);
    return manager_result(error, &err);
}

MUSTER_API void muster_stats_finish(struct muster_stats *stats)
{
    for (size_t i = 0; i < stats->queue_count; i++)
        free(stats->queues[i]);
    free(stats->queues);
    stats->queues = NULL;
    stats->queue_count = 0;
}

MUSTER_API int64_t muster_size(struct muster *muster, const char *queue, struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct pool *pool;
    struct muster_stats stats = {0};
    struct queue_connection *connection = take(muster, queue, &pool, &err);
    if (connection) {
        read_figures(connection, queue, &stats, &err);
        pool_give(pool, connection);
    }
    return manager_result(error, &err) < 0 ? -1 : (int64_t)stats.total;
}

/* --- health --- */

static int measure(struct pool *pool, struct muster_health *health, struct store_health *facts,
                   struct err *err)
{
    int64_t start = clock_monotonic_us(&clock_system);
    struct queue_connection *connection = pool_take(pool, err);
    int result = -1;
    if (connection) {
        snprintf(health->driver, sizeof health->driver, "%s", connection->driver->name);
        result = connection->driver->health(connection->store, facts, err);
        pool_give(pool, connection);
    }
    health->response_time = (double)(clock_monotonic_us(&clock_system) - start) / 1000;
    return result;
}

static void test(struct pool *pool, struct muster_health *health)
{
    struct err err = ERR_INIT;
    struct store_health facts = {0};
    *health = (struct muster_health){0};
    snprintf(health->connection, sizeof health->connection, "%s", pool->settings->name);
    snprintf(health->driver, sizeof health->driver, "%s", pool->settings->driver);
    health->is_healthy = measure(pool, health, &facts, &err) == 0;
    snprintf(health->message, sizeof health->message, "%s",
             health->is_healthy ? "connection is healthy" : err.text);
    snprintf(health->version, sizeof health->version, "%s", facts.version);
    health->total_queues = facts.total_queues;
    health->total_jobs = facts.total_jobs;
}

MUSTER_API int muster_test_connection(struct muster *muster, const char *name,
                                      struct muster_health *health, struct muster_error *error)
{
    struct err err = ERR_INIT;
    if (manager_check(muster, &err) < 0)
        return manager_result(error, &err);
    const struct muster *tested = name ? muster_connection(muster, name, error) : muster;
    if (!tested)
        return -1;
    test(manager_pool(tested, NULL), health);
    return 0;
}

/* --- drivers --- */

struct driver_visit {
    int (*each)(void *context, const struct muster_driver *driver);
    void *context;
    bool is_over;
};

static void visit_driver(void *context, const struct driver_entry *entry)
{
    struct driver_visit *visit = context;
    const struct driver *driver = entry->driver;
    if (!driver || visit->is_over)
        return;
    const struct muster_driver told = {
        .name = driver->name,
        .version = driver->version,
        .description = driver->description,
        .features = driver->features,
        .dependencies = driver->dependencies,
    };
    visit->is_over = visit->each(visit->context, &told) != 0;
}

MUSTER_API int muster_drivers(struct muster *muster,
                              int (*each)(void *context, const struct muster_driver *driver),
                              void *context, struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct driver_visit visit = {.each = each, .context = context};
    if (manager_check(muster, &err) == 0)
        drivers_list(muster->manager->settings->muster.driver_path, visit_driver, &visit);
    return manager_result(error, &err);
}

/* --- purging --- */

MUSTER_API int muster_purge(struct muster *muster, const char *queue, uint64_t *removed,
                            struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct pool *pool;
    uint64_t count = 0;
    struct queue_connection *connection = take(muster, queue, &pool, &err);
    if (connection) {
        connection->driver->purge(connection->store, queue, &count, &err);
        pool_give(pool, connection);
    }
    if (removed)
        *removed = count;
    return manager_result(error, &err);
}
