/* SPDX-License-Identifier: MIT */
#include "scaler/bounds.h"

struct bounds bounds_of(const struct queue_settings *queue, bool is_scaled)
{
    if (is_scaled)
        return (struct bounds){.min = queue->scaling.min_workers,
                               .max = queue->scaling.max_workers};
    int64_t workers = queue->command[0] == '\0' ? 0 : queue->workers;
    return (struct bounds){.min = workers, .max = workers};
}

int64_t bounds_clamp(const struct bounds *bounds, int64_t asked, int64_t others)
{
    int64_t left = others < BOUNDS_TOTAL_MAX ? BOUNDS_TOTAL_MAX - others : 0;
    int64_t wanted = asked < bounds->min ? bounds->min : asked > bounds->max ? bounds->max : asked;
    return wanted < left ? wanted : left;
}
