/* SPDX-License-Identifier: MIT */
#ifndef WORKER_LEASE_H
#define WORKER_LEASE_H

#include "worker/core.h"

/*
 * The leases of what is held here are made to last, at a third of their length and at least every
 * LEASE_PERIOD_MAX_MS: that is also how a worker learns that a job was cancelled, and how others
 * learn how far a job is.
 */
#define LEASE_PERIOD_MAX_MS 3000
#define LEASE_PROGRESS_MS   1000 /* progress waits no longer */

/* Nothing is renewed before lease_step says when; finishing stops it, and gives no lease back. */
void lease_init(struct worker *worker);
void lease_finish(struct worker *worker);

/* Sees that the next renewal comes in time. */
void lease_step(struct worker *worker);

#endif
