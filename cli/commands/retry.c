/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>

#include "cli/failed_jobs.h"

static const struct cli_option retry_options[] = {
    {.name = "all", .kind = OPTION_FLAG, .help = "all failed jobs of the connection"},
    FILTER_OPTIONS,
    OPTIONS_END,
};

/* Exactly one way of saying which jobs are meant. */
static int check_choice(const struct options *options, struct err *err)
{
    int ways = (options->argument_count > 0) + options_given(options, "all") +
               failed_filter_given(options);
    if (ways == 1)
        return 0;
    return err_set(err, ERR_INVALID,
                   "say which, in one way: UUID…, --queue=NAME (or another filter), "
                   "or --all");
}

static int run_retry(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    if (check_choice(options, err) < 0 ||
        !context_open(context, options_text(options, "queue", NULL), err))
        return -1;
    failed_action_fn action = context->connection.driver->failed_retry;
    uint64_t total;
    int result = options->argument_count > 0
                     ? failed_act_on_arguments(context, action, &total, err)
                     : failed_act_on_all(context, action, "jobs put back",
                                         failed_filter_from_options(options), &total, err);
    fields_integer(&context->answer.values, "retried", (int64_t)total);
    answer_line(&context->answer, "%" PRIu64 " failed jobs put back into their queues", total);
    return result;
}

const struct cli_command command_retry = {
    .name = "queue:retry",
    .group = "failed jobs",
    .usage = "UUID… | --all | --queue=NAME [--class=JOB] [--text=TEXT] [--since=TIME]",
    .summary = "Puts failed jobs back into their queues, with fresh attempts",
    .details = "Many jobs are put back in batches; when that is interrupted, each job is either "
               "back in its\n"
               "queue or still among the failed ones, and the same command goes on.",
    .options = retry_options,
    .examples =
        (const char *const[]){"queue:retry 0Ot8dWKs4vDfWqEn0TmQa", "queue:retry --all",
                              "queue:retry --queue=emails --text='connection refused'", NULL},
    .max_arguments = -1,
    .run = run_retry,
};
