/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_MAINTENANCE_H
#define SUPERVISOR_MAINTENANCE_H

#include "supervisor/calls.h"
#include "supervisor/process.h"
#include "supervisor/returns.h"

/* The maintenance process: is told of dead workers, and tells of the queues. */
struct maintenance {
    struct process process;
    struct returns *returns;
    struct calls *calls; /* to whatever process there is; owned */
    ev_io room_watch;    /* the channel takes records again */
    void (*store)(void *context, const char *connection, bool is_away);
    void (*measured)(void *context, const struct queue_metrics *metrics);
    void *context;
};

/* host, returns, measured and context have been set. */
void maintenance_init(struct maintenance *maintenance, struct host *host);
void maintenance_finish(struct maintenance *maintenance);

/* Tells it what it has not been told of dead workers. */
void maintenance_tend(struct maintenance *maintenance);

#endif
