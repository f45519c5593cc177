/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PHASES_H
#define WORKER_PHASES_H

#include "worker/core.h"

/*
 * How a worker comes to its end. It drains: reserves nothing more, gives back what has not begun,
 * lets run what runs. When it was asked to stop and the time for that is over, or it was asked
 * again, it ends its handlers and gives their jobs back.
 */

/* Listens to signals and to the master. */
void phases_init(struct worker *worker);
void phases_finish(struct worker *worker);

/* Begins to drain, for this reason. Does nothing where it drains or ends already, except that a stop comes
 * before every other reason. Jobs that wait go back to the store. */
void phases_drain(struct worker *worker, enum worker_end end);

/* Ends handlers that have nothing more to do, and the loop when nothing is left. */
void phases_step(struct worker *worker);

#endif
