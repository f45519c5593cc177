/* SPDX-License-Identifier: MIT */
#ifndef SCALER_THRESHOLD_H
#define SCALER_THRESHOLD_H

#include "scaler/decision.h"
#include "scaler/load_history.h"
#include "scaler/policy.h"

/*
 * The policy threshold: the rules of the guide. Up by a step where any of them holds (tested
 * first): more jobs than scale_up_threshold wait; jobs arrive 1.5 times as fast as they are done;
 * workers are busy for more than 85 % of the time; the mean wait is over max_wait_time. Down by a
 * step: where fewer jobs than scale_down_threshold wait, workers are busy for less than 30 % and
 * the mean wait is under 10 s; or jobs are done twice as fast as they arrive and fewer than 5 wait.
 * Rates, utilisation and waits are measured over the last minute.
 */
void threshold_decide(const struct policy *policy, const struct load_history *history,
                      const struct load *load, struct decision *decision);

#endif
