/* SPDX-License-Identifier: MIT */
#ifndef SCALER_EXPLAIN_H
#define SCALER_EXPLAIN_H

#include "scaler/decide.h"

/* Why a queue has as many workers as it has, and what would change that. */
struct explanation {
    struct decision decision;
    double more_ready; /* waiting jobs at which a worker more would be added; negative: none */
    double more_rate;  /* jobs a second that would add one; negative: none */
    double fewer_in;   /* seconds until one goes, if all stays as it is; negative: none goes */
    const char *cure;  /* what of the settings or around them binds, and how it is undone; or "" */
};

/* What of the settings or around them binds, and how it is undone; "" where nothing does. */
const char *explain_cure(enum term term);

/* Finds it out by asking decide() what it would say to other loads, on copies of the history. */
void explain(const struct policy *policy, const struct load_history *history,
             const struct load *load, const struct circumstances *circumstances,
             struct explanation *explanation);

#endif
