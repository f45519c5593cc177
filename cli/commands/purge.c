/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>

#include "cli/confirm.h"
#include "cli/context.h"

static const struct cli_option purge_options[] = {
    QUEUE_OPTION,      {.name = "all", .kind = OPTION_FLAG, .help = "all queues of the connection"},
    CONNECTION_OPTION, CONFIRM_OPTIONS,
    OPTIONS_END,
};

static int confirm_purge(struct context *context, const char *queue, struct err *err)
{
    const char *connection = context->connection.settings->name;
    if (queue)
        return confirm(context, err, "Remove all waiting jobs of queue %s on connection %s", queue,
                       connection);
    return confirm(context, err, "Remove all waiting jobs of ALL queues on connection %s",
                   connection);
}

static int run_purge(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    if (options_given(&context->options, "all") == (queue != NULL))
        return err_set(err, ERR_INVALID, "say which: either --queue=NAME or --all");
    struct queue_connection *connection = context_open(context, queue, err);
    if (!connection || confirm_purge(context, queue, err) < 0)
        return -1;
    uint64_t removed = 0;
    if (connection->driver->purge(connection->store, queue, &removed, err) < 0)
        return -1;
    fields_integer(&context->answer.values, "removed", (int64_t)removed);
    answer_line(&context->answer, "%" PRIu64 " waiting jobs removed", removed);
    return 0;
}

const struct cli_command command_purge = {
    .name = "queue:purge",
    .is_audited = true,
    .group = "queues",
    .usage = "--queue=NAME | --all [--connection=NAME] [--yes]",
    .summary = "Removes the waiting jobs of a queue",
    .details = "Ready and delayed jobs are removed; jobs that run go on, and failed jobs stay. "
               "Asks first when\n"
               "it is run at a terminal.",
    .options = purge_options,
    .examples =
        (const char *const[]){"queue:purge --queue=emails", "queue:purge --all --yes", NULL},
    .run = run_purge,
};
