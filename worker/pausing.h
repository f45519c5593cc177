/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PAUSING_H
#define WORKER_PAUSING_H

#include "worker/core.h"

/*
 * A paused worker (queue/pause.h) reserves nothing; what runs goes on, what waits goes back. It
 * looks into the store before its first reservation; later the master tells it what the maintenance
 * process has seen, and without a master it looks with every upkeep. One that is paused looks
 * itself now and then, in case nobody tells it that this is over.
 */
void pausing_set(struct worker *worker, bool is_paused);

/* Looks, where it is not known yet and the store can be asked. */
void pausing_step(struct worker *worker);

/* Looks again. */
void pausing_look(struct worker *worker);

/* The same, where it is paused. */
void pausing_pulse(struct worker *worker);

#endif
