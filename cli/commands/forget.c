/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>

#include "cli/age.h"
#include "cli/confirm.h"
#include "cli/failed_jobs.h"

static const struct cli_option forget_options[] = {FILTER_OPTIONS, OPTIONS_END};

static const struct cli_option prune_options[] = {
    AGE_OPTIONS("those that failed"),
    QUEUE_OPTION,
    CONNECTION_OPTION,
    OPTIONS_END,
};

static const struct cli_option flush_options[] = {QUEUE_OPTION, CONNECTION_OPTION, CONFIRM_OPTIONS,
                                                  OPTIONS_END};

static int answer_removed(struct context *context, uint64_t total, int result)
{
    fields_integer(&context->answer.values, "removed", (int64_t)total);
    answer_line(&context->answer, "%" PRIu64 " failed jobs removed", total);
    return result;
}

static int remove_matching(struct context *context, struct failed_filter filter, struct err *err)
{
    uint64_t total;
    int result = failed_act_on_all(context, context->connection.driver->failed_remove,
                                   "failed jobs removed", filter, &total, err);
    return answer_removed(context, total, result);
}

static int run_forget(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    uint64_t total;
    if (failed_check_choice(options, false, err) < 0 ||
        !context_open(context, options_text(options, "queue", NULL), err))
        return -1;
    int result = failed_act_on_chosen(context, context->connection.driver->failed_remove,
                                      "failed jobs removed", &total, err);
    return answer_removed(context, total, result);
}

static int run_prune(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    struct failed_filter filter = {.queue = queue};
    if (age_from_options(&context->options, &filter.before_ms, err) < 0 ||
        !context_open(context, queue, err))
        return -1;
    return remove_matching(context, filter, err);
}

static int run_flush(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    const struct failed_filter filter = {.queue = queue};
    if (!context_open(context, queue, err) ||
        confirm(context, err, "Remove all failed jobs of %s%s on connection %s",
                queue ? "queue " : "ALL queues", queue ? queue : "",
                context->connection.settings->name) < 0)
        return -1;
    return remove_matching(context, filter, err);
}

const struct cli_command command_forget = {
    .name = "queue:forget",
    .is_audited = true,
    .group = "failed jobs",
    .usage = "UUID… | [--queue=NAME] [--class=JOB] [--text=TEXT] [--since=TIME] [--fingerprint=ID]",
    .summary = "Removes failed jobs by their uuids or by a filter",
    .options = forget_options,
    .examples = (const char *const[]){"queue:forget 0Ot8dWKs4vDfWqEn0TmQa",
                                      "queue:forget --class=OldReport", NULL},
    .max_arguments = -1,
    .run = run_forget,
};

const struct cli_command command_prune = {
    .name = "queue:prune",
    .is_audited = true,
    .group = "failed jobs",
    .usage = "--days=N | --hours=N [--queue=NAME] [--connection=NAME]",
    .summary = "Removes old failed jobs",
    .options = prune_options,
    .examples = (const char *const[]){"queue:prune --days=30",
                                      "queue:prune --hours=12 --queue=emails", NULL},
    .run = run_prune,
};

const struct cli_command command_flush = {
    .name = "queue:flush",
    .is_audited = true,
    .group = "failed jobs",
    .usage = "[--queue=NAME] [--connection=NAME] [--yes]",
    .summary = "Removes all failed jobs",
    .details = "Asks first when it is run at a terminal.",
    .options = flush_options,
    .examples = (const char *const[]){"queue:flush", "queue:flush --queue=emails --yes", NULL},
    .run = run_flush,
};
