/* SPDX-License-Identifier: MIT */
#ifndef COMMON_HISTOGRAM_H
#define COMMON_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * Counts of durations in buckets that grow with the duration: each power of two is cut into
 * 2^HISTOGRAM_BITS equal parts (after HdrHistogram), so a quantile is off by at most 1/16 of its
 * value, histograms of several workers and minutes add up without further loss, and the size is
 * fixed. Durations are whole microseconds; below 8 they are exact, above HISTOGRAM_MAX_US (25 days)
 * they count as that.
 */
#define HISTOGRAM_BITS    3
#define HISTOGRAM_BUCKETS 312
#define HISTOGRAM_MAX_US  ((INT64_C(1) << 41) - 1)

/* An empty one is zeroed memory. */
struct histogram {
    uint64_t count;
    uint64_t sum_us; /* exact, for the mean */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Counts one duration; a negative one counts as 0. */
void histogram_add(struct histogram *histogram, int64_t us);

/* Adds the counts of another. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The duration (the middle of its bucket) that the part q (0 to 1) of the counted ones does not
 * exceed; 0 where nothing was counted. */
int64_t histogram_quantile_us(const struct histogram *histogram, double q);

/* The mean, exact; 0 where nothing was counted. */
double histogram_mean_us(const struct histogram *histogram);

/* How many were at most us: exact where us ends a bucket, else as if its bucket were evenly filled.
 */
double histogram_count_below(const struct histogram *histogram, int64_t us);

/* Appends it as text, "SUM BUCKET:COUNT BUCKET:COUNT …" with only the buckets that count something,
 * and reads that again. Return 0, or -1 past the cap; reading: -1 with err (ERR_INVALID) for
 * anything else, and what it held is kept. */
int histogram_print(const struct histogram *histogram, struct buf *out);
int histogram_parse(const char *text, struct histogram *histogram, struct err *err);

#endif
