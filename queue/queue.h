/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include "common/settings.h"
#include "queue/driver.h"

/*
 * The queue as its users see it: a connection with its driver, and the operations of the guide's
 * QueueManager on it. The worker, the maintenance process and the command line work through this.
 */
struct queue_connection {
    const struct driver *driver;
    const struct connection_settings *settings;
    const struct clock *clock;
    struct store *store;
};

/* Opens a connection with its driver. settings and clock must outlive it. Returns 0, or -1 with err
 * naming the connection. queue_connection_close accepts one that was never opened (zeroed). */
int queue_connection_open(struct queue_connection *connection, const struct driver *driver,
                          const struct connection_settings *settings, const struct clock *clock,
                          struct err *err);
void queue_connection_close(struct queue_connection *connection);

/* Checks one job, gives it a uuid (uuid[UUID_SIZE]) where it has none, and stores it. *result (or
 * NULL) tells what became of it: a job whose unique key is held was not stored (PUSH_DUPLICATE),
 * and that is no failure. Returns 0, or -1 with err. */
int queue_push(struct queue_connection *connection, struct job *job, char *uuid,
               enum push_result *result, struct err *err);

/* Jobs of one batch that are stored together at most: what a store does in a moment. It is as many
 * as a job may push. */
#define QUEUE_TOGETHER_MAX 10000

/* Checks all jobs, then stores them in calls of at most the connection's batch_size; jobs of one
 * batch that follow each other go in one call, up to QUEUE_TOGETHER_MAX, since the first ones could
 * end, and the batch with them, before the others are there. *stored gets how many were dealt with
 * for certain when it fails in the middle; results (count of them, or NULL) what became of each of
 * those. Jobs without a uuid get one in the arena. */
int queue_bulk(struct queue_connection *connection, struct job *jobs, size_t count,
               struct arena *arena, enum push_result *results, size_t *stored, struct err *err);

#endif
