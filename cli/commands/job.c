/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/output.h"
#include "common/json.h"
#include "common/mem.h"

/* Commands on single jobs, by their uuid, and on those that wait for their time. */

static const struct cli_option place_options[] = {QUEUE_OPTION, CONNECTION_OPTION, OPTIONS_END};

static const struct cli_option delayed_options[] = {
    QUEUE_OPTION,
    CONNECTION_OPTION,
    LIMIT_OPTION,
    OPTIONS_END,
};

static struct queue_connection *open_store(struct context *context, struct err *err)
{
    return context_open(context, options_text(&context->options, "queue", NULL), err);
}

/* --- cancel --- */

static int cancel_one(struct context *context, const char *uuid, struct err *err)
{
    enum cancel_result result;
    const struct queue_connection *connection = &context->connection;
    if (connection->driver->job_cancel(connection->store, uuid, &result, err) < 0)
        return -1;
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "uuid", uuid);
    fields_text(row, "result", result == CANCEL_REMOVED ? "removed" : "asked");
    return 0;
}

/* Goes on behind one that is not there. */
static int run_cancel(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    struct err missing = ERR_INIT;
    if (!open_store(context, err))
        return -1;
    answer_list(&context->answer, "cancelled");
    for (int i = 0; i < options->argument_count; i++) {
        struct err why = ERR_INIT;
        if (cancel_one(context, options->arguments[i], &why) == 0)
            continue;
        if (why.code != ERR_NOT_FOUND)
            return err_set(err, why.code, "%s", why.text);
        output_note("%s: there is no live job of this uuid", options->arguments[i]);
        err_set(&missing, ERR_NOT_FOUND, "there is no live job %s on connection %s",
                options->arguments[i], context->connection.settings->name);
    }
    return missing.code == ERR_NONE ? 0 : err_set(err, missing.code, "%s", missing.text);
}

const struct cli_command command_cancel = {
    .name = "queue:cancel",
    .is_audited = true,
    .group = "jobs",
    .usage = "UUID… [--queue=NAME] [--connection=NAME]",
    .summary = "Cancels jobs",
    .details =
        "A job that waits is removed. One that runs is asked to stop, which its worker learns "
        "within seconds:\nits handler is told, and ended (TERM, then KILL) when it has not "
        "answered after kill_timeout.",
    .options = place_options,
    .examples = (const char *const[]){"queue:cancel BSlV3IAJx6mPh2WvbY_0e", NULL},
    .min_arguments = 1,
    .max_arguments = -1,
    .run = run_cancel,
};

/* --- show --- */

/* JSON goes in as it is; what somebody has put into the store by other means may be anything. */
static void fields_value(struct fields *fields, const char *name, const struct json_slice *value)
{
    struct json_slice whole;
    if (!value->text) {
        fields_null(fields, name);
        return;
    }
    char *text = mem_strndup(value->text, value->length);
    if (json_scan(text, value->length, &whole, NULL) == 0)
        fields_json(fields, name, text);
    else
        fields_text(fields, name, text);
    free(text);
}

/* The attempts that did not succeed, a row each. */
static void add_history(struct answer *answer, const char *history)
{
    cJSON *list = history ? json_parse(history, strlen(history), NULL) : NULL;
    const cJSON *entry;
    answer_list(answer, "history");
    cJSON_ArrayForEach(entry, list)
    {
        struct fields *row = answer_row(answer);
        fields_integer(row, "attempt", json_get_integer(entry, "attempt", 0));
        fields_time(row, "ended_at", json_get_integer(entry, "at", 0));
        fields_text(row, "worker", json_get_string(entry, "worker", NULL));
        fields_text(row, "cause", json_get_string(entry, "cause", NULL));
        fields_text(row, "exception", json_get_string(entry, "exception", NULL));
    }
    cJSON_Delete(list);
}

static void add_limits(struct fields *fields, const struct job *job)
{
    fields_integer(fields, "priority", job->priority);
    fields_integer(fields, "attempts", job->attempts);
    if (job->max_attempts > 0)
        fields_integer(fields, "max_attempts", job->max_attempts);
    else
        fields_null(fields, "max_attempts");
    if (job->timeout_ms > 0)
        fields_number(fields, "timeout", (double)job->timeout_ms / 1000.);
    else
        fields_null(fields, "timeout");
}

static void add_progress(struct fields *fields, const struct job_view *view)
{
    if (view->progress >= 0)
        fields_number(fields, "progress", view->progress);
    else
        fields_null(fields, "progress");
    fields_text(fields, "progress_text", view->progress_text);
}

static int add_live(void *data, const struct job_view *view)
{
    static const char *const states[] = {
        [JOB_READY] = "ready", [JOB_RESERVED] = "running", [JOB_DELAYED] = "delayed"};
    struct context *context = data;
    struct fields *fields = &context->answer.values;
    const struct job *job = &view->job;
    fields_text(fields, "uuid", job->uuid);
    fields_text(fields, "connection", context->connection.settings->name);
    fields_text(fields, "queue", job->queue);
    fields_text(fields, "job", job->name);
    fields_text(fields, "state", view->is_cancelled ? "cancelling" : states[view->state]);
    add_limits(fields, job);
    fields_time(fields, "created_at", job->created_at_ms);
    fields_time(fields, "available_at", job->available_at_ms);
    fields_time(fields, "reserved_at", job->reserved_at_ms);
    fields_text(fields, "worker", job->reserved_by);
    fields_text(fields, "batch_uuid", job->batch_uuid);
    fields_text(fields, "unique_key", job->unique_key);
    add_progress(fields, view);
    fields_value(fields, "data", &job->data);
    fields_value(fields, "chain", &job->chain);
    add_history(&context->answer, view->history);
    return 0;
}

static int add_failed(void *data, const struct failed_job *failed)
{
    struct context *context = data;
    struct fields *fields = &context->answer.values;
    const struct json_slice payload = {.text = failed->payload, .length = strlen(failed->payload)};
    fields_text(fields, "uuid", failed->uuid);
    fields_text(fields, "connection", failed->connection);
    fields_text(fields, "queue", failed->queue);
    fields_text(fields, "job", failed->name);
    fields_text(fields, "state", "failed");
    fields_integer(fields, "attempts", failed->attempts);
    fields_text(fields, "cause", failed->cause);
    fields_text(fields, "worker", failed->worker);
    fields_text(fields, "batch_uuid", failed->batch_uuid);
    fields_time(fields, "failed_at", failed->failed_at_ms);
    fields_value(fields, "payload", &payload);
    fields_text(fields, "exception", failed->exception);
    add_history(&context->answer, failed->history);
    return 0;
}

static int run_show(struct context *context, struct err *err)
{
    const char *uuid = context->options.arguments[0];
    const struct queue_connection *connection = open_store(context, err);
    const struct job_filter live = {.uuid = uuid, .limit = 1};
    const struct failed_filter failed = {.uuid = uuid, .limit = 1};
    const struct fields *values = &context->answer.values;
    if (!connection ||
        connection->driver->job_list(connection->store, &live, add_live, context, err) < 0)
        return -1;
    if (values->count == 0 &&
        connection->driver->failed_list(connection->store, &failed, add_failed, context, err) < 0)
        return -1;
    if (values->count > 0)
        return 0;
    return err_set(err, ERR_NOT_FOUND,
                   "there is no job %s on connection %s; one that is done leaves nothing behind",
                   uuid, connection->settings->name);
}

const struct cli_command command_show = {
    .name = "queue:show",
    .group = "jobs",
    .usage = "UUID [--queue=NAME] [--connection=NAME]",
    .summary = "Shows one job: where it is, its progress, its data, its attempts",
    .options = place_options,
    .examples = (const char *const[]){"queue:show BSlV3IAJx6mPh2WvbY_0e", NULL},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_show,
};

/* --- delayed --- */

static int add_delayed(void *data, const struct job_view *view)
{
    struct context *context = data;
    const struct job *job = &view->job;
    struct fields *row = answer_row(&context->answer);
    fields_text(row, "uuid", job->uuid);
    fields_text(row, "queue", job->queue);
    fields_text(row, "job", job->name);
    fields_integer(row, "attempts", job->attempts);
    fields_time(row, "due_at", job->available_at_ms);
    int64_t left_ms = job->available_at_ms - clock_wall_ms(context->connection.clock);
    fields_number(row, "due_in", left_ms > 0 ? (double)left_ms / 1000. : 0.);
    return 0;
}

static int run_delayed(struct context *context, struct err *err)
{
    const enum job_state state = JOB_DELAYED;
    const struct queue_connection *connection = open_store(context, err);
    const struct job_filter filter = {
        .queue = options_text(&context->options, "queue", NULL),
        .state = &state,
        .limit = (size_t)options_number(&context->options, "limit", LIMIT_OPTION_DEFAULT),
    };
    if (!connection)
        return -1;
    answer_list(&context->answer, "delayed");
    if (connection->driver->job_list(connection->store, &filter, add_delayed, context, err) < 0)
        return -1;
    size_t count = context->answer.lists[0].count;
    if (count == 0)
        answer_line(&context->answer, "No delayed jobs.");
    else if (count == filter.limit && !options_given(&context->options, "limit"))
        output_note("these are the first %zu; --limit=N shows more", count);
    return 0;
}

const struct cli_command command_delayed = {
    .name = "queue:delayed",
    .group = "jobs",
    .usage = "[--queue=NAME] [--connection=NAME] [--limit=N]",
    .summary = "Lists the jobs that wait for their time, as they come due",
    .options = delayed_options,
    .examples = (const char *const[]){"queue:delayed", "queue:delayed --queue=emails --json", NULL},
    .max_arguments = 0,
    .run = run_delayed,
};
