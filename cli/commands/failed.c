/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/failed_groups.h"
#include "cli/failed_jobs.h"
#include "cli/output.h"
#include "common/json.h"
#include "common/mem.h"
#include "queue/exception.h"

static const struct cli_option failed_options[] = {
    FILTER_OPTIONS,
    LIMIT_OPTION,
    {.name = "group",
     .kind = OPTION_FLAG,
     .help = "count failures of the same kind together, the most frequent first"},
    OPTIONS_END,
};

/* --- the list --- */

static void fields_headline(struct fields *fields, const char *name, const char *text)
{
    size_t length = exception_line(&text);
    char *line = mem_strndup(text, length);
    fields_text(fields, name, line);
    free(line);
}

/* Programs get it whole. */
static void fields_rest(struct fields *row, const struct failed_job *failed,
                        const struct fingerprint *fingerprint)
{
    fields_text(row, "exception", failed->exception);
    fields_text(row, "connection", failed->connection);
    fields_text(row, "worker", failed->worker);
    fields_text(row, "batch_uuid", failed->batch_uuid);
    fields_text(row, "fingerprint", fingerprint->id);
}

static int add_row(void *data, const struct failed_job *failed,
                   const struct fingerprint *fingerprint)
{
    struct context *context = data;
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "uuid", failed->uuid);
    fields_text(row, "queue", failed->queue);
    fields_text(row, "job", failed->name);
    fields_integer(row, "attempts", failed->attempts);
    fields_text(row, "cause", failed->cause);
    fields_time(row, "failed_at", failed->failed_at_ms);
    if (context->json)
        fields_rest(row, failed, fingerprint);
    else
        fields_headline(row, "exception", failed->exception);
    return 0;
}

static int walk(struct context *context, uint64_t limit, struct failed_walk *walk, struct err *err)
{
    walk->connection = &context->connection;
    walk->filter = failed_filter_from_options(&context->options);
    walk->fingerprint = options_text(&context->options, "fingerprint", NULL);
    if (walk->fingerprint && failed_check_fingerprint(walk->fingerprint, err) < 0)
        return -1;
    return failed_walk(walk, limit, err);
}

static int list_failed(struct context *context, struct err *err)
{
    struct failed_walk rows = {.each = add_row, .context = context};
    size_t limit = (size_t)options_number(&context->options, "limit", LIMIT_OPTION_DEFAULT);
    answer_list(&context->answer, "failed");
    if (walk(context, limit, &rows, err) < 0)
        return -1;
    size_t count = context->answer.lists[0].count;
    if (count == 0)
        answer_line(&context->answer, "No failed jobs.");
    else if (count == limit && !options_given(&context->options, "limit"))
        output_note("these are the newest %zu; --limit=N shows more", count);
    return 0;
}

/* --- groups --- */

static void add_group(struct context *context, const struct failed_group *group)
{
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "fingerprint", group->fingerprint.id);
    fields_integer(row, "count", (int64_t)group->count);
    fields_text(row, "job", group->name);
    fields_text(row, "queue", group->queue);
    fields_time(row, "first_failed_at", group->first_ms);
    fields_time(row, "last_failed_at", group->last_ms);
    fields_text(row, "newest", group->newest);
    fields_text(row, "exception", group->fingerprint.pattern);
}

static int list_groups(struct context *context, struct err *err)
{
    struct failed_groups groups = {0};
    struct failed_walk jobs = {.each = failed_groups_add, .context = &groups};
    size_t limit = (size_t)options_number(&context->options, "limit", LIMIT_OPTION_DEFAULT);
    int result = walk(context, 0, &jobs, err);
    failed_groups_sort(&groups);
    fields_integer(&context->answer.values, "total", (int64_t)jobs.seen);
    fields_integer(&context->answer.values, "group_count", (int64_t)groups.count);
    answer_list(&context->answer, "groups");
    for (size_t i = 0; i < groups.count && i < limit; i++)
        add_group(context, &groups.groups[i]);
    failed_groups_finish(&groups);
    return result;
}

/* --- one whole --- */

static void fields_payload(struct fields *fields, const char *payload)
{
    struct json_slice value;
    if (json_scan(payload, strlen(payload), &value, NULL) == 0)
        fields_json(fields, "payload", payload);
    else
        fields_text(fields, "payload", payload);
}

static int add_whole(void *context, const struct failed_job *failed)
{
    struct fields *fields = context;
    struct fingerprint fingerprint;
    fingerprint_make(&fingerprint, failed->name, failed->exception);
    fields_text(fields, "uuid", failed->uuid);
    fields_text(fields, "connection", failed->connection);
    fields_text(fields, "queue", failed->queue);
    fields_text(fields, "job", failed->name);
    fields_integer(fields, "attempts", failed->attempts);
    fields_text(fields, "cause", failed->cause);
    fields_text(fields, "worker", failed->worker);
    fields_text(fields, "batch_uuid", failed->batch_uuid);
    fields_time(fields, "failed_at", failed->failed_at_ms);
    fields_text(fields, "fingerprint", fingerprint.id);
    fields_payload(fields, failed->payload);
    fields_json(fields, "history", failed->history);
    fields_headline(fields, "message", failed->exception);
    fields_text(fields, "exception", failed->exception);
    return 0;
}

static int show_failed(struct context *context, const char *uuid, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    const struct failed_filter filter = {.uuid = uuid, .limit = 1};
    struct fields *values = &context->answer.values;
    if (connection->driver->failed_list(connection->store, &filter, add_whole, values, err) < 0)
        return -1;
    if (values->count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no failed job %s on connection %s", uuid,
                       connection->settings->name);
    return 0;
}

static int run_failed(struct context *context, struct err *err)
{
    const char *uuid = context->options.arguments[0];
    bool is_grouped = options_given(&context->options, "group");
    if (uuid && (is_grouped || failed_filter_given(&context->options)))
        return err_set(err, ERR_INVALID, "give a UUID or a filter, not both");
    if (!context_open(context, options_text(&context->options, "queue", NULL), err))
        return -1;
    if (uuid)
        return show_failed(context, uuid, err);
    return is_grouped ? list_groups(context, err) : list_failed(context, err);
}

const struct cli_command command_failed = {
    .name = "queue:failed",
    .group = "failed jobs",
    .usage = "[UUID | --group] [--queue=NAME] [--class=JOB] [--text=TEXT] [--since=TIME] "
             "[--fingerprint=ID] [--limit=N]",
    .summary = "Lists failed jobs, newest first, shows one whole, or counts their kinds",
    .details =
        "Failures are of the same kind where the class is the same, and what the exception says "
        "but for\nnumbers, UUIDs and addresses in it. The fingerprint of a kind is taken by "
        "queue:retry and queue:forget too.",
    .options = failed_options,
    .examples =
        (const char *const[]){"queue:failed", "queue:failed --queue=emails --since=1h --json",
                              "queue:failed 0Ot8dWKs4vDfWqEn0TmQa", "queue:failed --group", NULL},
    .max_arguments = 1,
    .run = run_failed,
};
