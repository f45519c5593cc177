/* SPDX-License-Identifier: MIT */

/* What was done over a window of time, from the figures that workers have stored. */
#include "cli/commands/commands.h"

#include "cli/context.h"
#include "cli/queues.h"
#include "queue/figures.h"
#include "queue/metrics_store.h"

#define MINUTE     METRICS_MINUTE_MS
#define WINDOW     (60 * MINUTE)
#define WINDOW_MAX (INT64_C(3650) * 24 * 60 * MINUTE)

static const struct cli_option metrics_options[] = {
    QUEUE_OPTION,
    CONNECTION_OPTION,
    {.name = "window",
     .letter = 'w',
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "how far back (default: 1h)",
     .min = MINUTE,
     .max = WINDOW_MAX},
    OPTIONS_END,
};

static int64_t window_of(const struct context *context)
{
    return options_number(&context->options, "window", WINDOW);
}

/* From the beginning of a minute on, so that the oldest one is not cut. */
static int read_figures(struct context *context, const char *queue, struct figures_input *input,
                        struct err *err)
{
    int64_t now_ms = clock_wall_ms(&clock_system);
    const struct metrics_range range = {
        .from_ms = (now_ms - window_of(context)) / MINUTE * MINUTE,
        .to_ms = now_ms + MINUTE,
        .now_ms = now_ms,
    };
    return metrics_read(&context->connection, queue, &range, figures_add, input, err);
}

static void fields_figure(struct fields *fields, const struct figures *figures,
                          const struct figure_row *row)
{
    double value = figure_value(figures, row);
    if (row->is_count)
        fields_integer(fields, row->name, (int64_t)value);
    else
        fields_number(fields, row->name, value);
}

static void fields_figures(struct fields *fields, const struct figures *figures)
{
    for (const struct figure_row *row = figure_rows; row->name; row++)
        fields_figure(fields, figures, row);
}

/* Calls answer for the queue that is named, or for each. */
typedef int (*answer_fn)(struct context *context, const char *queue, struct err *err);

static int each_queue(struct context *context, answer_fn answer, struct err *err)
{
    struct queue_names names = {0};
    int result = queue_names_collect(&names, &context->connection, context->settings, err);
    for (size_t i = 0; result == 0 && i < names.count; i++)
        result = answer(context, names.names[i], err);
    queue_names_finish(&names);
    return result;
}

static struct queue_connection *open_named(struct context *context, const char **queue,
                                           struct err *err)
{
    *queue = options_text(&context->options, "queue", NULL);
    struct queue_connection *connection = context_open(context, *queue, err);
    if (connection)
        fields_text(&context->answer.values, "connection", connection->settings->name);
    return connection;
}

/* --- queue:metrics --- */

static void answer_classes(struct answer *answer, const struct metrics *sum, int64_t window_ms)
{
    answer_list(answer, "classes");
    for (size_t i = 0; i < sum->class_count; i++) {
        struct figures figures;
        figures_compute_class(&sum->classes[i], window_ms, &figures);
        struct fields *row = answer_row(answer);
        fields_text(row, "job", sum->classes[i].name);
        for (const struct figure_row *figure = figure_rows; figure->name; figure++)
            if (figure->offset <= offsetof(struct figures, throughput_per_minute))
                fields_figure(row, &figures, figure);
    }
}

static int answer_one(struct context *context, const char *queue, struct err *err)
{
    struct figures_input input = {0};
    struct figures figures;
    int result = read_figures(context, queue, &input, err);
    figures_compute(&input, window_of(context), &figures);
    struct fields *values = &context->answer.values;
    fields_text(values, "queue", queue);
    fields_integer(values, "time_window", window_of(context) / 1000);
    fields_figures(fields_object(values, "metrics"), &figures);
    answer_classes(&context->answer, &input.sum, window_of(context));
    figures_input_finish(&input);
    return result;
}

static int answer_row_of(struct context *context, const char *queue, struct err *err)
{
    struct figures_input input = {0};
    struct figures figures;
    int result = read_figures(context, queue, &input, err);
    figures_compute(&input, window_of(context), &figures);
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "queue", queue);
    fields_figures(row, &figures);
    figures_input_finish(&input);
    return result;
}

static int run_metrics(struct context *context, struct err *err)
{
    const char *queue;
    if (!open_named(context, &queue, err))
        return -1;
    if (queue)
        return answer_one(context, queue, err);
    fields_integer(&context->answer.values, "time_window", window_of(context) / 1000);
    answer_list(&context->answer, "queues");
    return each_queue(context, answer_row_of, err);
}

const struct cli_command command_metrics = {
    .name = "queue:metrics",
    .group = "monitoring",
    .usage = "[--queue=NAME] [--window=TIME] [--connection=NAME]",
    .summary = "Shows what the queues did over a window of time",
    .details =
        "Over all hosts that share the store. Times are milliseconds, rates and shares percent.\n"
        "processing_time is that of an attempt; latency is the time from when a job was due to\n"
        "its start; quantiles are off by at most a sixteenth. failure_rate is the share of the\n"
        "jobs that failed for good among those that came to an end. Workers store their figures\n"
        "once a minute (metrics_interval of [monitoring]), so the last minute may be missing.\n"
        "With --queue, the classes of its jobs are listed too.",
    .options = metrics_options,
    .examples = (const char *const[]){"queue:metrics", "queue:metrics --window=24h",
                                      "queue:metrics --queue=emails --json", NULL},
    .run = run_metrics,
};

/* --- queue:analyze --- */

static void fields_performance(struct fields *fields, const struct figures *figures)
{
    fields_number(fields, "average_throughput", figures->throughput_per_minute);
    fields_number(fields, "peak_throughput", figures->peak_throughput);
    fields_number(fields, "average_latency", figures->average_latency);
    fields_number(fields, "p95_latency", figures->p95_latency);
    fields_number(fields, "p99_latency", figures->p99_latency);
}

static void fields_bottleneck(struct fields *row, const char *queue,
                              const struct bottleneck *bottleneck)
{
    fields_text(row, "queue", queue);
    fields_text(row, "type", bottleneck->type);
    fields_text(row, "impact", bottleneck->impact);
    fields_text(row, "description", bottleneck->description);
    fields_text(row, "suggestion", bottleneck->suggestion);
}

/* The figures and what is found in them, of one queue. */
struct analysis {
    struct figures figures;
    struct bottleneck found[BOTTLENECKS_MAX];
    size_t count;
};

static int analyze(struct context *context, const char *queue, struct analysis *analysis,
                   struct err *err)
{
    struct figures_input input = {0};
    int result = read_figures(context, queue, &input, err);
    figures_compute(&input, window_of(context), &analysis->figures);
    analysis->count = figures_bottlenecks(&analysis->figures, analysis->found);
    figures_input_finish(&input);
    return result;
}

static int add_performance(struct context *context, const char *queue, struct err *err)
{
    struct analysis analysis;
    int result = analyze(context, queue, &analysis, err);
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "queue", queue);
    fields_performance(row, &analysis.figures);
    return result;
}

static int add_bottlenecks(struct context *context, const char *queue, struct err *err)
{
    struct analysis analysis;
    int result = analyze(context, queue, &analysis, err);
    for (size_t i = 0; i < analysis.count; i++)
        fields_bottleneck(answer_row(&context->answer), queue, &analysis.found[i]);
    return result;
}

static void fields_period(struct fields *values, const struct context *context)
{
    int64_t now_ms = clock_wall_ms(&clock_system);
    struct fields *period = fields_object(values, "analysis_period");
    fields_time(period, "from", now_ms - window_of(context));
    fields_time(period, "to", now_ms);
}

static int analyze_one(struct context *context, const char *queue, struct err *err)
{
    struct analysis analysis;
    struct answer *answer = &context->answer;
    int result = analyze(context, queue, &analysis, err);
    fields_text(&answer->values, "queue", queue);
    fields_period(&answer->values, context);
    fields_performance(fields_object(&answer->values, "performance_metrics"), &analysis.figures);
    const char *suggestions[BOTTLENECKS_MAX + 1] = {NULL};
    for (size_t i = 0; i < analysis.count; i++)
        suggestions[i] = analysis.found[i].suggestion;
    fields_texts(&answer->values, "recommendations", suggestions);
    answer_list(answer, "bottlenecks");
    for (size_t i = 0; i < analysis.count; i++)
        fields_bottleneck(answer_row(answer), queue, &analysis.found[i]);
    return result;
}

static int run_analyze(struct context *context, struct err *err)
{
    const char *queue;
    if (!open_named(context, &queue, err))
        return -1;
    if (queue)
        return analyze_one(context, queue, err);
    fields_period(&context->answer.values, context);
    answer_list(&context->answer, "queues");
    if (each_queue(context, add_performance, err) < 0)
        return -1;
    answer_list(&context->answer, "bottlenecks");
    return each_queue(context, add_bottlenecks, err);
}

const struct cli_command command_analyze = {
    .name = "queue:analyze",
    .group = "monitoring",
    .usage = "[--queue=NAME] [--window=TIME] [--connection=NAME]",
    .summary = "Tells how fast the queues are, and what slows them down",
    .details =
        "Throughput is jobs a minute, latency the milliseconds from when a job was due to its\n"
        "start. A bottleneck is a worker_saturation (workers are busy for more than 90 percent of\n"
        "the time), failing_jobs (more than 10 percent), memory_pressure (more than 80 percent of\n"
        "the limit on average) or storage_latency (more than 100 ms a call).",
    .options = metrics_options,
    .examples =
        (const char *const[]){"queue:analyze", "queue:analyze --queue=emails --window=1d", NULL},
    .run = run_analyze,
};
