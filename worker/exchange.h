/* SPDX-License-Identifier: MIT */
#ifndef WORKER_EXCHANGE_H
#define WORKER_EXCHANGE_H

#include "worker/core.h"

/*
 * One call of the store: it takes outcomes along and brings the next jobs.
 */

/* The most outcomes, and the most jobs, of one call. */
size_t exchange_batch(const struct worker *worker);

/* Stores the oldest outcomes and reserves up to `reserve` jobs (0: none; at most exchange_batch).
 * -1 where the call failed, of which the link, or the outcomes that were refused, know; the
 * outcomes stay for the next call. */
int exchange(struct worker *worker, size_t reserve);

#endif
