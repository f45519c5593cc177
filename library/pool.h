/* SPDX-License-Identifier: MIT */
#ifndef LIBRARY_POOL_H
#define LIBRARY_POOL_H

#include <pthread.h>

#include "queue/queue.h"

/*
 * The open stores of one connection, for threads: a call takes one for itself and gives it back. A
 * store belongs to one thread at a time (queue/driver.h).
 */
struct pool {
    const struct connection_settings *settings;
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct queue_connection **idle; /* room for pool_size; the one used last is taken first */
    size_t idle_count;
    size_t open_count; /* idle or taken */
};

/* A pool without an open store; settings must outlive it, and their pool_size is how many it may
 * open. */
void pool_init(struct pool *pool, const struct connection_settings *settings);
void pool_finish(struct pool *pool); /* closes what is idle: all must be */

/* One store, opened where none is idle and there are fewer than pool_size, else awaited for the
 * connection's timeout. NULL with err. */
struct queue_connection *pool_take(struct pool *pool, struct err *err);
void pool_give(struct pool *pool, struct queue_connection *connection);

#endif
