/* SPDX-License-Identifier: MIT */
#ifndef SCALER_RATE_H
#define SCALER_RATE_H

#include <math.h>

/*
 * How much there was of something in relation to something else, where the past fades: both sums
 * are multiplied by exp(-seconds / memory) as time passes. A rate of events a second is right from
 * the first second on, without a starting value that has to be forgotten.
 */
struct rate {
    double sum;
    double of; /* what sum is divided by: seconds, mostly */
};

static inline void rate_add(struct rate *rate, double sum, double of, double seconds, double memory)
{
    double kept = exp(-seconds / memory);
    rate->sum = rate->sum * kept + sum;
    rate->of = rate->of * kept + of;
}

static inline double rate_of(const struct rate *rate)
{
    return rate->of > 0 ? rate->sum / rate->of : 0;
}

#endif
