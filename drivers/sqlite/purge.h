/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_PURGE_H
#define DRIVERS_SQLITE_PURGE_H

#include "drivers/sqlite/store.h"

/* The driver's operations that take live jobs away. */
int sqlite_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err);
int sqlite_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                      struct err *err);

#endif
