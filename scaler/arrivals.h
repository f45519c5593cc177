/* SPDX-License-Identifier: MIT */
#ifndef SCALER_ARRIVALS_H
#define SCALER_ARRIVALS_H

#include <stdbool.h>

/*
 * How many jobs became due, from figures that are taken at different moments: what is in the store
 * (ready and reserved), and how many attempts have ended since some beginning. Each job that
 * becomes due adds one to their sum, and an end changes nothing in it: the job leaves the store and
 * counts as ended. The ends are heard a moment later than the store is seen, so the sum may fall
 * for a while and rise again; only what rises above its highest value has arrived. When it stays
 * lower (somebody purged the queue), that becomes the value that later ones are measured by.
 */
#define ARRIVALS_PATIENCE 5. /* seconds for which the sum may lag behind */

struct arrivals {
    bool is_known;
    double highest;
    double behind; /* seconds for which the sum has been below it */
};

/* Takes in figures that cover so many seconds; returns how many jobs became due in them. The first
 * ones are a beginning, and 0. */
static inline double arrivals_add(struct arrivals *arrivals, double in_store, double ended,
                                  double seconds)
{
    double sum = in_store + ended;
    double risen = arrivals->is_known ? sum - arrivals->highest : 0;
    arrivals->behind = risen < 0 ? arrivals->behind + seconds : 0;
    if (risen >= 0 || arrivals->behind > ARRIVALS_PATIENCE) {
        arrivals->highest = sum;
        arrivals->behind = 0;
    }
    arrivals->is_known = true;
    return risen > 0 ? risen : 0;
}

#endif
