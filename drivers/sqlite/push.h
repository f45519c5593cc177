/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_PUSH_H
#define DRIVERS_SQLITE_PUSH_H

#include "drivers/sqlite/store.h"

/* What is done with a job whose batch is closed: the whole push fails, or the job is left out. */
enum push_mode { PUSH_STRICT, PUSH_LENIENT };

/* Stores checked jobs in the running transaction. results may be NULL. Returns 0, or -1 with err.
 */
int push_jobs(struct store *store, const struct job *jobs, size_t count, enum push_mode mode,
              enum push_result *results, struct err *err);

/* Stores a job that had failed again, in the running transaction: it is in {failed} still, its
 * batch counts it already, and its unique key is held by it again only where it is free. Returns 0,
 * or -1 with err. */
int push_again(struct store *store, const struct job *job, struct err *err);

/* The driver's operation. */
int sqlite_push(struct store *store, const struct job *jobs, size_t count,
                enum push_result *results, struct err *err);

#endif
