/* SPDX-License-Identifier: MIT */
#ifndef WORKER_FAILURE_H
#define WORKER_FAILURE_H

#include "worker/core.h"

/*
 * What is done about attempts that failed, beside their outcome: programs that are asked what is to
 * become of them, and those who are told that a job has failed for good: its handler, a job that is
 * pushed, a program.
 */

/* Asks the program of a rule; outcome_judge is called with its answer, or without a decision where
 * it has none. The attempt is in the list of those that are asked about until then. Returns false
 * where it cannot be asked. */
bool failure_ask(struct worker *worker, struct attempt *attempt, const struct ending *ending,
                 const struct policy_settings *rule);

/* Its outcome, OUTCOME_FAIL, is made: has the handler told, where it wants to be, before that goes
 * to the store. An attempt in no list. */
void failure_is_final(struct worker *worker, struct attempt *attempt, const struct ending *ending);

/* The handler has been told, or could not be. */
void failure_is_told(struct worker *worker, struct attempt *attempt, const struct ending *ending);

/* Nobody is left who could be told. */
void failure_is_untold(struct worker *worker, struct attempt *attempt);

/* The store has it among the failed jobs: starts the program that is told. */
void failure_is_stored(struct worker *worker, const struct attempt *attempt);

#endif
