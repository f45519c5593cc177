/* SPDX-License-Identifier: MIT */
#ifndef WORKER_CORE_H
#define WORKER_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "common/channel.h"
#include "common/clock.h"
#include "queue/metrics.h"
#include "worker/attempt.h"
#include "worker/handler.h"
#include "worker/helper.h"
#include "worker/link.h"
#include "worker/policy.h"
#include "worker/prefetch.h"
#include "worker/route.h"
#include "worker/slots.h"
#include "worker/worker.h"

/*
 * A running worker: what its parts share. Each part has its own header with what the others may ask
 * of it; all that they leave to be done is done in one step before each wait of the loop.
 */
enum worker_phase {
    PHASE_WORKING,
    PHASE_DRAINING,    /* what runs may finish; nothing is reserved */
    PHASE_TERMINATING, /* what runs is ended, and given back */
};

/* Whether the queue is paused here (pausing.h). */
enum pause_state { PAUSE_UNKNOWN, PAUSE_NO, PAUSE_YES };

/* Figures that have not been stored yet (meter.h). */
struct meter {
    struct metrics metrics;
    int64_t began_us; /* monotonic: what they are of begins here */
    uint64_t busy_us; /* of the worker, at that time */
    unsigned written; /* parts, so far */
};

struct worker {
    const struct worker_plan *plan;
    const struct clock *clock;
    struct ev_loop *loop;
    ev_prepare step;
    enum worker_phase phase;
    enum pause_state pause; /* changed by pausing_set alone */
    enum worker_end end; /* why, once it is not working any more */
    bool gives_up;       /* it ends without having been able to tell the store */

    struct link link;
    struct load_pool loads;
    struct attempt_list waiting;
    struct attempt_list ended;
    struct attempt_list asked; /* failed, while a program is asked about them */
    size_t waiting_count, ended_count;
    size_t held;    /* reserved and not ended */
    uint64_t taken; /* jobs that count for max_jobs */
    struct prefetch prefetch;
    bool has_news;        /* more may be ready in the store */
    bool is_isolating;    /* the store refused outcomes: they go one by one */
    bool may_have_strays; /* a reservation was answered with silence: we may own jobs unawares */
    struct outcome *outcomes; /* room for a batch */
    struct renewal *renewals; /* likewise */
    ev_io wake;
    ev_timer poll;  /* the next look at a queue that had nothing */
    ev_timer soon;  /* outcomes have waited long enough */
    ev_timer stale; /* jobs have waited long enough */
    ev_idle again;  /* there is more to do at once */

    struct policy policy;
    struct helper_pool helpers;
    struct board *board;
    struct slots slots;
    struct route *routes; /* the queue's own is the first */
    size_t route_count;
    bool is_mixed;            /* jobs of more than one route have come */
    struct handler *handlers; /* of all routes, those of the queue first */
    size_t handler_count;
    size_t concurrency; /* handlers of a route */

    struct channel channel; /* in and out are -1 without a master */
    ev_io channel_watch;
    bool is_ready_told;
    ev_timer pulse;
    int64_t pulse_period_ms;
    uint64_t processed, failed, busy_us;
    uint32_t run_times[RUN_TIMES];
    uint32_t wait_times[WAIT_TIMES];
    uint64_t run_us, wait_us; /* of those attempts */
    uint64_t largest; /* bytes, of the largest process at the last pulse */
    uint64_t pulse_processed; /* at the last pulse */
    unsigned pulses;
    struct meter meter;
    struct {
        int fd; /* -1 where there is no log of events. Owned */
        bool is_failing;
        struct buf waiting;
    } events;

    ev_timer lease;
    ev_timer upkeep; /* without a master */
    ev_timer stop_limit;
    ev_signal signals[4];
};

static inline int64_t worker_now(const struct worker *worker)
{
    return clock_monotonic_us(worker->clock);
}

static inline const struct worker_options *worker_options(const struct worker *worker)
{
    return &worker->plan->queue->options;
}

#endif
