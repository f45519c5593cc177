/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_BATCH_H
#define QUEUE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/job.h"

/*
 * A batch: jobs that are counted together. The counters change in the transitions of the jobs
 * themselves, so total = pending + completed + failed + cancelled always holds, and of two jobs
 * that end together exactly one finds pending at 0. The callbacks are complete jobs that lie ready
 * in the batch; each is pushed at most once:
 *
 *   on_failure  when the first job fails (the guide's catch)
 *   on_success  when pending comes to 0 and all were completed (then)
 *   on_finish   when pending comes to 0 (finally)
 *
 * The first failure cancels the batch unless allow_failures is set. An empty batch has not
 * finished; when it is cancelled it has, without success, like any other that nothing is pending
 * of. A failed job that is retried counts as pending again; the batch is open again then (neither
 * finished nor cancelled; jobs that were removed stay counted as cancelled), and on_success may
 * still come where no job is counted as failed or cancelled in the end.
 */
#define BATCH_NAME_MAX 255 /* bytes */

struct batch {
    const char *uuid;
    const char *name; /* in listings "" where it has none; who makes one may leave it NULL */
    bool allow_failures;
    const struct job *on_success; /* NULL where there is none. Listings give what was stored */
    const struct job *on_failure;
    const struct job *on_finish;
    /* what follows is the store's */
    uint64_t total, pending, completed, failed, cancelled;
    int64_t created_at_ms;
    int64_t cancelled_at_ms; /* 0: not cancelled */
    int64_t finished_at_ms;  /* 0: not finished. An empty batch has not finished */
};

/* How it stands, in one word; the last three have finished. */
enum batch_state {
    BATCH_STATE_EMPTY,     /* no job was pushed into it yet */
    BATCH_STATE_RUNNING,   /* jobs wait or run */
    BATCH_STATE_STOPPING,  /* it was cancelled, and jobs still run */
    BATCH_STATE_COMPLETED, /* all jobs were done */
    BATCH_STATE_FAILED,    /* a job has failed */
    BATCH_STATE_CANCELLED, /* none has failed, but not all were done */
};

/* The state, from the batch's counters and times; and the names of the states ("empty", …). */
enum batch_state batch_state(const struct batch *batch);
extern const char *const batch_state_names[];

/* The guide's progress_percentage and success_rate: how many in a hundred were completed, of all
 * jobs, and of those that were completed or have failed. 0 where there are none. */
double batch_progress(const struct batch *batch);
double batch_success_rate(const struct batch *batch);

static inline const char *batch_name(const struct batch *batch)
{
    return batch->name ? batch->name : "";
}

#endif
