/* SPDX-License-Identifier: MIT */

/* The autoscaler of the running musterd: orders, the switch, what it does and why. */
#include "cli/commands/commands.h"

#include <math.h>
#include <string.h>

#include "cli/context.h"
#include "common/clock.h"
#include "supervisor/control_client.h"
#include "supervisor/scaling/diary.h"

#define CALL_MS 10000
#define YEAR_MS (INT64_C(366) * 24 * 3600 * 1000)

/* Asks the master; request is taken over. */
static cJSON *ask(struct context *context, cJSON *request, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    char *text = cJSON_PrintUnformatted(request);
    cJSON *answer = settings ? control_call(settings->muster.socket, text, CALL_MS, err) : NULL;
    cJSON_free(text);
    cJSON_Delete(request);
    return answer;
}

static cJSON *request_for(const char *command, const char *queue)
{
    cJSON *request = cJSON_CreateObject();
    cJSON_AddStringToObject(request, "command", command);
    if (queue)
        cJSON_AddStringToObject(request, "queue", queue);
    return request;
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void copy_number(struct fields *fields, const char *name, const cJSON *object)
{
    const cJSON *item = json_get(object, name);
    if (!cJSON_IsNumber(item))
        fields_null(fields, name);
    else if (item->valuedouble == floor(item->valuedouble))
        fields_integer(fields, name, (int64_t)item->valuedouble);
    else
        fields_number(fields, name, item->valuedouble);
}

static void copy_text(struct fields *fields, const char *name, const cJSON *object)
{
    fields_text(fields, name, json_get_string(object, name, ""));
}

/* --- queue:scale --- */

static const struct cli_option scale_options[] = {
    {.name = "workers",
     .letter = 'w',
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "how many workers the queue shall have",
     .max = 1000},
    {.name = "reason", .kind = OPTION_TEXT, .value = "TEXT", .help = "is kept in the history"},
    {.name = "for",
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "for how long, e.g. 1h; then the policy decides again",
     .min = 1000,
     .max = YEAR_MS},
    {.name = "force",
     .kind = OPTION_FLAG,
     .help = "also beyond min_workers and max_workers of the queue"},
    OPTIONS_END,
};

static cJSON *scale_request(const struct options *options)
{
    cJSON *request = request_for("scale", options->arguments[0]);
    const char *reason = options_text(options, "reason", NULL);
    cJSON_AddNumberToObject(request, "workers", (double)options_number(options, "workers", 0));
    cJSON_AddNumberToObject(request, "for_ms", (double)options_number(options, "for", 0));
    cJSON_AddBoolToObject(request, "force", options_given(options, "force"));
    if (reason)
        cJSON_AddStringToObject(request, "reason", reason);
    return request;
}

static int run_scale(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    if (!options_given(options, "workers"))
        return err_set(err, ERR_INVALID, "say how many: muster queue:scale %s --workers=5",
                       options->arguments[0]);
    cJSON *told = ask(context, scale_request(options), err);
    if (!told)
        return -1;
    struct fields *values = &context->answer.values;
    copy_text(values, "queue", told);
    copy_number(values, "from", told);
    copy_number(values, "to", told);
    copy_text(values, "reason", told);
    answer_line(&context->answer, "%s: %.0f -> %.0f workers: %s",
                json_get_string(told, "queue", ""), number_of(told, "from"), number_of(told, "to"),
                json_get_string(told, "reason", ""));
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_scale = {
    .name = "queue:scale",
    .group = "scaling",
    .usage = "QUEUE --workers=N [--reason=TEXT] [--for=TIME] [--force]",
    .summary = "Gives a queue so many workers, whatever its policy says",
    .details =
        "Passes over policy, guards and cooldown; min_workers and max_workers are kept unless "
        "--force is\ngiven, max_total_workers always. Holds until the time of --for has passed, "
        "until\n`queue:autoscale on QUEUE`, or until musterd ends. Running jobs finish.",
    .options = scale_options,
    .examples = (const char *const[]){"queue:scale emails --workers=5",
                                      "queue:scale images --workers=3 --for=1h "
                                      "--reason=\"image batch\"",
                                      NULL},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_scale,
};

/* --- queue:autoscale --- */

static const struct cli_option no_options[] = {OPTIONS_END};

static void add_queue(struct answer *answer, const cJSON *queue)
{
    struct fields *row = answer_row(answer);
    copy_text(row, "queue", queue);
    copy_text(row, "policy", queue);
    copy_number(row, "workers", queue);
    copy_number(row, "running", queue);
    copy_number(row, "target", queue);
    copy_number(row, "min_workers", queue);
    copy_number(row, "max_workers", queue);
    copy_text(row, "term", queue);
    copy_text(row, "reason", queue);
}

/* Of all stores together: the one that matters is the one with other hosts. */
static void add_stores(struct answer *answer, const cJSON *told)
{
    const cJSON *store;
    answer_list(answer, "stores");
    cJSON_ArrayForEach(store, json_get(told, "stores"))
    {
        struct fields *row = answer_row(answer);
        copy_text(row, "connection", store);
        fields_boolean(row, "decides_here", json_get_bool(store, "leads", false));
        fields_integer(row, "other_hosts", cJSON_GetArraySize(json_get(store, "other_hosts")));
    }
}

static int show_status(struct context *context, struct err *err)
{
    cJSON *told = ask(context, request_for("scaling", NULL), err);
    if (!told)
        return -1;
    struct answer *answer = &context->answer;
    const cJSON *queue;
    fields_boolean(&answer->values, "enabled", json_get_bool(told, "enabled", false));
    copy_text(&answer->values, "state", told);
    copy_text(&answer->values, "host", told);
    copy_text(&answer->values, "host_full", told);
    copy_number(&answer->values, "max_total_workers", told);
    answer_list(answer, "queues");
    cJSON_ArrayForEach(queue, json_get(told, "queues")) add_queue(answer, queue);
    add_stores(answer, told);
    cJSON_Delete(told);
    return 0;
}

static int set_state(struct context *context, const char *state, const char *queue, struct err *err)
{
    cJSON *request = request_for("scaling-switch", queue);
    cJSON_AddStringToObject(request, "state", state);
    cJSON *told = ask(context, request, err);
    if (!told)
        return -1;
    bool on = strcmp(state, "on") == 0;
    copy_text(&context->answer.values, "state", told);
    if (queue)
        answer_line(&context->answer, "%s: %s", queue,
                    on ? "the policy decides" : "all stays as it is");
    else
        answer_line(&context->answer, "%s",
                    on ? "scaling is on" : "scaling is off: all stays as it is");
    cJSON_Delete(told);
    return 0;
}

static void add_action(struct answer *answer, const cJSON *action)
{
    static const char *const names[] = {"queue_size", "avg_worker_utilization", "processing_rate",
                                        "incoming_rate", "avg_wait_time"};
    struct fields *row = answer_row(answer);
    copy_text(row, "queue", action);
    copy_text(row, "action", action);
    copy_number(row, "from", action);
    copy_number(row, "to", action);
    copy_text(row, "reason", action);
    struct fields *metrics = fields_object(row, "metrics");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        fields_number(metrics, names[i], number_of(json_get(action, "metrics"), names[i]));
}

static int decide_now(struct context *context, struct err *err)
{
    cJSON *told = ask(context, request_for("scaling-run", NULL), err);
    if (!told)
        return -1;
    const cJSON *action, *actions = json_get(told, "actions");
    if (cJSON_GetArraySize(actions) == 0)
        answer_line(&context->answer, "nothing is to be changed");
    answer_list(&context->answer, "actions");
    cJSON_ArrayForEach(action, actions) add_action(&context->answer, action);
    cJSON_Delete(told);
    return 0;
}

static int run_autoscale(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    const char *what = options->argument_count > 0 ? options->arguments[0] : "status";
    const char *queue = options->argument_count > 1 ? options->arguments[1] : NULL;
    if (strcmp(what, "on") == 0 || strcmp(what, "off") == 0)
        return set_state(context, what, queue, err);
    if (queue)
        return err_set(err, ERR_INVALID, "%s takes no queue", what);
    if (strcmp(what, "status") == 0)
        return show_status(context, err);
    if (strcmp(what, "run") == 0)
        return decide_now(context, err);
    return err_set(err, ERR_INVALID, "%s: must be one of on, off, status, run", what);
}

const struct cli_command command_autoscale = {
    .name = "queue:autoscale",
    .group = "scaling",
    .usage = "[status|on [QUEUE]|off [QUEUE]|run]",
    .summary = "Shows the autoscaler of the running musterd, switches it, or lets it decide now",
    .details = "off: all queues, or one, stay as they are. on: policies decide again, and orders "
               "of queue:scale end\nwhere a queue is named; where [auto_scaling] is not enabled, "
               "it is until musterd ends. musterd is the\nautoscaler's daemon: there is no other "
               "to be started.",
    .options = no_options,
    .examples = (const char *const[]){"queue:autoscale", "queue:autoscale off emails",
                                      "queue:autoscale on", "queue:autoscale run --json", NULL},
    .max_arguments = 2,
    .run = run_autoscale,
};

/* --- queue:scaling-history --- */

static const struct cli_option history_options[] = {
    {.name = "limit",
     .letter = 'n',
     .kind = OPTION_INTEGER,
     .value = "N",
     .help = "the last N entries (default 50)",
     .min = 1,
     .max = DIARY_LINES_MAX},
    OPTIONS_END,
};

static void add_entry(struct answer *answer, const cJSON *entry)
{
    struct fields *row = answer_row(answer);
    copy_text(row, "queue", entry);
    copy_number(row, "timestamp", entry);
    fields_time(row, "time", (int64_t)number_of(entry, "timestamp") * 1000);
    copy_number(row, "from_workers", entry);
    copy_number(row, "to_workers", entry);
    copy_text(row, "term", entry);
    copy_text(row, "reason", entry);
}

/* From the file: it is there without a musterd, too. */
static int run_history(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    const char *queue = options->argument_count > 0 ? options->arguments[0] : NULL;
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    cJSON *list = diary_read(settings->muster.datadir, queue,
                             (size_t)options_number(options, "limit", 50), err);
    if (!list)
        return -1;
    const cJSON *entry;
    if (cJSON_GetArraySize(list) == 0)
        answer_line(&context->answer, "nothing has been scaled yet");
    answer_list(&context->answer, "history");
    cJSON_ArrayForEach(entry, list) add_entry(&context->answer, entry);
    cJSON_Delete(list);
    return 0;
}

const struct cli_command command_scaling_history = {
    .name = "queue:scaling-history",
    .group = "scaling",
    .usage = "[QUEUE] [--limit=N]",
    .summary = "Lists how the numbers of workers were changed, and why",
    .details = "Read from the data directory, so that it is there over restarts of musterd. "
               "Workers are counted over\nall hosts that share a store.",
    .options = history_options,
    .examples = (const char *const[]){"queue:scaling-history",
                                      "queue:scaling-history emails --limit=10 --json", NULL},
    .max_arguments = 1,
    .run = run_history,
};
