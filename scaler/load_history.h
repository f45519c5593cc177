/* SPDX-License-Identifier: MIT */
#ifndef SCALER_LOAD_HISTORY_H
#define SCALER_LOAD_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "scaler/load.h"
#include "scaler/rate.h"
#include "scaler/trial.h"

/*
 * What is remembered of a queue from tick to tick: plain values of a fixed size, which can be
 * copied (to ask what would be decided if …). Zeroed memory is the history of a queue that was
 * never seen.
 */
#define HISTORY_SCALES 5 /* arrivals are remembered for 8, 16, 32, 64 and 128 seconds */

/* For how long fewer workers would have sufficed, and for how many of them. */
struct surplus {
    double seconds;
    double needed;       /* the most workers that were needed in that time */
    double busy_seconds; /* of slots, in that time */
};

struct load_history {
    struct rate service;                  /* seconds a job */
    struct rate arrivals[HISTORY_SCALES]; /* jobs a second */

    /* Over a minute: what the rules of the policy threshold look at. */
    struct rate incoming, processing; /* jobs a second */
    struct rate utilisation;          /* busy part of the slots' time */
    struct rate waiting;              /* jobs that wait, on average */

    struct rate failures; /* failed part of the attempts, over the last seconds with any */
    struct surplus surplus;
    struct trial trial;
    double idle;         /* seconds with nothing ready or busy */
    double since_change; /* seconds since the last change of the number; negative: never */
    bool has_changed;
};

/* Takes in one tick. */
void load_history_add(struct load_history *history, const struct load *load);

/* Notes that a decision has been carried out that changed the number of workers. */
void load_history_changed(struct load_history *history);

/* Seconds that a job takes: one second where nothing is known yet. */
double load_history_service_time(const struct load_history *history);

/* Jobs a second that certainly arrive: the lowest of what the scales say, each with a margin for
 * chance. A dump or the end of the arrivals is not taken for a rate. */
double load_history_sustained_rate(const struct load_history *history);

/* Mean seconds that jobs wait (Little's law), at most the age of the oldest. */
double load_history_mean_wait(const struct load_history *history, const struct load *load);

/* A copy of a load in which every figure is finite, not negative and of a reasonable size. */
struct load load_sane(const struct load *load);

#endif
