/* SPDX-License-Identifier: MIT */

/* queue:explain: why a queue has as many workers as it has, and what would change that. */
#include "cli/commands/commands.h"

#include "cli/context.h"
#include "common/json.h"
#include "supervisor/control_client.h"

#define CALL_MS 10000

static const struct cli_option no_options[] = {OPTIONS_END};

/* A sentence on a number that may be missing. */
static void line_on(struct answer *answer, const cJSON *object, const char *name,
                    const char *format, const char *without)
{
    const cJSON *item = json_get(object, name);
    if (cJSON_IsNumber(item))
        answer_line(answer, format, item->valuedouble);
    else if (without)
        answer_line(answer, "%s", without);
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void say_inputs(struct answer *answer, const cJSON *inputs)
{
    answer_line(answer, "waiting    %.0f ready, %.0f reserved, %.0f delayed",
                number_of(inputs, "ready"), number_of(inputs, "reserved"),
                number_of(inputs, "delayed"));
    line_on(answer, inputs, "oldest_wait", "oldest     has waited for %.1f s", NULL);
    answer_line(answer, "workers    %.0f, of them %.0f starting; %.0f jobs run",
                number_of(inputs, "workers"), number_of(inputs, "starting"),
                number_of(inputs, "busy"));
    answer_line(answer, "a job      takes %.3g s, a start %.3g s", number_of(inputs, "job_time"),
                number_of(inputs, "boot_time"));
    const cJSON *minute = json_get(inputs, "last_minute");
    answer_line(answer,
                "a minute   %.3g jobs/s came, %.3g jobs/s were done, workers were busy %.0f %%",
                number_of(minute, "incoming_rate"), number_of(minute, "processing_rate"),
                number_of(minute, "avg_worker_utilization"));
}

static void say_change(struct answer *answer, const cJSON *told)
{
    const cJSON *change = json_get(told, "change");
    const char *cure = json_get_string(told, "cure", "");
    if (cure[0])
        answer_line(answer, "binds      %s", cure);
    line_on(answer, change, "one_more_at_ready", "one more   when %.0f jobs wait", NULL);
    line_on(answer, change, "one_more_at_rate", "           or when %.3g jobs/s come", NULL);
    line_on(answer, change, "fewer_in", "one fewer  in %.0f s, if all stays as it is", NULL);
}

static void say(struct answer *answer, const cJSON *told)
{
    answer_line(answer, "%s: %.0f workers (%.0f to %.0f), policy %s",
                json_get_string(told, "queue", ""), number_of(told, "target"),
                number_of(told, "min_workers"), number_of(told, "max_workers"),
                json_get_string(told, "policy", ""));
    answer_line(answer, "because    %s [%s]", json_get_string(told, "reason", ""),
                json_get_string(told, "term", ""));
    say_inputs(answer, json_get(told, "inputs"));
    say_change(answer, told);
}

/* For programs: the members as the master tells them. */
static void copy_members(struct fields *fields, const cJSON *told)
{
    static const char *const names[] = {
        "queue",           "scaled",      "policy",        "workers",       "running",
        "target",          "min_workers", "max_workers",   "max_wait_time", "term",
        "reason",          "cure",        "command_error", "order",         "steady_workers",
        "backlog_workers", "inputs",      "change",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = cJSON_PrintUnformatted(json_get(told, names[i]));
        fields_json(fields, names[i], text ? text : "null");
        cJSON_free(text);
    }
}

static int run_explain(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    cJSON *told = control_command(settings->muster.socket, "explain", context->options.arguments[0],
                                  CALL_MS, err);
    if (!told)
        return -1;
    copy_members(&context->answer.values, told);
    say(&context->answer, told);
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_explain = {
    .name = "queue:explain",
    .group = "scaling",
    .usage = "QUEUE",
    .summary = "Explains how many workers a queue has: from what, what binds, what would change it",
    .options = no_options,
    .examples = (const char *const[]){"queue:explain emails", "queue:explain emails --json", NULL},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_explain,
};
