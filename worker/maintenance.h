/* SPDX-License-Identifier: MIT */
#ifndef WORKER_MAINTENANCE_H
#define WORKER_MAINTENANCE_H

#include <stdint.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/settings.h"

/*
 * The maintenance process, one a master: gives back the leases of dead workers, does the upkeep of
 * every connection, and tells the master how the queues stand. Each connection has a thread of its
 * own, so that a store which hangs delays nothing but itself.
 */
struct maintenance_plan {
    const struct settings *settings;
    const struct clock *clock;
    int channel_in; /* owned from here on, as the next */
    int channel_out;
    int calls_fd; /* questions of the master (call_server.h); -1 without. Owned, likewise */
    uint32_t generation;
};

/* Runs until it is asked to end or the master is gone, and what it was told by then is done (as far
 * as the stores can be reached). Returns 0, or -1 with err where it cannot work. Blocks. */
int maintenance_run(const struct maintenance_plan *plan, struct err *err);

#endif
