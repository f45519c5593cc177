/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include "cli/context.h"
#include "cli/queues.h"
#include "queue/pause.h"

static const struct cli_option stats_options[] = {QUEUE_OPTION, CONNECTION_OPTION, OPTIONS_END};

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

static int fields_queue(struct fields *fields, struct queue_connection *connection,
                        const char *queue, struct err *err)
{
    struct queue_stats stats;
    if (connection->driver->stats(connection->store, queue, &stats, err) < 0)
        return -1;
    fields_stats(fields, &stats);
    bool is_paused;
    char host[PAUSE_HOST_MAX + 1];
    pause_host(host);
    if (!queue)
        return 0;
    if (pause_find(connection, queue, host, &is_paused, err) < 0)
        return -1;
    fields_boolean(fields, "paused", is_paused);
    return 0;
}

static int answer_queues(struct context *context, struct err *err)
{
    struct queue_names names = {0};
    int result = queue_names_collect(&names, &context->connection, context->settings, err);
    answer_list(&context->answer, "queues");
    for (size_t i = 0; result == 0 && i < names.count; i++) {
        struct fields *row = answer_row(&context->answer);
        fields_text(row, "queue", names.names[i]);
        result = fields_queue(row, &context->connection, names.names[i], err);
    }
    queue_names_finish(&names);
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
        "beside it. oldest is how many seconds the oldest ready job has been waiting.\n"
        "paused is whether workers on this host reserve nothing of it (queue:pause).",
    .options = stats_options,
    .examples = (const char *const[]){"queue:stats", "queue:stats --queue=emails --json", NULL},
    .run = run_stats,
};
