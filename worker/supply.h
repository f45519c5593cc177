/* SPDX-License-Identifier: MIT */
#ifndef WORKER_SUPPLY_H
#define WORKER_SUPPLY_H

#include "worker/core.h"

/*
 * The way of jobs: from the store to the handlers, and their outcomes back.
 */
void supply_init(struct worker *worker);
void supply_finish(struct worker *worker);

/* Hands out what waits, calls the store where that is worth it, and waits for what comes next. */
void supply_step(struct worker *worker);

/* An attempt comes back that had not begun (in no list). */
void supply_take_back(struct worker *worker, struct attempt *attempt);

/* Gives all jobs that wait back to the store. Failures that a handler is to be told of wait on. */
void supply_release_waiting(struct worker *worker);

/* Where no handler will take anything any more: what still waits is not told. */
void supply_give_up_waiting(struct worker *worker);

/* How many more jobs this worker may take. */
uint64_t supply_budget(const struct worker *worker);

#endif
