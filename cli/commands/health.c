/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include "cli/context.h"
#include "common/clock.h"
#include "drivers/drivers.h"

#define EXIT_UNHEALTHY 4

static const struct cli_option health_options[] = {
    {.name = "connection",
     .kind = OPTION_NAME,
     .value = "NAME",
     .help = "only this connection (default: all)"},
    OPTIONS_END,
};
static const struct cli_option no_options[] = {OPTIONS_END};

/* --- queue:health --- */

static int check(struct context *context, const struct connection_settings *settings,
                 struct store_health *health, struct err *err)
{
    struct queue_connection *connection = context_open_connection(context, settings, err);
    return connection ? connection->driver->health(connection->store, health, err) : -1;
}

static void fields_metrics(struct fields *row, const struct driver *driver,
                           const struct store_health *health)
{
    struct fields *metrics = fields_object(row, "metrics");
    fields_text(metrics, "driver", driver->name);
    fields_text(metrics, "version", health->version);
    fields_integer(metrics, "total_queues", (int64_t)health->total_queues);
    fields_integer(metrics, "total_jobs", (int64_t)health->total_jobs);
}

static bool answer_connection(struct context *context, const struct connection_settings *settings)
{
    struct err err = ERR_INIT;
    struct store_health health = {0};
    int64_t start = clock_monotonic_us(&clock_system);
    bool healthy = check(context, settings, &health, &err) == 0;
    double response_ms = (double)(clock_monotonic_us(&clock_system) - start) / 1000;

    struct fields *row = answer_row(&context->answer);
    fields_text(row, "connection", settings->name);
    fields_boolean(row, "healthy", healthy);
    fields_number(row, "response_time", response_ms);
    if (healthy)
        fields_metrics(row, context->connection.driver, &health);
    else
        fields_null(row, "metrics");
    fields_text(row, "message", healthy ? "connection is healthy" : err.text);
    return healthy;
}

static int run_health(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    const struct connection_settings *only = NULL;
    if (options_given(&context->options, "connection")) {
        only = context_connection_settings(context, NULL, err);
        if (!only)
            return -1;
    }
    bool healthy = true;
    answer_list(&context->answer, "connections");
    for (size_t i = 0; i < settings->connection_count; i++)
        if (!only || only == &settings->connections[i])
            healthy = answer_connection(context, &settings->connections[i]) && healthy;
    return healthy ? 0 : EXIT_UNHEALTHY;
}

const struct cli_command command_health = {
    .name = "queue:health",
    .group = "queues",
    .usage = "[--connection=NAME]",
    .summary = "Tests the connections to the stores",
    .details =
        "response_time is in milliseconds, with the opening of the connection. The exit status is\n"
        "4 where a connection is not healthy.",
    .options = health_options,
    .examples =
        (const char *const[]){"queue:health", "queue:health --connection=default --json", NULL},
    .run = run_health,
};

/* --- queue:drivers --- */

static void answer_driver(void *context, const struct driver_entry *entry)
{
    const struct driver *driver = entry->driver;
    if (!driver)
        return;
    struct fields *row = answer_row(context);
    fields_text(row, "name", driver->name);
    fields_text(row, "version", driver->version);
    fields_text(row, "description", driver->description);
    fields_texts(row, "dependencies", driver->dependencies);
    fields_texts(row, "features", driver->features);
}

static void answer_refusal(void *context, const struct driver_entry *entry)
{
    if (!entry->refusal)
        return;
    struct fields *row = answer_row(context);
    fields_text(row, "name", entry->name);
    fields_text(row, "file", entry->file);
    fields_text(row, "message", entry->refusal);
}

static int run_drivers(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    const char *folder = settings->muster.driver_path;
    answer_list(&context->answer, "drivers");
    drivers_list(folder, answer_driver, &context->answer);
    answer_list(&context->answer, "refused");
    drivers_list(folder, answer_refusal, &context->answer);
    return 0;
}

const struct cli_command command_drivers = {
    .name = "queue:drivers",
    .group = "queues",
    .usage = "",
    .summary = "Lists the drivers, and what they can do",
    .details =
        "Drivers are part of Muster or plugins: shared objects NAME.so in the folder driver_path. What\n"
        "cannot be used there is listed as refused, with the reason.",
    .options = no_options,
    .examples = (const char *const[]){"queue:drivers", NULL},
    .run = run_drivers,
};
