/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_LEASES_H
#define DRIVERS_PGSQL_LEASES_H

#include "drivers/pgsql/exchange.h"

/* Runs a query whose rows are (queue, number of jobs that are ready there now), finishes it, and
 * wakes that many workers of each queue. *sum gets how many jobs. Returns 0, or -1 with err. */
int pg_run_and_wake(struct store *store, struct query *query, uint64_t *sum, struct err *err);

#endif
