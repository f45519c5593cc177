/* SPDX-License-Identifier: MIT */
#include "worker/prefetch.h"

#define GAIN_UP   0.5
#define GAIN_DOWN (1. / 16.)
#define COUNT_MAX 256 /* after so many jobs nothing is left of what was known before */

void prefetch_init(struct prefetch *prefetch)
{
    prefetch->service_us = -1.;
}

static double kept_after(double gain, size_t count)
{
    double kept = 1.;
    for (size_t i = 0; i < count && i < COUNT_MAX; i++)
        kept *= 1. - gain;
    return kept;
}

void prefetch_observe(struct prefetch *prefetch, int64_t total_us, size_t count)
{
    double mean = (double)total_us / (double)count;
    if (prefetch->service_us < 0.) {
        prefetch->service_us = mean;
        return;
    }
    double gain = mean > prefetch->service_us ? GAIN_UP : GAIN_DOWN;
    prefetch->service_us += (mean - prefetch->service_us) * (1. - kept_after(gain, count));
}

size_t prefetch_ahead(const struct prefetch *prefetch, size_t slots, int64_t rest_us,
                      size_t batch_size)
{
    if (prefetch->service_us < 0.)
        return 0;
    double each = prefetch->service_us + (double)rest_us;
    if (each >= PREFETCH_AHEAD_US)
        return 0;
    double limit = 2. * (double)batch_size;
    double jobs = (double)slots * PREFETCH_AHEAD_US / (each < 1. ? 1. : each);
    return (size_t)(jobs < limit ? jobs : limit);
}
