/* SPDX-License-Identifier: MIT */
#ifndef SCALER_LATENCY_H
#define SCALER_LATENCY_H

#include "scaler/decision.h"
#include "scaler/load_history.h"
#include "scaler/policy.h"

/*
 * The policy latency: the fewest workers with which jobs begin within the promise.
 *
 * - Up, at once: when those at work would not begin all that waits in time, so many are started
 * that it will be begun, with the time that they take to start counted in. So a backlog that the
 *   present workers can still meet starts nobody, and one that they cannot meet is answered in
 * full.
 * - A floor: what certainly arrives keeps so many busy that to let them go would mean to start them
 *   again soon (Erlang's formulas). One that is idle for longer than its start costs is let go.
 * - Down: when fewer have sufficed for as long as a start costs. Whoever waits for as long as a
 *   purchase would cost, before it is given up, never pays more than twice what hindsight would
 * have paid (the ski rental problem).
 *
 * Where a start takes longer than the promise allows, too few workers could not be made good in
 * time; then the floor is what keeps the promise by itself.
 */
void latency_decide(const struct policy *policy, struct load_history *history,
                    const struct load *load, struct decision *decision);

#endif
