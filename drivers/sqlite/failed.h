/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_FAILED_H
#define DRIVERS_SQLITE_FAILED_H

#include "drivers/sqlite/store.h"

/* The driver's operations on failed jobs. */
int sqlite_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                       void *context, struct err *err);
int sqlite_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err);
int sqlite_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                         struct err *err);

#endif
