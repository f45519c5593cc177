/* SPDX-License-Identifier: MIT */
#include "queue/figures.h"

#define MINUTE_MS 60000.

/* The guide's thresholds. */
#define UTILIZATION_MAX  90  /* percent */
#define MEMORY_MAX       80  /* percent of the limit */
#define RESPONSE_MAX     100 /* milliseconds */
#define FAILURE_RATE_MAX 10  /* percent */

#define ROW(member, whole)                                                                         \
    {                                                                                              \
        .name = #member, .offset = offsetof(struct figures, member), .is_count = whole             \
    }
const struct figure_row figure_rows[] = {
    ROW(jobs_processed, true),
    ROW(jobs_failed, true),
    ROW(jobs_retried, true),
    ROW(average_processing_time, false),
    ROW(p95_processing_time, false),
    ROW(p99_processing_time, false),
    ROW(average_latency, false),
    ROW(p95_latency, false),
    ROW(p99_latency, false),
    ROW(failure_rate, false),
    ROW(throughput_per_minute, false),
    ROW(peak_throughput, false),
    ROW(peak_queue_size, true),
    ROW(worker_utilization, false),
    ROW(memory_usage, false),
    ROW(storage_response_time, false),
    {.name = NULL},
};
#undef ROW

double figure_value(const struct figures *figures, const struct figure_row *row)
{
    return *(const double *)((const char *)figures + row->offset);
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

static double percent(double part, double whole)
{
    return 100 * share(part, whole);
}

static double ended(const struct metrics_class *counted)
{
    return (double)(counted->processed + counted->failed);
}

void figures_add(void *context, int64_t at_ms, int64_t span_ms, const struct metrics *metrics)
{
    (void)at_ms;
    struct figures_input *input = context;
    struct metrics_class total;
    metrics_total(metrics, &total);
    double per_minute = ended(&total) * MINUTE_MS / (double)span_ms;
    if (per_minute > input->peak_throughput)
        input->peak_throughput = per_minute;
    if (metrics->memory_limit > 0) {
        input->memory_shares += share((double)metrics->memory, (double)metrics->memory_limit);
        input->memory_count++;
    }
    metrics_merge(&input->sum, metrics);
}

void figures_compute_class(const struct metrics_class *counted, int64_t window_ms,
                           struct figures *out)
{
    *out = (struct figures){
        .jobs_processed = (double)counted->processed,
        .jobs_failed = (double)counted->failed,
        .jobs_retried = (double)counted->retried,
        .average_processing_time = histogram_mean_us(&counted->run) / 1000,
        .p95_processing_time = (double)histogram_quantile_us(&counted->run, 0.95) / 1000,
        .p99_processing_time = (double)histogram_quantile_us(&counted->run, 0.99) / 1000,
        .average_latency = histogram_mean_us(&counted->wait) / 1000,
        .p95_latency = (double)histogram_quantile_us(&counted->wait, 0.95) / 1000,
        .p99_latency = (double)histogram_quantile_us(&counted->wait, 0.99) / 1000,
        .failure_rate = percent((double)counted->failed, ended(counted)),
        .throughput_per_minute = share(ended(counted) * MINUTE_MS, (double)window_ms),
    };
}

void figures_compute(const struct figures_input *input, int64_t window_ms, struct figures *out)
{
    const struct metrics *sum = &input->sum;
    struct metrics_class total;
    metrics_total(sum, &total);
    figures_compute_class(&total, window_ms, out);
    double utilization = percent((double)sum->busy_us, (double)sum->capacity_us);
    out->peak_throughput = input->peak_throughput;
    out->peak_queue_size = (double)sum->peak;
    out->worker_utilization = utilization < 100 ? utilization : 100;
    out->memory_usage = percent(input->memory_shares, input->memory_count);
    out->storage_response_time = share((double)sum->store_us / 1000, (double)sum->store_calls);
}

void figures_input_finish(struct figures_input *input)
{
    metrics_reset(&input->sum);
}

static const struct rule {
    size_t offset;
    double above;
    struct bottleneck bottleneck;
} rules[BOTTLENECKS_MAX] = {
    {offsetof(struct figures, worker_utilization),
     UTILIZATION_MAX,
     {"worker_saturation", "Worker utilization is consistently above 90%", "high",
      "Consider increasing the number of workers"}},
    {offsetof(struct figures, failure_rate),
     FAILURE_RATE_MAX,
     {"failing_jobs", "More than 10% of the jobs fail for good", "high",
      "Look at the failed jobs (queue:failed) and retry them when their cause is mended"}},
    {offsetof(struct figures, memory_usage),
     MEMORY_MAX,
     {"memory_pressure", "Workers are consistently using high memory", "medium",
      "Optimize job memory usage or increase worker memory limits"}},
    {offsetof(struct figures, storage_response_time),
     RESPONSE_MAX,
     {"storage_latency", "Storage operations are slower than optimal", "medium",
      "Consider optimizing database queries or Redis configuration"}},
};

size_t figures_bottlenecks(const struct figures *figures, struct bottleneck out[BOTTLENECKS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < BOTTLENECKS_MAX; i++) {
        const struct figure_row row = {.offset = rules[i].offset};
        if (figure_value(figures, &row) > rules[i].above)
            out[count++] = rules[i].bottleneck;
    }
    return count;
}
