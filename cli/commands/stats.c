/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "common/mem.h"

static const struct cli_option stats_options[] = {QUEUE_OPTION, CONNECTION_OPTION, OPTIONS_END};

/* The names of the queues of a connection: those that have jobs, and those that are configured on
 * it. */
struct names {
    char **names;
    size_t count;
};

static int add_name(void *context, const char *name)
{
    struct names *names = context;
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return 0;
    names->names = mem_resize(names->names, names->count + 1, sizeof(char *));
    names->names[names->count++] = mem_strdup(name);
    return 0;
}

static void names_finish(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_collect(struct names *names, const struct queue_connection *connection,
                         const struct settings *settings, struct err *err)
{
    if (connection->driver->queues(connection->store, add_name, names, err) < 0)
        return -1;
    for (size_t i = 0; i < settings->queue_count; i++) {
        const char *name = settings->queues[i].name;
        if (settings_connection_of(settings, name) == connection->settings)
            add_name(names, name);
    }
    if (names->count > 0)
        qsort(names->names, names->count, sizeof(char *), compare_names);
    return 0;
}

static void fields_stats(struct fields *fields, const struct queue_stats *stats)
{
    fields_integer(fields, "total", (int64_t)(stats->pending + stats->reserved + stats->delayed));
    fields_integer(fields, "pending", (int64_t)stats->pending);
    fields_integer(fields, "reserved", (int64_t)stats->reserved);
    fields_integer(fields, "delayed", (int64_t)stats->delayed);
    fields_integer(fields, "failed", (int64_t)stats->failed);
    if (stats->oldest_ms < 0)
        fields_null(fields, "oldest");
    else
        fields_number(fields, "oldest", (double)stats->oldest_ms / 1000);
}

static int fields_queue(struct fields *fields, const struct queue_connection *connection,
                        const char *queue, struct err *err)
{
    struct queue_stats stats;
    if (connection->driver->stats(connection->store, queue, &stats, err) < 0)
        return -1;
    fields_stats(fields, &stats);
    return 0;
}

static int answer_queues(struct context *context, struct err *err)
{
    struct names names = {0};
    int result = names_collect(&names, &context->connection, context->settings, err);
    answer_list(&context->answer, "queues");
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        struct fields *row = answer_row(&context->answer);
        fields_text(row, "queue", names.names[i]);
        result = fields_queue(row, &context->connection, names.names[i], err);
    }
    names_finish(&names);
    return result;
}

static int run_stats(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    struct queue_connection *connection = context_open(context, queue, err);
    if (!connection)
        return -1;
    fields_text(&context->answer.values, "connection", connection->settings->name);
    if (queue)
        fields_text(&context->answer.values, "queue", queue);
    if (fields_queue(&context->answer.values, connection, queue, err) < 0)
        return -1;
    return queue ? 0 : answer_queues(context, err);
}

const struct cli_command command_stats = {
    .name = "queue:stats",
    .group = "queues",
    .usage = "[--queue=NAME] [--connection=NAME]",
    .summary = "Shows how many jobs wait, run and have failed",
    .details =
        "total is pending (ready to run) + reserved (running) + delayed; failed jobs are counted\n"
        "beside it. oldest is how many seconds the oldest ready job has been waiting.",
    .options = stats_options,
    .examples = (const char *const[]){"queue:stats", "queue:stats --queue=emails --json", NULL},
    .run = run_stats,
};
