/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>

#include "cli/age.h"
#include "cli/failed_jobs.h"
#include "cli/progress.h"

/* What is done with a batch that is there: the batch may only be named. */
typedef int (*batch_action_fn)(struct context *context, const char *uuid, uint64_t *count,
                               struct err *err);

/* Acts on each batch of the arguments, and goes on behind one that is not there. *count gets the
 * sum. Returns 0, or -1 with err (ERR_NOT_FOUND at the end). */
static int act_on_arguments(struct context *context, batch_action_fn action, uint64_t *count,
                            struct err *err)
{
    *count = 0;
    for (int i = 0; i < context->options.argument_count; i++) {
        struct err one = ERR_INIT;
        uint64_t part = 0;
        int result = action(context, context->options.arguments[i], &part, &one);
        *count += part;
        if (result == 0)
            continue;
        err_set(err, one.code, "%s", one.text);
        if (one.code != ERR_NOT_FOUND)
            break;
    }
    return err->code == ERR_NONE ? 0 : -1;
}

/* --- batch:cancel --- */

static const struct cli_option cancel_options[] = {CONNECTION_OPTION, OPTIONS_END};

static int cancel(struct context *context, const char *uuid, uint64_t *count, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    return connection->driver->batch_cancel(connection->store, uuid, count, err);
}

static int run_cancel(struct context *context, struct err *err)
{
    uint64_t removed;
    if (!context_open(context, NULL, err))
        return -1;
    int result = act_on_arguments(context, cancel, &removed, err);
    fields_integer(&context->answer.values, "removed", (int64_t)removed);
    answer_line(&context->answer, "%" PRIu64 " waiting jobs taken away; those that run are told",
                removed);
    return result;
}

/* --- batch:retry --- */

static const struct cli_option retry_options[] = {CONNECTION_OPTION, OPTIONS_END};

static int note_found(void *context, const struct batch *batch)
{
    (void)batch;
    *(bool *)context = true;
    return 0;
}

static int retry(struct context *context, const char *uuid, uint64_t *count, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    const struct failed_filter filter = {.batch_uuid = uuid};
    bool is_found = false;
    if (connection->driver->batch_list(connection->store, uuid, NULL, 1, note_found, &is_found,
                                       err) < 0)
        return -1;
    if (!is_found)
        return err_set(err, ERR_NOT_FOUND, "there is no batch %s on connection %s", uuid,
                       connection->settings->name);
    return failed_act_on_all(context, connection->driver->failed_retry, "jobs put back", filter,
                             count, err);
}

static int run_retry(struct context *context, struct err *err)
{
    uint64_t retried;
    if (!context_open(context, NULL, err))
        return -1;
    int result = act_on_arguments(context, retry, &retried, err);
    fields_integer(&context->answer.values, "retried", (int64_t)retried);
    answer_line(&context->answer, "%" PRIu64 " failed jobs put back into their queues", retried);
    return result;
}

/* --- batch:prune --- */

static const struct cli_option prune_options[] = {
    AGE_OPTIONS("batches that finished"),
    CONNECTION_OPTION,
    OPTIONS_END,
};

static int run_prune(struct context *context, struct err *err)
{
    struct queue_connection *connection;
    struct progress progress;
    int64_t before_ms;
    if (age_from_options(&context->options, &before_ms, err) < 0 ||
        !(connection = context_open(context, NULL, err)))
        return -1;
    size_t limit = (size_t)connection->settings->batch_size;
    uint64_t count, removed = 0;
    int result;
    progress_init(&progress, "batches removed", context->json);
    do {
        count = 0;
        result = connection->driver->batch_prune(connection->store, before_ms, limit, &count, err);
        removed += count;
        progress_update(&progress, removed, 0);
    } while (result == 0 && count >= limit);
    progress_end(&progress);
    fields_integer(&context->answer.values, "removed", (int64_t)removed);
    answer_line(&context->answer, "%" PRIu64 " batches removed", removed);
    return result;
}

const struct cli_command command_batch_cancel = {
    .name = "batch:cancel",
    .is_audited = true,
    .group = "batches",
    .usage = "UUID… [--connection=NAME]",
    .summary = "Cancels batches",
    .details = "Jobs that wait are taken away, those that run are told to stop. The finally job "
               "comes when the last one\nhas ended.",
    .options = cancel_options,
    .examples = (const char *const[]){"batch:cancel 0Ot8dWKs4vDfWqEn0TmQa", NULL},
    .min_arguments = 1,
    .max_arguments = -1,
    .run = run_cancel,
};

const struct cli_command command_batch_retry = {
    .name = "batch:retry",
    .is_audited = true,
    .group = "batches",
    .usage = "UUID… [--connection=NAME]",
    .summary = "Puts the failed jobs of batches back into their queues, with fresh attempts",
    .details =
        "The batch is open again, and counts them as pending. Its then job still comes where "
        "all jobs are done in\nthe end; what has been pushed already is not pushed again.",
    .options = retry_options,
    .examples = (const char *const[]){"batch:retry 0Ot8dWKs4vDfWqEn0TmQa", NULL},
    .min_arguments = 1,
    .max_arguments = -1,
    .run = run_retry,
};

const struct cli_command command_batch_prune = {
    .name = "batch:prune",
    .is_audited = true,
    .group = "batches",
    .usage = "--days=N | --hours=N [--connection=NAME]",
    .summary = "Removes the records of batches that finished long ago",
    .options = prune_options,
    .examples = (const char *const[]){"batch:prune --days=30", NULL},
    .run = run_prune,
};
