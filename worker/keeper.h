/* SPDX-License-Identifier: MIT */
#ifndef WORKER_KEEPER_H
#define WORKER_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/board.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/settings.h"
#include "queue/queue.h"
#include "worker/mouth.h"

/*
 * A keeper looks after one connection, in a thread of its own. It is told of dead workers, and
 * tells when their leases are back; once a second it does the upkeep and measures the queues: more
 * often where scaling decides more often, more seldom where measuring takes long.
 */
#define KEEPER_PERIOD_MS 1000

struct keeper;

/* A begun attempt of a dead worker. */
struct keeper_begun {
    char uuid[UUID_TEXT_SIZE];
    int attempt;
};

/* Starts a keeper; all that is pointed to must outlive it. NULL with err where there can be no
 * thread. */
struct keeper *keeper_start(const struct settings *settings,
                            const struct connection_settings *connection, const struct clock *clock,
                            struct mouth *mouth, struct err *err);

/* A worker is dead whose leases are on this connection. Copies what it is given; begun may be NULL
 * where count is 0. */
void keeper_return(struct keeper *keeper, const char *owner, const struct keeper_begun *begun,
                   size_t count);

/* Something to be done with the store, in the keeper's thread: run is called once, with a
 * connection or, where the store is away, NULL and the reason. The task is whoever's gave it. */
struct keeper_task {
    struct keeper_task *next;
    void (*run)(struct keeper_task *task, struct queue_connection *connection,
                const struct err *why_not);
};

/* Its turn comes after what was given before; it must live until run has been called. */
void keeper_give(struct keeper *keeper, struct keeper_task *task);

/* Lets it end when it has done what it was told: keeper_join waits for that, at most until a store
 * that is away has been tried once more, and frees it. */
void keeper_close(struct keeper *keeper);
void keeper_join(struct keeper *keeper);

/* The name of its connection; lives as long as the settings. */
const char *keeper_connection(const struct keeper *keeper);

/* The pause until the next measurement, after one that took so long: a period, or as long as it
 * takes for them to need a twentieth of the time at most. Pure. */
int64_t keeper_pause_ms(int64_t took_ms, int64_t period_ms);

#endif
