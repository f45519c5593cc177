/* SPDX-License-Identifier: MIT */
#ifndef SCALER_BOUNDS_H
#define SCALER_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"

/* How many workers a queue may have: pure. Whoever wants a number of workers, a person or a rule,
 * gets it only within these. */
#define BOUNDS_TOTAL_MAX 1000 /* workers of all queues together */

struct bounds {
    int64_t min, max; /* of this queue */
};

/* The bounds that the settings give a queue: a queue without a command has no workers, one that is
 * not scaled always has the same. */
struct bounds bounds_of(const struct queue_settings *queue, bool is_scaled);

/* The workers that a queue gets of those that were asked for, when the other queues have so many.
 * The bound over all queues is the stronger one. */
int64_t bounds_clamp(const struct bounds *bounds, int64_t asked, int64_t others);

#endif
