/* SPDX-License-Identifier: MIT */
#ifndef SCALER_TRIAL_H
#define SCALER_TRIAL_H

#include <stdbool.h>

#include "scaler/load.h"

/*
 * What more workers have brought. While all workers are busy and jobs wait, the throughput of fewer
 * workers is compared with that of more. Where it has grown by less than a fifth of what it should,
 * and that is not chance, the bottleneck is elsewhere (a database, an API), and no worker is added
 * for a while; then it is tried again, after pauses that double as long as it brings nothing.
 */
struct span {
    double workers; /* at work */
    double seconds;
    double completed;
};

struct trial {
    struct span before, now;
    double settling; /* seconds until what is completed is what the present workers complete */
    double blocked;  /* seconds for which no worker is to be added */
    double pause;    /* how long it was blocked the last time; 0: not since all was well */
};

/* Takes in one tick; service is how long a job takes. */
void trial_add(struct trial *trial, const struct load *load, double service);

/* True while more workers would bring nothing. */
static inline bool trial_blocks(const struct trial *trial)
{
    return trial->blocked > 0;
}

#endif
