/* SPDX-License-Identifier: MIT */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/settings.h"

/*
 * A worker: reserves jobs of one queue, hands them to handlers and acknowledges them. It runs as a process of
 * its own under a master (muster-worker), or without one (muster queue:work).
 */
struct worker_plan {
    const struct settings *settings;
    const struct queue_settings *queue; /* with the limits that count; need not be one of settings->queues */
    const char *id;        /* "worker_…", unique for every start, under OWNER_SIZE bytes */
    int channel_in;        /* from the master; -1 without one. Owned by the worker from here on */
    int channel_out;       /* to the master; -1 without one */
    uint32_t generation;
    int board_fd;          /* -1 without a master */
    bool once;             /* stop after one job */
    bool stop_when_empty;
};

/* Why a worker ended, and its exit status: all but WORKER_BROKEN are 0. */
enum worker_end {
    WORKER_STOPPED,  /* it was asked to */
    WORKER_RECYCLED, /* max_jobs or memory was reached */
    WORKER_EMPTY,    /* stop_when_empty, or once */
    WORKER_BROKEN,   /* it cannot work: err says why */
};

/* Runs until it ends; every reservation has been settled or returned then, as far as the store could be
 * reached. Blocks. */
enum worker_end worker_run(const struct worker_plan *plan, struct err *err);

#endif
