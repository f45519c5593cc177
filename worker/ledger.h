/* SPDX-License-Identifier: MIT */
#ifndef WORKER_LEDGER_H
#define WORKER_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/settings.h"
#include "queue/queue.h"

/*
 * What the maintenance process adds to the figures of a connection's queues: how many jobs waited
 * at most, and the sums over minutes, hours and days (queue/metrics_store.h), which one host of
 * those that share a store makes at a time.
 */
struct ledger {
    const struct settings *settings;
    char who[80];    /* among all processes at the store */
    bool *paused;    /* by the settings' queues: on this host */
    uint64_t *peaks; /* by the settings' queues, since the last part */
    struct ledger_window {
        uint64_t ended, failed;
    } * windows;      /* likewise: jobs within alert_window, where it holds the lease */
    bool is_leader;   /* it holds the lease */
    unsigned written; /* parts, so far */
    int64_t due_ms;   /* monotonic: when it is to be called again */
};

/* A ledger under a name that no other process has; no queue is known to be paused. The settings
 * must outlive it. Finishing frees what it holds, and leaves the store as it is. */
void ledger_init(struct ledger *ledger, const struct settings *settings);
void ledger_finish(struct ledger *ledger);

/* Reads which queues are paused. Returns 0, or -1 with err. */
int ledger_look_for_pauses(struct ledger *ledger, struct queue_connection *connection,
                           struct err *err);

/* So many jobs of a queue (by its index in the settings) are ready. */
void ledger_note(struct ledger *ledger, size_t queue, uint64_t ready);

/* Stores and sums up, where it is due. Returns 1, 0 where it was not due, or -1 with err: then it
 * is due again soon. */
int ledger_step(struct ledger *ledger, struct queue_connection *connection, struct err *err);

#endif
