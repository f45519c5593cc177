/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/failed_jobs.h"
#include "cli/output.h"
#include "common/json.h"
#include "common/mem.h"
#include "queue/exception.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000000

static const struct cli_option failed_options[] = {
    FILTER_OPTIONS,
    {.name = "limit",
     .letter = 'n',
     .kind = OPTION_INTEGER,
     .value = "N",
     .min = 1,
     .max = LIMIT_MAX,
     .help = "show at most so many (default: 100)"},
    OPTIONS_END,
};

/* --- the list --- */

/* Programs get it whole. */
static void fields_exception(struct fields *row, const char *text, bool whole)
{
    if (whole) {
        fields_text(row, "exception", text);
        return;
    }
    size_t length = exception_line(&text);
    char *line = mem_strndup(text, length);
    fields_text(row, "exception", line);
    free(line);
}

static int add_row(void *data, const struct failed_job *failed)
{
    struct context *context = data;
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "uuid", failed->uuid);
    fields_text(row, "queue", failed->queue);
    fields_text(row, "job", failed->name);
    fields_integer(row, "attempts", failed->attempts);
    fields_text(row, "cause", failed->cause);
    fields_time(row, "failed_at", failed->failed_at_ms);
    fields_exception(row, failed->exception, context->json);
    return 0;
}

static int list_failed(struct context *context, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    struct failed_filter filter = failed_filter_from_options(&context->options);
    filter.limit = (size_t)options_number(&context->options, "limit", LIMIT_DEFAULT);
    answer_list(&context->answer, "failed");
    if (connection->driver->failed_list(connection->store, &filter, add_row, context, err) < 0)
        return -1;
    size_t count = context->answer.lists[0].count;
    if (count == 0)
        answer_line(&context->answer, "No failed jobs.");
    else if (count == filter.limit && !options_given(&context->options, "limit"))
        output_note("these are the newest %zu; --limit=N shows more", count);
    return 0;
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
    fields_text(fields, "uuid", failed->uuid);
    fields_text(fields, "connection", failed->connection);
    fields_text(fields, "queue", failed->queue);
    fields_text(fields, "job", failed->name);
    fields_integer(fields, "attempts", failed->attempts);
    fields_text(fields, "cause", failed->cause);
    fields_text(fields, "worker", failed->worker);
    fields_text(fields, "batch_uuid", failed->batch_uuid);
    fields_time(fields, "failed_at", failed->failed_at_ms);
    fields_payload(fields, failed->payload);
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
    if (uuid && failed_filter_given(&context->options))
        return err_set(err, ERR_INVALID, "give a UUID or a filter, not both");
    if (!context_open(context, options_text(&context->options, "queue", NULL), err))
        return -1;
    return uuid ? show_failed(context, uuid, err) : list_failed(context, err);
}

const struct cli_command command_failed = {
    .name = "queue:failed",
    .group = "failed jobs",
    .usage = "[UUID] [--queue=NAME] [--class=JOB] [--text=TEXT] [--since=TIME] [--limit=N]",
    .summary = "Lists failed jobs, newest first, or shows one whole",
    .options = failed_options,
    .examples =
        (const char *const[]){"queue:failed", "queue:failed --queue=emails --since=1h --json",
                              "queue:failed 0Ot8dWKs4vDfWqEn0TmQa", NULL},
    .max_arguments = 1,
    .run = run_failed,
};
