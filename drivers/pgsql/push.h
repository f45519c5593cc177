/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_PUSH_H
#define DRIVERS_PGSQL_PUSH_H

#include "drivers/pgsql/exchange.h"

/* Appends the parameters of {insert} for jobs: one array a column. Returns 0, or -1 with err. */
int pg_push_params(struct store *store, const struct job *jobs, size_t count, struct params *params,
                   struct err *err);

/* Posts a statement that wakes as many workers of each queue as there are jobs for it. */
void pg_push_wake(struct store *store, const struct job *jobs, size_t count);

#endif
