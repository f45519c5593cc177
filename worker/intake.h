/* SPDX-License-Identifier: MIT */
#ifndef WORKER_INTAKE_H
#define WORKER_INTAKE_H

#include "worker/core.h"

/*
 * The jobs that a worker has reserved and that no handler has yet. Those that cannot be run end
 * here: their payload is damaged, they were begun too often, or no handler knows their class.
 */

/* Takes over a load that the store has filled: its jobs wait, or have ended; an empty one goes back
 * to the pool. */
void intake_accept(struct worker *worker, struct load *load);

/* An attempt comes back that had not begun (in no list): it waits as the next, or goes back to the
 * store where nothing is begun any more. */
void intake_take_back(struct worker *worker, struct attempt *attempt);

/* Gives all jobs that wait back to the store. Failures that a handler is to be told of wait on. */
void intake_release(struct worker *worker);

/* Where no handler will take anything any more: what still waits is not told. */
void intake_give_up(struct worker *worker);

/* Fails the jobs whose handlers cannot be started: they do not hold up those of other classes. */
void intake_fail_broken(struct worker *worker);

#endif
