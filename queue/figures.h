/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_FIGURES_H
#define QUEUE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/metrics.h"

/*
 * What people are told of a queue over a window of time: the figures of the guide's monitoring and
 * performance analysis, computed from what metrics_read brings. Pure. Times are milliseconds, rates
 * and shares percent.
 */
struct figures {
    double jobs_processed, jobs_failed, jobs_retried;
    double average_processing_time, p95_processing_time, p99_processing_time;
    double average_latency, p95_latency, p99_latency; /* from when a job was due to its start */
    double failure_rate; /* jobs that failed for good, of those that came to an end */
    double throughput_per_minute, peak_throughput; /* jobs that came to an end, a minute */
    double peak_queue_size;
    double worker_utilization;
    double memory_usage; /* of the limit, of the largest process; 0 where there is no limit */
    double storage_response_time; /* of a call, with what it brings */
};

/* One row a figure, by its name. */
struct figure_row {
    const char *name;
    size_t offset;
    bool is_count; /* a whole number */
};
extern const struct figure_row figure_rows[]; /* ends with a NULL name */
double figure_value(const struct figures *figures, const struct figure_row *row);

/* What they are computed from: zeroed memory, given as the context to metrics_read with
 * figures_add. */
struct figures_input {
    struct metrics sum;
    double memory_shares; /* summed over the spans that know of memory */
    unsigned memory_count;
    double peak_throughput;
};
void figures_add(void *context, int64_t at_ms, int64_t span_ms, const struct metrics *metrics);
void figures_compute(const struct figures_input *input, int64_t window_ms, struct figures *out);

/* Those of one class; what a class has none of is 0. */
void figures_compute_class(const struct metrics_class *counted, int64_t window_ms,
                           struct figures *out);
void figures_input_finish(struct figures_input *input);

/* What slows a queue down, by the guide's thresholds. */
struct bottleneck {
    const char *type, *description, *impact, *suggestion;
};
#define BOTTLENECKS_MAX 4
/* Returns how many there are. */
size_t figures_bottlenecks(const struct figures *figures, struct bottleneck out[BOTTLENECKS_MAX]);

#endif
