/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_METRICS_H
#define QUEUE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/histogram.h"

/*
 * What a queue did in a span of time, per class of job: values that add up, so that the figures of
 * several workers, hosts and minutes become those of an hour by metrics_merge. Nothing here knows a
 * store; metrics_store.h keeps them.
 */
#define METRICS_CLASSES_MAX 64 /* what goes beyond is counted under METRICS_OTHERS */
#define METRICS_OTHERS      "*"
#define METRICS_TEXT_MAX    (256u << 10)

/* How one attempt ended, as it is counted. */
enum metrics_end {
    METRICS_PROCESSED, /* done */
    METRICS_RETRIED,   /* will be tried again */
    METRICS_FAILED,    /* finally */
};

struct metrics_class {
    char *name;
    uint64_t processed, retried, failed;
    struct histogram run;  /* of every attempt that ended */
    struct histogram wait; /* from when it was due to the start of its attempt */
};

struct metrics {
    struct metrics_class *classes; /* in the order of their first attempt */
    size_t class_count;
    uint64_t busy_us;      /* handler time spent in jobs */
    uint64_t capacity_us;  /* handler time that there was */
    uint64_t memory;       /* the most bytes that a worker with its handlers had */
    uint64_t memory_limit; /* bytes that it may have; 0: no limit */
    uint64_t peak;         /* the most ready jobs that were seen */
    uint64_t store_us;     /* time spent in calls to the store, and how many there were */
    uint64_t store_calls;
};

/* Frees what it holds and leaves it empty; an empty one is zeroed memory. */
void metrics_reset(struct metrics *metrics);

/* Counts one attempt. name is copied where the class is new. */
void metrics_count(struct metrics *metrics, const char *name, enum metrics_end end, int64_t run_us,
                   int64_t wait_us);

/* Adds another; times and counts add up, of memory and peaks the larger one stays. */
void metrics_merge(struct metrics *metrics, const struct metrics *other);

/* All classes together. The name of the result is NULL. */
void metrics_total(const struct metrics *metrics, struct metrics_class *total);

/* True where nothing at all was counted or measured. */
bool metrics_is_empty(const struct metrics *metrics);

/* As JSON and back. Return 0, or -1: past the cap; with err for anything else than was printed.
 * What metrics held is replaced. */
int metrics_print(const struct metrics *metrics, struct buf *out);
int metrics_parse(const char *text, size_t length, struct metrics *metrics, struct err *err);

#endif
