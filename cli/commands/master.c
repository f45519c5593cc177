/* SPDX-License-Identifier: MIT */

/* What only a running master knows, or does: asked over its control socket. */
#include "cli/commands/commands.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "cli/context.h"
#include "cli/output.h"
#include "common/clock.h"
#include "supervisor/control_client.h"

#define CALL_MS      10000
#define WAIT_STEP_US 20000
#define WATCH_MS     2000
#define MEGABYTE     (1024. * 1024.)

static cJSON *ask(struct context *context, const char *command, const char *queue, struct err *err)
{
    const char *socket = context_socket(context, err);
    return socket ? control_command(socket, command, queue, CALL_MS, err) : NULL;
}

/* For orders, whose answer says nothing more than that they were taken. */
static int order(struct context *context, const char *command, const char *queue, struct err *err)
{
    cJSON *answer = ask(context, command, queue, err);
    cJSON_Delete(answer);
    return answer ? 0 : -1;
}

/* --- queue:workers --- */

static const struct cli_option workers_options[] = {
    QUEUE_OPTION,
    SOCKET_OPTION,
    {.name = "jobs", .kind = OPTION_FLAG, .help = "list the jobs that run now, too"},
    {.name = "watch", .kind = OPTION_FLAG, .help = "show them again and again, until interrupted"},
    {.name = "interval",
     .kind = OPTION_DURATION,
     .value = "TIME",
     .help = "--watch: the pause between (default: 2s)",
     .min = 100,
     .max = 3600 * 1000},
    OPTIONS_END,
};

static void fields_pid(struct fields *fields, const cJSON *object)
{
    if (cJSON_IsNumber(json_get(object, "pid")))
        fields_integer(fields, "pid", json_get_integer(object, "pid", 0));
    else
        fields_null(fields, "pid");
}

static void fields_lower(struct fields *fields, const char *name, const char *text)
{
    char lower[32];
    size_t i = 0;
    for (; text[i] && i + 1 < sizeof lower; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    lower[i] = '\0';
    fields_text(fields, name, lower);
}

/* What it does, where it runs; otherwise the state of the process. */
static void fields_status(struct fields *fields, const cJSON *worker)
{
    const char *state = json_get_string(worker, "state", "");
    const char *status = json_get_string(worker, "status", "unknown");
    bool speaks = strcmp(state, "RUNNING") == 0 && strcmp(status, "unknown") != 0;
    fields_lower(fields, "status", speaks ? status : state);
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static void add_worker(struct answer *answer, const cJSON *worker)
{
    struct fields *row = answer_row(answer);
    fields_text(row, "id", json_get_string(worker, "id", ""));
    fields_text(row, "queue", json_get_string(worker, "queue", ""));
    fields_pid(row, worker);
    fields_status(row, worker);
    fields_number(row, "memory_usage", number_of(worker, "memory") / MEGABYTE);
    fields_number(row, "cpu_usage", number_of(worker, "cpu"));
    fields_integer(row, "jobs_processed", json_get_integer(worker, "jobs_processed", 0));
    fields_time(row, "started_at", json_get_integer(worker, "started_at", 0));
    fields_time(row, "last_heartbeat", json_get_integer(worker, "last_heartbeat", 0));
}

static void add_jobs(struct answer *answer, const cJSON *worker)
{
    const cJSON *job;
    cJSON_ArrayForEach(job, json_get(worker, "jobs"))
    {
        struct fields *row = answer_row(answer);
        fields_text(row, "worker", json_get_string(worker, "id", ""));
        fields_text(row, "queue", json_get_string(worker, "queue", ""));
        fields_text(row, "uuid", json_get_string(job, "uuid", ""));
        fields_integer(row, "attempt", json_get_integer(job, "attempt", 0));
        fields_number(row, "running", number_of(job, "running_ms") / 1000);
    }
}

static int answer_workers(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    cJSON *told = ask(context, "workers", queue, err);
    if (!told)
        return -1;
    const cJSON *worker, *workers = json_get(told, "workers");
    if (cJSON_GetArraySize(workers) == 0)
        answer_line(&context->answer, "no workers");
    answer_list(&context->answer, "workers");
    cJSON_ArrayForEach(worker, workers) add_worker(&context->answer, worker);
    if (options_given(&context->options, "jobs")) {
        answer_list(&context->answer, "jobs");
        cJSON_ArrayForEach(worker, workers) add_jobs(&context->answer, worker);
    }
    cJSON_Delete(told);
    return 0;
}

/* A terminal gets one picture in the place of the other, anything else one after the other. */
static int show_workers(struct context *context, struct err *err)
{
    answer_finish(&context->answer);
    context->answer = (struct answer){0};
    if (answer_workers(context, err) < 0)
        return -1;
    if (!context->json && isatty(STDOUT_FILENO))
        fputs("\033[H\033[2J", stdout);
    return output_answer(&context->answer, context->json, stdout, err);
}

static int run_workers(struct context *context, struct err *err)
{
    if (!options_given(&context->options, "watch"))
        return answer_workers(context, err);
    while (show_workers(context, err) == 0)
        usleep((useconds_t)options_number(&context->options, "interval", WATCH_MS) * 1000);
    return -1;
}

const struct cli_command command_workers = {
    .name = "queue:workers",
    .group = "workers",
    .usage = "[--queue=NAME] [--jobs] [--watch [--interval=TIME]] [--socket=PATH]",
    .summary = "Lists the workers of the running musterd",
    .details = "memory_usage is in MB, of the worker and its handlers; cpu_usage in percent of one "
               "processor between\nthe last two heartbeats; running in seconds.",
    .options = workers_options,
    .examples =
        (const char *const[]){"queue:workers", "queue:workers --queue=emails --jobs --json", NULL},
    .run = run_workers,
};

/* --- queue:restart --- */

static const struct cli_option restart_options[] = {QUEUE_OPTION, SOCKET_OPTION, OPTIONS_END};

static int run_restart(struct context *context, struct err *err)
{
    const char *queue = options_text(&context->options, "queue", NULL);
    if (order(context, "restart", queue, err) < 0)
        return -1;
    fields_boolean(&context->answer.values, "restarting", true);
    answer_line(&context->answer, "workers are being replaced; running jobs finish");
    return 0;
}

const struct cli_command command_restart = {
    .name = "queue:restart",
    .group = "workers",
    .usage = "[--queue=NAME] [--socket=PATH]",
    .summary = "Replaces the workers of the running musterd, gracefully",
    .details = "New workers start at once, the old ones finish their jobs and leave.",
    .options = restart_options,
    .examples = (const char *const[]){"queue:restart", "queue:restart --queue=emails", NULL},
    .run = run_restart,
};

/* --- master:status --- */

static const struct cli_option socket_options[] = {SOCKET_OPTION, OPTIONS_END};

static void fields_oldest(struct fields *row, const cJSON *metrics)
{
    if (cJSON_IsNumber(json_get(metrics, "oldest_ms")))
        fields_number(row, "oldest", number_of(metrics, "oldest_ms") / 1000);
    else
        fields_null(row, "oldest");
}

/* The figures as queue:stats names them; null before the first ones have come. */
static void fields_metrics(struct fields *row, const cJSON *metrics)
{
    static const char *const names[][2] = {{"pending", "ready"},
                                           {"reserved", "reserved"},
                                           {"delayed", "delayed"},
                                           {"failed", "failed"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (cJSON_IsObject(metrics))
            fields_integer(row, names[i][0], json_get_integer(metrics, names[i][1], 0));
        else
            fields_null(row, names[i][0]);
    }
    fields_oldest(row, metrics);
}

static void add_queue(struct answer *answer, const cJSON *queue)
{
    struct fields *row = answer_row(answer);
    fields_text(row, "queue", json_get_string(queue, "queue", ""));
    fields_integer(row, "wanted", json_get_integer(queue, "wanted", 0));
    fields_integer(row, "running", json_get_integer(queue, "running", 0));
    fields_metrics(row, json_get(queue, "metrics"));
}

static void fields_maintenance(struct fields *values, const cJSON *maintenance)
{
    struct fields *object = fields_object(values, "maintenance");
    fields_pid(object, maintenance);
    fields_lower(object, "state", json_get_string(maintenance, "state", ""));
    fields_integer(object, "unreturned", json_get_integer(maintenance, "unreturned", 0));
}

static int run_status(struct context *context, struct err *err)
{
    cJSON *told = ask(context, "status", NULL, err);
    if (!told)
        return -1;
    struct fields *values = &context->answer.values;
    fields_pid(values, told);
    fields_text(values, "version", json_get_string(told, "version", ""));
    fields_text(values, "state", json_get_string(told, "state", ""));
    fields_time(values, "started_at", json_get_integer(told, "started_at", 0));
    fields_text(values, "settings", json_get_string(told, "settings", ""));
    fields_integer(values, "generation", json_get_integer(told, "generation", 0));
    fields_maintenance(values, json_get(told, "maintenance"));
    answer_list(&context->answer, "queues");
    const cJSON *queue;
    cJSON_ArrayForEach(queue, json_get(told, "queues")) add_queue(&context->answer, queue);
    cJSON_Delete(told);
    return 0;
}

const struct cli_command command_master_status = {
    .name = "master:status",
    .group = "daemon",
    .usage = "[--socket=PATH]",
    .summary = "Shows the running musterd and its queues",
    .details = "The exit status is 4 where no musterd runs.",
    .options = socket_options,
    .examples = (const char *const[]){"master:status", "master:status --json", NULL},
    .run = run_status,
};

/* --- master:reload --- */

static int run_reload(struct context *context, struct err *err)
{
    cJSON *told = ask(context, "reload", NULL, err);
    if (!told)
        return -1;
    int64_t generation = json_get_integer(told, "generation", 0);
    cJSON_Delete(told);
    fields_integer(&context->answer.values, "generation", generation);
    answer_line(&context->answer, "the configuration has been read (generation %lld)",
                (long long)generation);
    return 0;
}

const struct cli_command command_master_reload = {
    .name = "master:reload",
    .group = "daemon",
    .usage = "[--socket=PATH]",
    .summary = "Lets musterd read its configuration again, and restart what has changed",
    .details =
        "A configuration that is wrong changes nothing: the message names file and line, and "
        "the exit status is 2.",
    .options = socket_options,
    .examples = (const char *const[]){"master:reload", NULL},
    .run = run_reload,
};

/* --- master:reopen-logs --- */

static int run_reopen_logs(struct context *context, struct err *err)
{
    if (order(context, "reopen-logs", NULL, err) < 0)
        return -1;
    fields_boolean(&context->answer.values, "reopened", true);
    answer_line(&context->answer, "the logs have been opened again");
    return 0;
}

const struct cli_command command_master_reopen_logs = {
    .name = "master:reopen-logs",
    .group = "daemon",
    .usage = "[--socket=PATH]",
    .summary = "Lets musterd and its children open their logs again, after they were moved away",
    .options = socket_options,
    .examples = (const char *const[]){"master:reopen-logs", NULL},
    .run = run_reopen_logs,
};

/* --- master:stop --- */

static const struct cli_option stop_options[] = {
    {.name = "wait", .letter = 'w', .kind = OPTION_FLAG, .help = "return when it has ended"},
    SOCKET_OPTION,
    OPTIONS_END,
};

/* It has ended when nobody answers any more; how long that takes is for its own limits to say. */
static int wait_for_end(struct context *context, struct err *err)
{
    for (;;) {
        struct err what = ERR_INIT;
        cJSON *answer = ask(context, "ping", NULL, &what);
        cJSON_Delete(answer);
        if (!answer)
            return what.code == ERR_UNAVAILABLE ? 0 : err_set(err, what.code, "%s", what.text);
        usleep(WAIT_STEP_US);
    }
}

static int run_stop(struct context *context, struct err *err)
{
    bool wait = options_given(&context->options, "wait");
    if (order(context, "stop", NULL, err) < 0 || (wait && wait_for_end(context, err) < 0))
        return -1;
    fields_boolean(&context->answer.values, "stopped", wait);
    answer_line(&context->answer,
                wait ? "musterd has ended" : "musterd stops; running jobs finish");
    return 0;
}

const struct cli_command command_master_stop = {
    .name = "master:stop",
    .group = "daemon",
    .usage = "[--wait] [--socket=PATH]",
    .summary = "Stops the running musterd",
    .details = "Workers finish their jobs first; a second time jobs are ended, a third time all is "
               "killed.\nA configuration that has become wrong since musterd was started does not "
               "keep it from being stopped:\nits socket is found in the file as long as that is an "
               "INI file, and is named with --socket otherwise.",
    .options = stop_options,
    .examples = (const char *const[]){"master:stop --wait", NULL},
    .run = run_stop,
};
