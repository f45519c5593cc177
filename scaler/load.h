/* SPDX-License-Identifier: MIT */
#ifndef SCALER_LOAD_H
#define SCALER_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The load of one queue over one tick: everything that a decision is made from. All of it is
 * measured. Counts are over all hosts that share the store; a slot is a place where one job runs (a
 * worker has `concurrency` of them).
 */
struct load {
    double seconds; /* that the counts of this tick cover; more than 0 */
    bool stale;     /* the store's figures are not known: only those of workers count */

    double ready; /* jobs that wait and are due */
    double reserved;
    double delayed;
    double oldest;   /* seconds for which the oldest ready job has been due; negative: none */
    double due;      /* seconds until the first delayed job is due; 0: not known, or none */
    double arrived;  /* jobs that became due since the store was last seen */
    double observed; /* how many seconds ago that was; 0 while the figures are stale */

    double completed;    /* attempts that ended in this tick */
    double failed;       /* of those, the ones that did not succeed */
    double busy_seconds; /* slot seconds spent in jobs in this tick */

    int64_t workers;  /* meant to stay: at work, idle or starting */
    int64_t starting; /* of those: not ready yet */
    double busy;      /* slots at work now, of workers that are meant to stay */
    double concurrency;
    double boot; /* seconds from the start of a worker until it is ready */
};

#endif
