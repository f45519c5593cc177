/* SPDX-License-Identifier: MIT */
#ifndef SCALER_SIMULATE_H
#define SCALER_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/histogram.h"
#include "scaler/load.h"
#include "scaler/workload.h"

/*
 * A simulation by discrete events: jobs arrive, wait in order, and are run by workers that take a
 * time to start, and that a controller starts and lets go once a second. Pure: the same arguments
 * give the same result.
 */
struct sim_settings {
    double promise;   /* seconds that a job may wait */
    double boot;      /* seconds that a worker takes to start */
    int64_t min, max; /* workers of a queue */
};

/* What a controller sees each second, and what it answers. */
struct sim_view {
    double now;
    size_t queue_count;
    const struct load *loads; /* one a queue */
    const struct sim_settings *settings;
    int64_t total_max; /* 0: none */
};

/* Whoever decides: a row a policy. */
struct sim_controller {
    const char *name;
    size_t memory;     /* bytes that it remembers by; zeroed at the beginning */
    bool oldest_first; /* it lets go of the oldest workers, not of idle ones first */
    double kill_after; /* seconds that a worker that was let go may finish its job; 0: for ever */
    /* Fills in how many workers each queue shall have. */
    void (*decide)(void *memory, const struct sim_view *view, int64_t *targets);
};

/* The controllers there are, the production ones first; ends with a NULL name. */
extern const struct sim_controller sim_controllers[];

/* One second of one queue, for plots. */
struct sim_sample {
    float oldest; /* seconds */
    float ready;
    int32_t workers; /* all there are, also those that start or finish */
};

struct sim_result {
    uint64_t jobs;         /* attempts that were begun */
    uint64_t late;         /* of those, the ones that had waited for longer than promised */
    double over;           /* seconds in which the oldest job had waited for longer than promised */
    double worker_seconds; /* from start to end of each worker */
    double busy_seconds;
    uint64_t spawns;
    uint64_t reversals;   /* changes of direction, up to down or down to up */
    uint64_t interrupted; /* jobs whose worker was killed */
    struct histogram waits;
    struct sim_sample *samples; /* of queue 0; NULL where not asked for */
    size_t sample_count;
};

/* Runs a workload under a controller. The caller ends the result with sim_result_finish. */
void simulate(const struct workload *workload, const struct sim_settings *settings,
              const struct sim_controller *controller, bool with_samples,
              struct sim_result *result);
void sim_result_finish(struct sim_result *result);

/* Adds the figures of another result (not its samples). */
void sim_result_add(struct sim_result *sum, const struct sim_result *other);

#endif
