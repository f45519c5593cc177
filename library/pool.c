/* SPDX-License-Identifier: MIT */
#include "library/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "drivers/drivers.h"

void pool_init(struct pool *pool, const struct connection_settings *settings)
{
    *pool = (struct pool){.settings = settings};
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->given_back, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&pool->lock, NULL);
    pool->idle = mem_new((size_t)settings->pool_size, sizeof(struct queue_connection *));
}

void pool_finish(struct pool *pool)
{
    while (pool->idle_count > 0) {
        struct queue_connection *connection = pool->idle[--pool->idle_count];
        queue_connection_close(connection);
        free(connection);
    }
    free(pool->idle);
    pthread_cond_destroy(&pool->given_back);
    pthread_mutex_destroy(&pool->lock);
}

static struct timespec deadline_after(int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + ms % 1000 * 1000000;
    at.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    at.tv_nsec = (long)(ns % 1000000000);
    return at;
}

/* Waits, with the lock, until there is an idle one or room for another. */
static int await(struct pool *pool, struct err *err)
{
    struct timespec deadline = deadline_after(pool->settings->timeout);
    size_t size = (size_t)pool->settings->pool_size;
    int result = 0;
    while (result == 0 && pool->idle_count == 0 && pool->open_count >= size)
        result = pthread_cond_timedwait(&pool->given_back, &pool->lock, &deadline);
    if (result == 0)
        return 0;
    return err_set(err, ERR_UNAVAILABLE,
                   "connection %s: all %zu of its pool_size were in use for %lld ms",
                   pool->settings->name, size, (long long)pool->settings->timeout);
}

static struct queue_connection *open_one(struct pool *pool, struct err *err)
{
    struct queue_connection *connection = mem_new(1, sizeof *connection);
    const struct driver *driver = drivers_find(pool->settings, err);
    if (driver &&
        queue_connection_open(connection, driver, pool->settings, &clock_system, err) == 0)
        return connection;
    free(connection);
    return NULL;
}

/* Room that was counted as taken is free again. */
static void leave(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->open_count--;
    pthread_cond_signal(&pool->given_back);
    pthread_mutex_unlock(&pool->lock);
}

struct queue_connection *pool_take(struct pool *pool, struct err *err)
{
    struct queue_connection *connection = NULL;
    pthread_mutex_lock(&pool->lock);
    int result = await(pool, err);
    if (result == 0 && pool->idle_count > 0)
        connection = pool->idle[--pool->idle_count];
    else if (result == 0)
        pool->open_count++;
    pthread_mutex_unlock(&pool->lock);
    if (connection || result < 0)
        return connection;
    connection = open_one(pool, err); /* the others need not wait for that */
    if (!connection)
        leave(pool);
    return connection;
}

void pool_give(struct pool *pool, struct queue_connection *connection)
{
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = connection;
    pthread_cond_signal(&pool->given_back);
    pthread_mutex_unlock(&pool->lock);
}
