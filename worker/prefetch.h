/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PREFETCH_H
#define WORKER_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many jobs a worker takes ahead of its handlers: pure. What waits in a worker cannot be run by
 * another one, so it is never more than PREFETCH_AHEAD_US of work, and long jobs are not taken
 * ahead at all. Jobs of a millisecond come in dozens, jobs of microseconds in whole batches, so
 * that one call to the store serves many of them.
 */
#define PREFETCH_AHEAD_US 50000

struct prefetch {
    double service_us; /* what a job takes, by the last ones; negative: not known yet */
};

/* Nothing is known yet of how long jobs take. */
void prefetch_init(struct prefetch *prefetch);

/* Learns that count jobs (at least one) took total_us together. One slow job is believed at once,
 * quick ones little by little: taking too much ahead hurts others, too little only us. */
void prefetch_observe(struct prefetch *prefetch, int64_t total_us, size_t count);

/* The jobs that are worth holding beyond those that `slots` can run at once, at most two batches:
 * while the handlers work on one, the other is on its way. rest_us is the pause after each job. */
size_t prefetch_ahead(const struct prefetch *prefetch, size_t slots, int64_t rest_us,
                      size_t batch_size);

#endif
