/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <string.h>

#include "cli/context.h"
#include "supervisor/control_client.h"

#define CALL_MS 10000

/* As Nagios and its like have them. */
enum { EXIT_OK, EXIT_WARNING, EXIT_CRITICAL, EXIT_UNKNOWN };

static const struct cli_option alerts_options[] = {
    {.name = "history", .kind = OPTION_FLAG, .help = "list what was told lately, too"},
    OPTIONS_END,
};

static void add_alert(struct fields *row, const cJSON *alert)
{
    const cJSON *value = json_get(alert, "value"), *threshold = json_get(alert, "threshold");
    fields_text(row, "type", json_get_string(alert, "type", ""));
    fields_text(row, "severity", json_get_string(alert, "severity", ""));
    fields_text(row, "message", json_get_string(alert, "message", ""));
    fields_number(row, "value", cJSON_IsNumber(value) ? value->valuedouble : 0);
    fields_number(row, "threshold", cJSON_IsNumber(threshold) ? threshold->valuedouble : 0);
    fields_text(row, "queue", json_get_string(alert, "queue", NULL));
    fields_text(row, "connection", json_get_string(alert, "connection", NULL));
    fields_time(row, "since", json_get_integer(alert, "since", 0));
}

static int status_of(const cJSON *alert)
{
    const char *severity = json_get_string(alert, "severity", "");
    if (strcmp(severity, "error") == 0)
        return EXIT_CRITICAL;
    return strcmp(severity, "warning") == 0 ? EXIT_WARNING : EXIT_OK;
}

static void answer_history(struct answer *answer, const cJSON *history)
{
    const cJSON *event;
    answer_list(answer, "history");
    cJSON_ArrayForEach(event, history)
    {
        struct fields *row = answer_row(answer);
        fields_time(row, "time", json_get_integer(event, "time", 0));
        fields_text(row, "state", json_get_string(event, "state", ""));
        add_alert(row, event);
    }
}

static int answer_alerts(struct context *context, const cJSON *told)
{
    static const char *const names[] = {"OK", "WARNING", "CRITICAL"};
    const cJSON *alert, *alerts = json_get(told, "alerts");
    int status = EXIT_OK, count = cJSON_GetArraySize(alerts);
    struct answer *answer = &context->answer;
    cJSON_ArrayForEach(alert, alerts) status =
        status_of(alert) > status ? status_of(alert) : status;
    fields_text(&answer->values, "status", names[status]);
    answer_line(answer, "MUSTER %s: %d alerts", names[status], count);
    answer_list(answer, "alerts");
    cJSON_ArrayForEach(alert, alerts) add_alert(answer_row(answer), alert);
    if (options_given(&context->options, "history"))
        answer_history(answer, json_get(told, "history"));
    return status;
}

/* Where nobody can be asked nothing is known, and that is an answer too. */
static int run_check_alerts(struct context *context, struct err *err)
{
    const struct settings *settings = context_settings(context, err);
    if (!settings)
        return -1;
    struct err cause = ERR_INIT;
    cJSON *told = control_command(settings->muster.socket, "alerts", NULL, CALL_MS, &cause);
    if (!told) {
        fields_text(&context->answer.values, "status", "UNKNOWN");
        fields_text(&context->answer.values, "message", cause.text);
        answer_line(&context->answer, "MUSTER UNKNOWN: %s", cause.text);
        return EXIT_UNKNOWN;
    }
    int status = answer_alerts(context, told);
    cJSON_Delete(told);
    return status;
}

const struct cli_command command_check_alerts = {
    .name = "queue:check-alerts",
    .group = "monitoring",
    .usage = "[--history]",
    .summary = "Lists the alerts of the running musterd; for cron and Nagios",
    .details =
        "The exit status is 0 where there are none, 1 where the worst is a warning, 2 where it is\n"
        "an error, 3 where no musterd could be asked. [monitoring] and [notify:NAME] say what is\n"
        "worth an alert, and who is told of it without asking.",
    .options = alerts_options,
    .examples =
        (const char *const[]){"queue:check-alerts", "queue:check-alerts --history --json", NULL},
    .run = run_check_alerts,
};
