/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_BATCHES_H
#define DRIVERS_SQLITE_BATCHES_H

#include "drivers/sqlite/store.h"

/* The driver's operations on batches. */
int sqlite_batch_create(struct store *store, const struct batch *batch, struct err *err);
int sqlite_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                      batch_fn each, void *context, struct err *err);
int sqlite_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err);
int sqlite_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                       struct err *err);

#endif
