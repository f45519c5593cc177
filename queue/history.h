/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_HISTORY_H
#define QUEUE_HISTORY_H

#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The history of a job: a JSON array of its last attempts that did not succeed, oldest first, kept
 * with the job and then with the failed job:
 *
 *     {"attempt":1,"at":MS,"worker":OWNER,"cause":CAUSE,"exception":TEXT}
 *
 * An attempt is noted when it is released with a cause or an exception, when it fails, and when its
 * lease ends without its owner (the causes HISTORY_WORKER_DIED and HISTORY_LEASE_EXPIRED).
 */
#define HISTORY_MAX           20   /* attempts */
#define HISTORY_EXCEPTION_MAX 1000 /* bytes of an exception; more is cut off */
#define HISTORY_BYTES_MAX     (HISTORY_MAX * (6 * HISTORY_EXCEPTION_MAX + 1024))

#define HISTORY_WORKER_DIED   "worker"
#define HISTORY_LEASE_EXPIRED "lease"

struct history_entry {
    int attempt;
    int64_t at_ms; /* when it ended, by the store's clock */
    const char *worker;
    const char *cause;     /* or NULL */
    const char *exception; /* or NULL */
};

/* Appends the JSON of one entry. Returns 0, or -1 past the buffer's cap. */
int history_entry_encode(const struct history_entry *entry, struct buf *out);

/* Appends the history (NULL: none yet) with the entry behind it; the oldest ones fall out past
 * HISTORY_MAX. Returns 0, or -1 with err where history is not an array, or past the cap. */
int history_add(const char *history, const struct history_entry *entry, struct buf *out,
                struct err *err);

#endif
