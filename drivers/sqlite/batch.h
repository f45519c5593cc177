/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_BATCH_H
#define DRIVERS_SQLITE_BATCH_H

#include "common/uuid.h"
#include "drivers/sqlite/feed.h"
#include "drivers/sqlite/store.h"

/* The counters of batches, as part of the transitions of their jobs. */

/* Returns 1 where the batch takes jobs (or does not exist yet), 0 where it was cancelled or has
 * finished, -1 with err. */
int batch_is_open(struct store *store, const char *uuid, struct err *err);

/* Returns 1 where it was cancelled, 0 where not, -1 with err. */
int batch_is_cancelled(struct store *store, const char *uuid, struct err *err);

/* Counts rows that were stored (those not left out) in their batches. Returns 0, or -1 with err. */
int batches_grow(struct store *store, const struct job_row *rows, size_t count, struct err *err);

/* Cancels it: its waiting jobs go away (*removed gets how many), the running ones are asked to
 * stop, and what follows is done. Returns 0, or -1 with err (ERR_NOT_FOUND). */
int batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err);

/* Ends of jobs, gathered while they follow each other in the same batch. */
enum batch_end { BATCH_COMPLETED, BATCH_FAILED, BATCH_CANCELLED };

struct batch_ends {
    char uuid[UUID_TEXT_SIZE]; /* "": none so far */
    int64_t counts[3];
};

/* Adds one end; batch may be NULL. batch_ends_settle counts what is gathered and does what follows
 * from it: cancels at the first failure, finishes, pushes callbacks. Return 0, or -1 with err. */
int batch_ends_add(struct store *store, struct batch_ends *ends, const char *batch,
                   enum batch_end end, struct err *err);
int batch_ends_settle(struct store *store, struct batch_ends *ends, struct err *err);

#endif
