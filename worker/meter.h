/* SPDX-License-Identifier: MIT */
#ifndef WORKER_METER_H
#define WORKER_METER_H

#include "worker/core.h"

/*
 * What a worker's queue gets to know of its work: counted here job by job, and stored in one call
 * each metrics_interval (queue/metrics_store.h), and once more when the worker ends. One that has
 * nothing to tell but that it was there tells that less often. What cannot be stored is told with
 * what comes later.
 */
#define METER_IDLE_FACTOR 10

/* The first interval begins now. The worker's meter is zeroed memory before. */
void meter_init(struct worker *worker);

/* How long an attempt waited: from when it was due, by the store's clock, to its start here. */
int64_t meter_wait_us(const struct attempt *attempt);

/* An attempt has ended, in this way. */
void meter_count(struct worker *worker, const struct attempt *attempt, enum metrics_end end);

/* A call to the store took so long. */
void meter_store_call(struct worker *worker, int64_t us);

/* A process has so many bytes. */
void meter_memory(struct worker *worker, uint64_t bytes);

/* Stores what is due; called with each pulse. */
void meter_step(struct worker *worker);

/* Stores the rest, where the store can be reached, and frees it. */
void meter_finish(struct worker *worker);

#endif
