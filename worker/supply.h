/* SPDX-License-Identifier: MIT */
#ifndef WORKER_SUPPLY_H
#define WORKER_SUPPLY_H

#include "worker/core.h"

/*
 * The way of jobs: from the store to the handlers, and their outcomes back. It decides when the
 * store is called and what is waited for; exchange.h is the call, intake.h what it brought.
 */

/* Makes the parts of the worker that supply has: empty lists, watchers that do not run yet. */
void supply_init(struct worker *worker);

/* Stops the watchers and frees all attempts that are in a list, whatever becomes of their jobs. */
void supply_finish(struct worker *worker);

/* Hands out what waits, calls the store where that is worth it, and waits for what comes next. */
void supply_step(struct worker *worker);

/* How many more jobs this worker may take; UINT64_MAX: there is no limit. */
uint64_t supply_budget(const struct worker *worker);

#endif
