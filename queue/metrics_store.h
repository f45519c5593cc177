/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_METRICS_STORE_H
#define QUEUE_METRICS_STORE_H

#include "queue/metrics.h"
#include "queue/queue.h"

/*
 * Figures in the store of their queue, as notes (note.h). Workers leave parts, one a minute each;
 * one process of the cluster at a time sums finished minutes up, and those to hours and days, and
 * removes the parts, so a queue costs one note a minute however many work on it. Keys sort by queue
 * and time: "QUEUE/0029831234/WHO". What has been summed up to where is noted too, so that a part
 * is counted once, whenever somebody reads.
 */
#define METRICS_MINUTE_MS       (INT64_C(60) * 1000)
#define METRICS_MINUTES_KEPT_MS (INT64_C(26) * 3600 * 1000)     /* a day, and what is read in it */
#define METRICS_HOURS_KEPT_MS   (INT64_C(9) * 24 * 3600 * 1000) /* likewise, of a week */

/* Stores a part: of the minute in which at_ms (wall clock) lies. who is unique for each part. What
 * is too large for a note is stored without its classes. Returns 0, or -1 with err. */
int metrics_write(struct queue_connection *connection, const char *queue, int64_t at_ms,
                  const char *who, const struct metrics *metrics, struct err *err);

/* Calls each for the spans of a queue that begin in [from_ms, to_ms) and have figures, the oldest
 * first: minutes where those are still kept at now_ms, else hours, else days. A span that from_ms
 * cuts is left out. Notes that cannot be read are passed over with a line in the log. Returns 0, or
 * -1 with err. */
struct metrics_range {
    int64_t from_ms, to_ms, now_ms;
};
typedef void (*metrics_fn)(void *context, int64_t at_ms, int64_t span_ms,
                           const struct metrics *metrics);
int metrics_read(struct queue_connection *connection, const char *queue,
                 const struct metrics_range *range, metrics_fn each, void *context,
                 struct err *err);

/* All of them in one sum, which is reset first. */
int metrics_sum(struct queue_connection *connection, const char *queue,
                const struct metrics_range *range, struct metrics *sum, struct err *err);

/* Sums up what is finished, of all queues of the store. Days are kept for retention_ms, hours no
 * longer than that. Repeating it is harmless, but only one process may do it at a time; meant for
 * once a minute. */
int metrics_roll_up(struct queue_connection *connection, int64_t now_ms, int64_t retention_ms,
                    struct err *err);

#endif
