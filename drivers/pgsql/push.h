/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_PUSH_H
#define DRIVERS_PGSQL_PUSH_H

#include "drivers/pgsql/exchange.h"

/* Payloads as parameters, with the time in them. */
struct payloads {
    int64_t now_ms;
    struct buf text;
};
void pg_payloads_init(struct payloads *payloads, const struct store *store);
void pg_payloads_finish(struct payloads *payloads);
int pg_payloads_put(struct payloads *payloads, const struct job *job, struct params *params,
                    struct err *err);

/* Appends the uuids of jobs as one array. */
void pg_push_uuids(const struct job *jobs, size_t count, struct params *params);

/* Appends the parameters of {insert} for jobs: one array a column. Returns 0, or -1 with err. */
int pg_push_params(struct store *store, const struct job *jobs, size_t count, struct params *params,
                   struct err *err);

/* Posts a statement that wakes as many workers of each queue as there are jobs for it. */
void pg_push_wake(struct store *store, const struct job *jobs, size_t count);

#endif
