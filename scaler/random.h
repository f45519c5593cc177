/* SPDX-License-Identifier: MIT */
#ifndef SCALER_RANDOM_H
#define SCALER_RANDOM_H

#include <math.h>
#include <stdint.h>

/* Random numbers for simulations: the same everywhere for the same seed (xorshift64*). */
struct random {
    uint64_t state; /* not 0 */
};

static inline struct random random_from(uint64_t seed)
{
    uint64_t mixed = (seed + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
    mixed ^= mixed >> 29;
    return (struct random){mixed ? mixed : 1};
}

/* At least 0, below 1. */
static inline double random_unit(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return (double)((random->state * 0x2545f4914f6cdd1du) >> 11) * 0x1p-53;
}

static inline double random_between(struct random *random, double low, double high)
{
    return low + (high - low) * random_unit(random);
}

static inline double random_exponential(struct random *random, double mean)
{
    return -mean * log1p(-random_unit(random));
}

/* Pareto with a shape above 1, so that the mean is what is asked for, cut at limit. */
static inline double random_pareto(struct random *random, double mean, double shape, double limit)
{
    double least = mean * (shape - 1) / shape;
    double value = least / pow(1 - random_unit(random), 1 / shape);
    return value < limit ? value : limit;
}

#endif
