/* SPDX-License-Identifier: MIT */
#ifndef WORKER_HAND_OUT_H
#define WORKER_HAND_OUT_H

#include "worker/core.h"

/*
 * From the jobs that wait in a worker to its handlers.
 *
 * Where all run on the handlers of the queue, some may wait in a handler behind those that run. Once
 * a class has come that has handlers of its own, jobs are begun in the order in which they came, no
 * more at once than the handlers of the queue could run, and none is taken ahead.
 */

/* How many jobs could run at once; *ready gets how many handlers of the queue take some. */
size_t hand_out_slots(const struct worker *worker, size_t *ready);

/* Gives what waits to handlers that have room, ahead jobs beyond those that can run at once. */
void hand_out(struct worker *worker, size_t slots, size_t ahead, size_t ready);

#endif
