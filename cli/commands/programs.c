/* SPDX-License-Identifier: MIT */

/* What supervisorctl does to programs, with the same words. */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/programs.h"
#include "cli/progress.h"
#include "common/clock.h"

#define STEP_US 20000

#define NAMES_DETAILS                                                                              \
    "NAME is group:name, group:* for all of a group, the name of a program or of a group, a "      \
    "pattern for names\n(web-*), or all."

static const struct cli_option no_options[] = {OPTIONS_END};

/* --- status --- */

/* For programs that ask, who have room. */
static void add_details(struct fields *row, const cJSON *told)
{
    fields_text(row, "error", json_get_string(told, "error", NULL));
    fields_integer(row, "exit_status", json_get_integer(told, "exit_status", 0));
    fields_boolean(row, "out_of_memory", cJSON_IsTrue(json_get(told, "out_of_memory")));
    fields_text(row, "waits_for", json_get_string(told, "waits_for", NULL));
    fields_text(row, "health", json_get_string(told, "health", NULL));
    fields_text(row, "health_error", json_get_string(told, "health_error", NULL));
    fields_text(row, "ended_because", json_get_string(told, "ended_because", NULL));
    fields_text(row, "status_text", json_get_string(told, "status_text", NULL));
    fields_time(row, "next_run_at", json_get_integer(told, "next_run_at", 0));
}

static void add_program(const struct context *context, struct answer *answer, const cJSON *told)
{
    struct fields *row = answer_row(answer);
    char *name = programs_name(told);
    fields_text(row, "name", name);
    fields_text(row, "state", json_get_string(told, "state", ""));
    if (json_get_integer(told, "pid", 0) > 0)
        fields_integer(row, "pid", json_get_integer(told, "pid", 0));
    else
        fields_null(row, "pid");
    fields_text(row, "description", json_get_string(told, "description", ""));
    if (context->json)
        add_details(row, told);
    free(name);
}

static bool is_down(const cJSON *told)
{
    static const char *const states[] = {"STOPPED", "EXITED", "FATAL", "UNKNOWN"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(json_get_string(told, "state", ""), states[i]) == 0)
            return true;
    return false;
}

static int run_status(struct context *context, struct err *err)
{
    cJSON *told = programs_ask(context, programs_request(context, "programs", 0), err);
    if (!told)
        return -1;
    int status = 0;
    const cJSON *item;
    answer_list(&context->answer, "programs");
    cJSON_ArrayForEach(item, json_get(told, "programs"))
    {
        add_program(context, &context->answer, item);
        status = is_down(item) ? EXIT_NOT_RUNNING : status;
    }
    cJSON_ArrayForEach(item, json_get(told, "unknown"))
    {
        struct fields *row = answer_row(&context->answer);
        fields_text(row, "name", item->valuestring);
        fields_text(row, "state", "no such program");
        fields_null(row, "pid");
        fields_text(row, "description", "");
        status = EXIT_UNKNOWN;
    }
    cJSON_Delete(told);
    return status;
}

const struct cli_command command_status = {
    .name = "status",
    .group = "programs",
    .usage = "[NAME…]",
    .summary = "Shows programs and their states",
    .details = NAMES_DETAILS " The exit status is 3\nwhere one does not run, 4 where one is not "
                             "known or no musterd runs.",
    .options = no_options,
    .max_arguments = -1,
    .examples = (const char *const[]){"status", "status \"web-*\" --json", NULL},
    .run = run_status,
};

/* --- start, stop, restart, reload --- */

#define WAIT_MAX (INT64_C(365) * 86400 * 1000)
#define WAIT_OPTION                                                                                \
    {                                                                                              \
        .name = "wait", .letter = 'w', .kind = OPTION_DURATION, .value = "TIME", .max = WAIT_MAX,  \
        .help = "return after this time at the latest; 0: at once (default: when it is done)"      \
    }

static const struct cli_option wait_options[] = {WAIT_OPTION, OPTIONS_END};
static const struct cli_option rolling_options[] = {
    WAIT_OPTION,
    {.name = "at-once",
     .kind = OPTION_INTEGER,
     .value = "N",
     .max = 20000,
     .help = "so many at a time, the next ones when those are done (default: all)"},
    {.name = "rolling",
     .kind = OPTION_INTEGER,
     .value = "N",
     .bare = "1",
     .min = 1,
     .max = 20000,
     .help = "the same, but stop at the first one that fails (without =N: one at a time)"},
    OPTIONS_END,
};

static cJSON *look(struct context *context, const cJSON *operation, struct err *err)
{
    cJSON *request = programs_request(context, "operation", INT32_MAX);
    cJSON_AddNumberToObject(request, "operation", json_get_integer(operation, "operation", 0));
    return programs_ask(context, request, err);
}

/* Asks again until it is done; unknown names are told in the first answer alone. */
static cJSON *wait_until_done(struct context *context, cJSON *answer, struct err *err)
{
    int64_t wait = options_number(&context->options, "wait", WAIT_MAX);
    int64_t deadline = clock_monotonic_ms(&clock_system) + wait;
    cJSON *unknown = cJSON_DetachItemFromObjectCaseSensitive(answer, "unknown");
    struct progress progress;
    progress_init(&progress, "programs", context->json);
    while (answer && !json_get_bool(answer, "done", false) &&
           clock_monotonic_ms(&clock_system) < deadline) {
        usleep(STEP_US);
        cJSON *next = look(context, answer, err);
        cJSON_Delete(answer);
        answer = next;
        progress_update(&progress, (uint64_t)cJSON_GetArraySize(json_get(answer, "results")),
                        (uint64_t)json_get_integer(answer, "count", 0));
    }
    progress_end(&progress);
    if (answer)
        cJSON_AddItemToObject(answer, "unknown", unknown);
    else
        cJSON_Delete(unknown);
    return answer;
}

static void add_width(const struct context *context, cJSON *request)
{
    const struct options *options = &context->options;
    bool is_rolling = options_given(options, "rolling");
    cJSON_AddNumberToObject(request, "at_once",
                            (double)options_number(options, is_rolling ? "rolling" : "at-once", 0));
    cJSON_AddBoolToObject(request, "stop_at_failure", is_rolling);
}

static int operate(struct context *context, const char *command, const char *done, struct err *err)
{
    cJSON *request = programs_request(context, command, 0);
    bool is_restart = strcmp(command, "programs-restart") == 0;
    bool is_for_all =
        context->options.argument_count == 1 && strcmp(context->options.arguments[0], "all") == 0;
    if (is_restart || strcmp(command, "programs-reload") == 0)
        add_width(context, request);
    cJSON_AddBoolToObject(request, "only_needed", is_for_all && !is_restart);
    cJSON *answer = programs_ask(context, request, err);
    if (answer)
        answer = wait_until_done(context, answer, err);
    if (!answer)
        return -1;
    int status = programs_answer_results(context, answer, done);
    cJSON_Delete(answer);
    return status;
}

static int run_start(struct context *context, struct err *err)
{
    return operate(context, "programs-start", "started", err);
}

static int run_stop(struct context *context, struct err *err)
{
    return operate(context, "programs-stop", "stopped", err);
}

static int run_restart(struct context *context, struct err *err)
{
    return operate(context, "programs-restart", "restarted", err);
}

const struct cli_command command_start = {
    .name = "start",
    .group = "programs",
    .usage = "[--wait=TIME] NAME…",
    .summary = "Starts programs",
    .details = NAMES_DETAILS " The exit status is 7\nwhere one could not be started.",
    .options = wait_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"start web:web-1", "start all --wait=10s", NULL},
    .run = run_start,
};

const struct cli_command command_stop = {
    .name = "stop",
    .group = "programs",
    .usage = "[--wait=TIME] NAME…",
    .summary = "Stops programs",
    .details = NAMES_DETAILS,
    .options = wait_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"stop \"web-*\"", "stop web db --wait=0", NULL},
    .run = run_stop,
};

const struct cli_command command_restart_programs = {
    .name = "restart",
    .group = "programs",
    .usage = "[--at-once=N | --rolling[=N]] [--wait=TIME] NAME…",
    .summary = "Restarts programs, all together or a few at a time",
    .details =
        NAMES_DETAILS " A program\nruns when it is ready (key `ready`). The exit status is 7 "
                      "where one could not be started.",
    .options = rolling_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"restart --rolling=2 \"web-*\"", "restart web --at-once=1",
                                      "restart all", NULL},
    .run = run_restart,
};

/* supervisorctl's, which takes no names. */
static int start_over(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    if (options_given(options, "wait") || options_given(options, "at-once") ||
        options_given(options, "rolling"))
        return err_set(err, ERR_INVALID,
                       "without names musterd begins anew, and that takes no options; write muster "
                       "reload NAME… for programs");
    cJSON *answer = programs_ask(context, programs_request(context, "start-over", 0), err);
    if (!answer)
        return -1;
    cJSON_Delete(answer);
    fields_boolean(&context->answer.values, "restarting", true);
    answer_line(&context->answer,
                "musterd stops everything and begins anew with its configuration");
    return 0;
}

static int run_reload(struct context *context, struct err *err)
{
    return context->options.argument_count == 0
               ? start_over(context, err)
               : operate(context, "programs-reload", "reloaded", err);
}

const struct cli_command command_reload = {
    .name = "reload",
    .group = "programs",
    .usage = "[[--at-once=N | --rolling[=N]] [--wait=TIME] NAME…]",
    .summary = "Lets programs read their own configuration again, or musterd begin anew",
    .details =
        "With names it does what the keys reload_command and reload_signal of those programs say; "
        "they go on\nrunning. " NAMES_DETAILS
        "\nThe exit status is 7 where one does not run, 1 where its reload_command fails.\n"
        "Without names it is supervisorctl's reload: everything is stopped, and musterd begins "
        "anew "
        "with its\nconfiguration. To restart only what has changed: `muster update` for "
        "programs,\n`muster master:reload` for all. A wrong configuration is refused.",
    .options = rolling_options,
    .max_arguments = -1,
    .examples = (const char *const[]){"reload nginx", "reload --rolling \"web-*\"", "reload", NULL},
    .run = run_reload,
};

/* --- signal, clear --- */

static int run_signal(struct context *context, struct err *err)
{
    cJSON *request = programs_request(context, "programs-signal", 1);
    cJSON_AddStringToObject(request, "signal", context->options.arguments[0]);
    cJSON *answer = programs_ask(context, request, err);
    if (!answer)
        return -1;
    int status = programs_answer_results(context, answer, "signalled");
    cJSON_Delete(answer);
    return status;
}

const struct cli_command command_signal = {
    .name = "signal",
    .group = "programs",
    .usage = "SIGNAL NAME…",
    .summary = "Sends a signal to programs",
    .details = NAMES_DETAILS,
    .options = no_options,
    .min_arguments = 2,
    .max_arguments = -1,
    .examples = (const char *const[]){"signal USR1 \"web-*\"", NULL},
    .run = run_signal,
};

static int run_clear(struct context *context, struct err *err)
{
    cJSON *answer = programs_ask(context, programs_request(context, "programs-clear", 0), err);
    if (!answer)
        return -1;
    int status = programs_answer_results(context, answer, "cleared");
    cJSON_Delete(answer);
    return status;
}

const struct cli_command command_clear = {
    .name = "clear",
    .group = "programs",
    .usage = "NAME…",
    .summary = "Begins the logs of programs anew",
    .details = NAMES_DETAILS,
    .options = no_options,
    .min_arguments = 1,
    .max_arguments = -1,
    .examples = (const char *const[]){"clear web", "clear all", NULL},
    .run = run_clear,
};

/* --- pid --- */

static int run_pid(struct context *context, struct err *err)
{
    bool is_of_master = context->options.argument_count == 0;
    const char *command = is_of_master ? "ping" : "programs";
    cJSON *told = programs_ask(context, programs_request(context, command, 0), err);
    if (!told)
        return -1;
    if (is_of_master) {
        fields_integer(&context->answer.values, "pid", json_get_integer(told, "pid", 0));
        answer_line(&context->answer, "%lld", (long long)json_get_integer(told, "pid", 0));
    }
    const cJSON *item;
    answer_list(&context->answer, "programs");
    cJSON_ArrayForEach(item, json_get(told, "programs"))
        add_program(context, &context->answer, item);
    bool knows_all = cJSON_GetArraySize(json_get(told, "unknown")) == 0;
    cJSON_Delete(told);
    return knows_all ? 0 : 1;
}

const struct cli_command command_pid = {
    .name = "pid",
    .group = "programs",
    .usage = "[NAME…]",
    .summary = "Shows the pid of musterd, or those of programs",
    .details = NAMES_DETAILS,
    .options = no_options,
    .max_arguments = -1,
    .examples = (const char *const[]){"pid", "pid web:web-1", NULL},
    .run = run_pid,
};
