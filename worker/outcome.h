/* SPDX-License-Identifier: MIT */
#ifndef WORKER_OUTCOME_H
#define WORKER_OUTCOME_H

#include "worker/core.h"

/* What becomes of attempts that end; each is in no list before, and waits for the store after. */

/* It has been run, or could not be. */
void outcome_ended(struct worker *worker, struct attempt *attempt, const struct ending *ending);

/* It ended so, and this is what a rule says of it (rule: whose backoff and attempts hold, or NULL).
 */
void outcome_judge(struct worker *worker, struct attempt *attempt, const struct ending *ending,
                   const struct policy_settings *rule, struct decision decision);

/* Its outcome is made and goes to the store. */
void outcome_enqueue(struct worker *worker, struct attempt *attempt);

/* It has not begun, and goes back to the store. */
void outcome_untouched(struct worker *worker, struct attempt *attempt);

/* The store refused its outcome alone: what can be kept of it is tried once more. Returns false
 * where nothing can. */
bool outcome_degrade(struct attempt *attempt, const struct err *err);

#endif
