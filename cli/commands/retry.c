/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>

#include "cli/failed_jobs.h"

static const struct cli_option retry_options[] = {
    {.name = "all", .kind = OPTION_FLAG, .help = "all failed jobs of the connection"},
    FILTER_OPTIONS,
    OPTIONS_END,
};

static int run_retry(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    uint64_t total;
    if (failed_check_choice(options, true, err) < 0 ||
        !context_open(context, options_text(options, "queue", NULL), err))
        return -1;
    int result = failed_act_on_chosen(context, context->connection.driver->failed_retry,
                                      "jobs put back", &total, err);
    fields_integer(&context->answer.values, "retried", (int64_t)total);
    answer_line(&context->answer, "%" PRIu64 " failed jobs put back into their queues", total);
    return result;
}

const struct cli_command command_retry = {
    .name = "queue:retry",
    .is_audited = true,
    .group = "failed jobs",
    .usage = "UUID… | --all | --queue=NAME [--class=JOB] [--text=TEXT] [--since=TIME] "
             "[--fingerprint=ID]",
    .summary = "Puts failed jobs back into their queues, with fresh attempts",
    .details =
        "Many jobs are put back in batches; when that is interrupted, each job is either "
        "back in its\n"
        "queue or still among the failed ones, and the same command goes on. What fails after "
        "the\nbeginning is left.",
    .options = retry_options,
    .examples =
        (const char *const[]){"queue:retry 0Ot8dWKs4vDfWqEn0TmQa", "queue:retry --all",
                              "queue:retry --queue=emails --text='connection refused'", NULL},
    .max_arguments = -1,
    .run = run_retry,
};
