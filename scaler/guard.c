/* SPDX-License-Identifier: MIT */
#include "scaler/guard.h"

#include <inttypes.h>
#include <stdio.h>

#define PERCENT_ALWAYS 100

const char *guard_host(const struct auto_scaling_settings *limits,
                       const struct host_figures *figures, char why[REASON_SIZE])
{
    const struct {
        const char *what, *unit, *key;
        double is;
        int64_t limit;
        bool is_limited;
    } guards[] = {
        {"memory in use", "%", "max_memory", figures->memory, limits->max_memory,
         limits->max_memory < PERCENT_ALWAYS},
        {"load a processor", "", "max_load", figures->load, limits->max_load,
         limits->max_load != KEY_UNSET},
        {"memory pressure", "%", "max_pressure", figures->pressure, limits->max_pressure,
         limits->max_pressure < PERCENT_ALWAYS},
    };
    why[0] = '\0';
    for (size_t i = 0; i < sizeof guards / sizeof guards[0] && !why[0]; i++)
        if (guards[i].is_limited && guards[i].is > (double)guards[i].limit)
            snprintf(why, REASON_SIZE, "The host is full: %s is %.1f%s, %s is %" PRId64,
                     guards[i].what, guards[i].is, guards[i].unit, guards[i].key, guards[i].limit);
    return why;
}
