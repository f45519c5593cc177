/* SPDX-License-Identifier: MIT */
#ifndef SCALER_DECIDE_H
#define SCALER_DECIDE_H

#include "scaler/decision.h"
#include "scaler/load_history.h"
#include "scaler/policy.h"

/* What a decision takes into account beside the queue's load. */
struct circumstances {
    const char *host_full; /* why no worker is to be added; NULL: there is room */
    const char *order;     /* a person's order, with its reason; NULL: none */
    int64_t ordered;       /* workers */
    bool beyond_bounds;    /* the order holds beyond min and max */
    const char *answer;    /* the scaling command's last good answer, with its reason; or NULL */
    int64_t answered;      /* workers */
};

/*
 * Decides how many workers a queue shall have: takes one tick into the history, asks the policy,
 * and lets what limits it speak: figures that are not known, guards against growth, cooldowns,
 * bounds. Pure: no clock, no input or output, no memory but the history. The caller says
 * (load_history_changed) when it has changed the number of workers.
 */
void decide(const struct policy *policy, struct load_history *history, const struct load *load,
            const struct circumstances *circumstances, struct decision *decision);

#endif
