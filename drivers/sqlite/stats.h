/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_STATS_H
#define DRIVERS_SQLITE_STATS_H

#include "drivers/sqlite/store.h"

/* The driver's operations. */
int sqlite_stats(struct store *store, const char *queue, struct queue_stats *stats,
                 struct err *err);
int sqlite_queues(struct store *store, queue_name_fn each, void *context, struct err *err);
int sqlite_health(struct store *store, struct store_health *health, struct err *err);

#endif
