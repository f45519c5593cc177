/* SPDX-License-Identifier: MIT */
#ifndef SCALER_POLICY_H
#define SCALER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

/* How the number of workers of one queue is decided: what the settings say, in seconds and workers.
 */
struct policy {
    enum scaling_policy kind;             /* not SCALING_AUTO */
    int64_t min, max;                     /* 0 <= min <= max */
    double promise;                       /* seconds that a job may wait */
    int64_t up_threshold, down_threshold; /* jobs */
    int64_t up_step, down_step;           /* workers */
    double up_cooldown, down_cooldown;    /* seconds after a change; 0: none */
    double weight;
};

/* What the options of a queue say; times become seconds. min is held down to max. A cooldown that
 * is not set is cooldown_period, but none for SCALING_LATENCY. */
struct policy policy_of(const struct scaling_options *options);

/* The policy of a queue while some schedules hold: holds has a flag for each of the settings'
 * schedules (policy_schedules_at). */
struct policy policy_during(const struct settings *settings, const struct queue_settings *queue,
                            const bool *holds);

/* Which of the settings' schedules hold at a wall time. */
void policy_schedules_at(const struct settings *settings, int64_t wall_ms, bool *holds);

#endif
