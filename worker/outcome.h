/* SPDX-License-Identifier: MIT */
#ifndef WORKER_OUTCOME_H
#define WORKER_OUTCOME_H

#include "worker/core.h"

/* What becomes of attempts that end; each is in no list before, and waits for the store after. */

/* It has been run, or could not be. */
void outcome_ended(struct worker *worker, struct attempt *attempt, const struct ending *ending);

/* It has not begun, and goes back to the store. */
void outcome_untouched(struct worker *worker, struct attempt *attempt);

/* The store refused its outcome alone: what can be kept of it is tried once more. Returns false
 * where nothing can. */
bool outcome_degrade(struct attempt *attempt, const struct err *err);

#endif
