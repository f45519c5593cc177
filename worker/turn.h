/* SPDX-License-Identifier: MIT */
#ifndef WORKER_TURN_H
#define WORKER_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When a worker calls its store, and what for: pure. One call acknowledges what has ended and
 * reserves what comes next, so outcomes wait a little for company, as long as no handler has to
 * wait for them.
 */
#define TURN_ACKNOWLEDGE_US 20000 /* no outcome waits longer */

struct turn_view {
    size_t held;          /* jobs reserved here that have not ended */
    size_t slots;         /* jobs that the handlers can run at once now */
    size_t ahead;         /* jobs worth holding beyond those */
    size_t batch_size;    /* the most jobs in one call */
    size_t ended;         /* outcomes that wait */
    int64_t ended_for_us; /* how long the oldest has */
    uint64_t budget;      /* jobs that this worker may still take */
    bool may_reserve;     /* it is not on its way to its end */
    bool has_news;        /* more may be ready than the last reservation brought */
};

struct turn_plan {
    bool now;
    size_t reserve;
};

/* Whether to call now, and how many jobs to reserve then (0: only outcomes go there). Pure. */
struct turn_plan turn_decide(const struct turn_view *view);

#endif
