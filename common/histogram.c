/* SPDX-License-Identifier: MIT */
#include "common/histogram.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PARTS            (1 << HISTOGRAM_BITS)
#define BUCKET_COUNT_MAX (UINT64_C(1) << 53) /* that of a day over all hosts is far below */

static int bucket_of(int64_t us)
{
    if (us < PARTS)
        return us < 0 ? 0 : (int)us;
    if (us > HISTOGRAM_MAX_US)
        us = HISTOGRAM_MAX_US;
    int exponent = 63 - __builtin_clzll((unsigned long long)us);
    int part = (int)(us >> (exponent - HISTOGRAM_BITS)) & (PARTS - 1);
    return (exponent - HISTOGRAM_BITS + 1) * PARTS + part;
}

/* The first duration of a bucket, and how many durations it holds. */
static int64_t bucket_start(int bucket)
{
    if (bucket < PARTS)
        return bucket;
    int shift = bucket / PARTS - 1;
    return (int64_t)(PARTS + bucket % PARTS) << shift;
}

static int64_t bucket_width(int bucket)
{
    return bucket < PARTS ? 1 : INT64_C(1) << (bucket / PARTS - 1);
}

void histogram_add(struct histogram *histogram, int64_t us)
{
    int bucket = bucket_of(us);
    histogram->buckets[bucket]++;
    histogram->count++;
    histogram->sum_us += us > 0 ? (uint64_t)us : 0;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    histogram->count += other->count;
    histogram->sum_us += other->sum_us;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += other->buckets[i];
}

int64_t histogram_quantile_us(const struct histogram *histogram, double q)
{
    if (histogram->count == 0)
        return 0;
    double wanted = q * (double)histogram->count;
    uint64_t seen = 0;
    int last = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] == 0)
            continue;
        last = i;
        seen += histogram->buckets[i];
        if ((double)seen >= wanted)
            break;
    }
    return bucket_start(last) + (bucket_width(last) - 1) / 2;
}

double histogram_mean_us(const struct histogram *histogram)
{
    return histogram->count ? (double)histogram->sum_us / (double)histogram->count : 0;
}

double histogram_count_below(const struct histogram *histogram, int64_t us)
{
    if (us < 0)
        return 0;
    int bucket = bucket_of(us);
    double count = 0;
    for (int i = 0; i < bucket; i++)
        count += (double)histogram->buckets[i];
    double part = (double)(us - bucket_start(bucket) + 1) / (double)bucket_width(bucket);
    return count + (double)histogram->buckets[bucket] * (part > 1 ? 1 : part);
}

int histogram_print(const struct histogram *histogram, struct buf *out)
{
    int result = buf_printf(out, "%" PRIu64, histogram->sum_us);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (histogram->buckets[i] > 0)
            result |= buf_printf(out, " %d:%" PRIu64, i, histogram->buckets[i]);
    return result;
}

/* One decimal number; *end is behind it. Returns 0, or -1 for none or one that is too large. */
static int read_number(const char *text, const char **end, uint64_t max, uint64_t *value)
{
    char *stop;
    errno = 0;
    *value = strtoull(text, &stop, 10);
    *end = stop;
    return text[0] >= '0' && text[0] <= '9' && errno == 0 && *value <= max ? 0 : -1;
}

static int read_bucket(const char *text, const char **end, struct histogram *histogram)
{
    uint64_t bucket, count;
    if (read_number(text, end, HISTOGRAM_BUCKETS - 1, &bucket) < 0 || **end != ':' ||
        read_number(*end + 1, end, BUCKET_COUNT_MAX, &count) < 0)
        return -1;
    histogram->buckets[bucket] += count;
    histogram->count += count;
    return 0;
}

int histogram_parse(const char *text, struct histogram *histogram, struct err *err)
{
    struct histogram read = {0};
    const char *at = text;
    int result = read_number(at, &at, UINT64_MAX, &read.sum_us);
    while (result == 0 && *at == ' ')
        result = read_bucket(at + 1, &at, &read);
    if (result < 0 || *at)
        return err_set(err, ERR_INVALID, "a histogram is wrong at byte %zu", (size_t)(at - text));
    *histogram = read;
    return 0;
}
