/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_LIST_H
#define DRIVERS_SQLITE_LIST_H

#include "drivers/sqlite/store.h"

/* The driver's operation. */
int sqlite_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                    void *context, struct err *err);

#endif
