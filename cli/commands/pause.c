/* SPDX-License-Identifier: MIT */

/* Pausing queues: in their stores, so that all hosts that share one know. */
#include "cli/commands/commands.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/context.h"
#include "queue/pause.h"

static const struct cli_option pause_options[] = {
    QUEUE_OPTION,
    {.name = "all", .kind = OPTION_FLAG, .help = "all queues of the connection"},
    {.name = "here", .kind = OPTION_FLAG, .help = "on this host alone"},
    {.name = "host", .kind = OPTION_TEXT, .value = "NAME", .help = "on this host alone"},
    CONNECTION_OPTION,
    OPTIONS_END,
};

/* Which queue, and where: PAUSE_ALL for all. */
struct target {
    const char *queue, *host;
    char here[PAUSE_HOST_MAX + 1];
};

static int read_target(const struct context *context, struct target *target, struct err *err)
{
    const struct options *options = &context->options;
    bool all = options_given(options, "all"), here = options_given(options, "here");
    if (all == options_given(options, "queue"))
        return err_set(err, ERR_INVALID, "one of --queue=NAME and --all must be given");
    if (here && options_given(options, "host"))
        return err_set(err, ERR_INVALID, "--here and --host=NAME exclude each other");
    pause_host(target->here);
    target->queue = all ? PAUSE_ALL : options_text(options, "queue", NULL);
    target->host = here ? target->here : options_text(options, "host", PAUSE_ALL);
    return 0;
}

/* The user, for those who wonder why nothing happens. */
static const char *who(char by[128])
{
    const struct passwd *user = getpwuid(getuid());
    char host[PAUSE_HOST_MAX + 1];
    pause_host(host);
    if (user)
        snprintf(by, 128, "%.50s@%.64s", user->pw_name, host);
    else
        snprintf(by, 128, "%u@%.64s", (unsigned)getuid(), host);
    return by;
}

static void fields_target(struct fields *fields, const struct target *target)
{
    bool is_all = strcmp(target->queue, PAUSE_ALL) == 0;
    bool is_everywhere = strcmp(target->host, PAUSE_ALL) == 0;
    fields_text(fields, "queue", is_all ? NULL : target->queue);
    fields_text(fields, "host", is_everywhere ? NULL : target->host);
}

/* --- queue:pause --- */

static int run_pause(struct context *context, struct err *err)
{
    struct target target;
    char by[128];
    if (read_target(context, &target, err) < 0)
        return -1;
    const char *queue = options_text(&context->options, "queue", NULL);
    struct queue_connection *connection = context_open(context, queue, err);
    if (!connection || pause_set(connection, target.queue, target.host, who(by), err) < 0)
        return -1;
    fields_target(&context->answer.values, &target);
    fields_boolean(&context->answer.values, "paused", true);
    answer_line(&context->answer, "paused; running jobs finish");
    return 0;
}

const struct cli_command command_pause = {
    .name = "queue:pause",
    .is_audited = true,
    .group = "workers",
    .usage = "--queue=NAME|--all [--here|--host=NAME] [--connection=NAME]",
    .summary = "Lets workers reserve nothing more, until queue:resume",
    .details =
        "The pause is kept in the store: it holds for all hosts that share it, or for the one\n"
        "that is named, and over restarts. Workers obey within about a second; running jobs\n"
        "finish. queue:stats shows which queues are paused, queue:pauses since when and by whom.",
    .options = pause_options,
    .examples =
        (const char *const[]){"queue:pause --queue=emails", "queue:pause --all --here", NULL},
    .run = run_pause,
};

/* --- queue:resume --- */

static int run_resume(struct context *context, struct err *err)
{
    struct target target;
    bool was;
    if (read_target(context, &target, err) < 0)
        return -1;
    const char *queue = options_text(&context->options, "queue", NULL);
    struct queue_connection *connection = context_open(context, queue, err);
    if (!connection || pause_clear(connection, target.queue, target.host, &was, err) < 0)
        return -1;
    if (!was)
        return err_set(err, ERR_NOT_FOUND, "there is no such pause; queue:pauses lists them");
    fields_target(&context->answer.values, &target);
    fields_boolean(&context->answer.values, "paused", false);
    answer_line(&context->answer, "the pause is over");
    return 0;
}

const struct cli_command command_resume = {
    .name = "queue:resume",
    .is_audited = true,
    .group = "workers",
    .usage = "--queue=NAME|--all [--here|--host=NAME] [--connection=NAME]",
    .summary = "Ends a pause",
    .details = "It ends just the pause that queue:pause with the same options began.",
    .options = pause_options,
    .examples =
        (const char *const[]){"queue:resume --queue=emails", "queue:resume --all --here", NULL},
    .run = run_resume,
};

/* --- queue:pauses --- */

static const struct cli_option pauses_options[] = {CONNECTION_OPTION, OPTIONS_END};

static void add_pause(void *context, const struct pause *pause)
{
    struct fields *row = answer_row(context);
    const struct target target = {.queue = pause->queue, .host = pause->host};
    fields_target(row, &target);
    fields_text(row, "by", pause->by);
    fields_time(row, "since", pause->since_ms);
}

static int run_pauses(struct context *context, struct err *err)
{
    struct queue_connection *connection = context_open(context, NULL, err);
    if (!connection)
        return -1;
    answer_list(&context->answer, "pauses");
    return pause_list(connection, add_pause, &context->answer, err);
}

const struct cli_command command_pauses = {
    .name = "queue:pauses",
    .group = "workers",
    .usage = "[--connection=NAME]",
    .summary = "Lists the pauses, with who began them",
    .details = "Without a queue a pause is for all queues of the connection, without a host for "
               "all hosts.",
    .options = pauses_options,
    .examples = (const char *const[]){"queue:pauses", NULL},
    .run = run_pauses,
};
