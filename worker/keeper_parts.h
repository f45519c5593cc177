/* SPDX-License-Identifier: MIT */
#ifndef WORKER_KEEPER_PARTS_H
#define WORKER_KEEPER_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/drivers.h"
#include "worker/keeper.h"
#include "worker/ledger.h"

/* What the parts of a keeper share; nobody else includes it. The functions are called in its thread, or after its end.
 */

/* A dead worker. */
struct dead {
    struct dead *next;
    char owner[OWNER_SIZE];
    bool is_returned; /* and not confirmed */
    uint64_t returned;
    int64_t pause_ms, due_ms; /* of the next look for late ones */
    size_t count;
    struct keeper_begun begun[];
};

struct keeper {
    const struct settings *settings;
    const struct connection_settings *connection;
    const struct clock *clock;
    struct mouth *mouth;
    pthread_t thread;
    pthread_mutex_t mutex; /* over told, tasks and is_closing */
    pthread_cond_t news;
    struct dead *told; /* the newest first */
    struct keeper_task *tasks, **tasks_end;
    bool is_closing;
    /* of the thread alone */
    struct queue_connection store;
    const struct driver *driver;
    struct dead *dead;
    struct dead *later; /* returned and confirmed */
    unsigned failures;
    bool is_state_told; /* to the master */
    bool is_write_failing;
    struct err failure; /* the last one */
    int64_t try_ms;     /* when the store may be tried */
    int64_t upkeep_ms;  /* when the next upkeep is due */
    int64_t measure_ms; /* when the next measurement is */
    struct ledger ledger;
};

/* The present of the keeper's clock: monotonic, in milliseconds. */
int64_t keeper_now_ms(const struct keeper *keeper);

/* The store has failed, or has answered: tells the master where that is new, and decides when it is tried again. */
void keeper_fail(struct keeper *keeper, const struct err *err);
void keeper_succeed(struct keeper *keeper);

/* Whether the store is away. The master is told with each failure, in case one is lost. */
void keeper_tell_state(struct keeper *keeper);

/* Returns the leases of dead workers and confirms it to the master, as far as the store takes it. */
void keeper_return_dead(struct keeper *keeper);

/* Looks again for those that are due: a server may have had a call of the worker's when it died, and have reserved
 * for it after its leases were returned. */
void keeper_return_late(struct keeper *keeper);

/* Frees what it knows of dead workers. */
void keeper_forget_dead(struct keeper *keeper);

/* Tells the master the figures of each queue on the connection, and stores what the ledger has for it. */
void keeper_measure(struct keeper *keeper);

#endif
