/* SPDX-License-Identifier: MIT */

/* The guide's system overview: all connections, and the workers of this host. */
#include "cli/commands/commands.h"

#include <string.h>

#include "cli/context.h"
#include "cli/queues.h"
#include "queue/figures.h"
#include "queue/metrics_store.h"
#include "supervisor/control_client.h"

#define CALL_MS  10000
#define WINDOW   (5 * METRICS_MINUTE_MS)
#define MEGABYTE (1024. * 1024.)

static const struct cli_option overview_options[] = {OPTIONS_END};

/* What was done in the last minutes, a minute, over all queues of the open connection. */
static double throughput(struct context *context, const struct queue_names *names)
{
    int64_t now_ms = clock_wall_ms(&clock_system);
    const struct metrics_range range = {.from_ms = (now_ms - WINDOW) / METRICS_MINUTE_MS *
                                                   METRICS_MINUTE_MS,
                                        .to_ms = now_ms + METRICS_MINUTE_MS,
                                        .now_ms = now_ms};
    struct figures_input input = {0};
    struct figures figures;
    struct err ignored = ERR_INIT;
    for (size_t i = 0; i < names->count; i++)
        metrics_read(&context->connection, names->names[i], &range, figures_add, &input, &ignored);
    figures_compute(&input, WINDOW, &figures);
    figures_input_finish(&input);
    return figures.throughput_per_minute;
}

static void fields_stats(struct fields *row, const struct queue_stats *stats)
{
    struct fields *fields = fields_object(row, "stats");
    fields_integer(fields, "total", (int64_t)(stats->pending + stats->reserved + stats->delayed));
    fields_integer(fields, "pending", (int64_t)stats->pending);
    fields_integer(fields, "reserved", (int64_t)stats->reserved);
    fields_integer(fields, "delayed", (int64_t)stats->delayed);
    fields_integer(fields, "failed", (int64_t)stats->failed);
}

static int look_at(struct context *context, const struct connection_settings *settings,
                   struct fields *row, struct queue_names *names, struct err *err)
{
    struct queue_stats stats;
    struct queue_connection *connection = context_open_connection(context, settings, err);
    if (!connection || queue_names_collect(names, connection, context->settings, err) < 0 ||
        connection->driver->stats(connection->store, NULL, &stats, err) < 0)
        return -1;
    fields_stats(row, &stats);
    return 0;
}

/* Returns whether it is healthy. */
static bool answer_connection(struct context *context, const struct connection_settings *settings)
{
    struct err err = ERR_INIT;
    struct queue_names names = {0};
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "connection", settings->name);
    bool is_healthy = look_at(context, settings, row, &names, &err) == 0;
    if (!is_healthy)
        fields_null(row, "stats");
    struct fields *health = fields_object(row, "health");
    fields_boolean(health, "healthy", is_healthy);
    fields_text(health, "message", is_healthy ? "connection is healthy" : err.text);
    fields_number(row, "throughput", is_healthy ? throughput(context, &names) : 0);
    queue_names_finish(&names);
    return is_healthy;
}

/* Workers */

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double sum_of(const cJSON *workers, const char *name)
{
    double sum = 0;
    const cJSON *worker;
    cJSON_ArrayForEach(worker, workers) sum += number_of(worker, name);
    return sum;
}

static int64_t count_of(const cJSON *workers, const char *queue)
{
    int64_t count = 0;
    const cJSON *worker;
    cJSON_ArrayForEach(worker, workers) count +=
        strcmp(json_get_string(worker, "queue", ""), queue) == 0;
    return count;
}

static void fields_workers(struct fields *values, const struct settings *settings,
                           const cJSON *workers)
{
    struct fields *fields = fields_object(values, "workers");
    fields_integer(fields, "total", cJSON_GetArraySize(workers));
    struct fields *by_queue = fields_object(fields, "by_queue");
    for (size_t i = 0; i < settings->queue_count; i++)
        fields_integer(by_queue, settings->queues[i].name,
                       count_of(workers, settings->queues[i].name));
    struct fields *usage = fields_object(fields, "resource_usage");
    fields_number(usage, "memory", sum_of(workers, "memory") / MEGABYTE);
    fields_number(usage, "cpu", sum_of(workers, "cpu"));
}

static void fields_alerts(struct fields *values, const cJSON *alerts)
{
    fields_integer(values, "alerts", cJSON_GetArraySize(alerts));
}

/* Only a running musterd knows of these; without one they are null. Returns whether there are no
 * alerts. */
static bool answer_master(struct context *context, const struct settings *settings)
{
    struct err err = ERR_INIT;
    struct fields *values = &context->answer.values;
    const char *socket = settings->muster.socket;
    cJSON *told = control_command(socket, "workers", NULL, CALL_MS, &err);
    cJSON *alerts = told ? control_command(socket, "alerts", NULL, CALL_MS, &err) : NULL;
    bool is_well = cJSON_GetArraySize(json_get(alerts, "alerts")) == 0;
    if (told)
        fields_workers(values, settings, json_get(told, "workers"));
    else
        fields_null(values, "workers");
    if (alerts)
        fields_alerts(values, json_get(alerts, "alerts"));
    else
        fields_null(values, "alerts");
    cJSON_Delete(told);
    cJSON_Delete(alerts);
    return is_well;
}

static int run_overview(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    struct fields *values = &context->answer.values;
    fields_time(values, "timestamp", clock_wall_ms(&clock_system));
    bool is_well = answer_master(context, settings);
    answer_list(&context->answer, "queues");
    for (size_t i = 0; i < settings->connection_count; i++)
        is_well = answer_connection(context, &settings->connections[i]) && is_well;
    fields_text(values, "system_health", is_well ? "healthy" : "degraded");
    return 0;
}

const struct cli_command command_overview = {
    .name = "queue:overview",
    .group = "monitoring",
    .usage = "",
    .summary = "Shows all connections, the workers of this host, and whether all is well",
    .details =
        "throughput is jobs that came to an end a minute, over the last five. memory is in MB, "
        "cpu\n"
        "in percent of one processor, of all workers with their handlers; without a running\n"
        "musterd they are null. system_health is degraded where a connection is not healthy or\n"
        "there is an alert.",
    .options = overview_options,
    .examples = (const char *const[]){"queue:overview", "queue:overview --json", NULL},
    .run = run_overview,
};
