/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/context.h"
#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/uuid.h"
#include "queue/job_class.h"

#define PUSH_OPTIONS                                                                                   \
    QUEUE_OPTION, CONNECTION_OPTION, BATCH_OPTION,                                                     \
        {.name = "priority",                                                                           \
         .letter = 'p',                                                                                \
         .kind = OPTION_INTEGER,                                                                       \
         .value = "N",                                                                                 \
         .min = -JOB_PRIORITY_MAX,                                                                     \
         .max = JOB_PRIORITY_MAX,                                                                      \
         .help = "higher runs first (default: 0)"},                                                    \
        {.name = "tries",                                                                              \
         .kind = OPTION_INTEGER,                                                                       \
         .value = "N",                                                                                 \
         .min = 1,                                                                                     \
         .max = JOB_ATTEMPTS_MAX,                                                                      \
         .help = "attempts before the job has failed (default: what the queue says)"},                 \
        {.name = "timeout",                                                                            \
         .kind = OPTION_DURATION,                                                                      \
         .value = "TIME",                                                                              \
         .min = 1,                                                                                     \
         .max = JOB_TIMEOUT_MAX * 1000LL,                                                              \
         .help = "how long it may run, e.g. 90 or 5m (default: what the queue says)"},                 \
        {.name = "traceparent",                                                                        \
         .kind = OPTION_TEXT,                                                                          \
         .value = "TEXT",                                                                              \
         .help = "W3C trace context for the handler (default: $TRACEPARENT)"},                         \
        {.name = "uuid",                                                                               \
         .kind = OPTION_TEXT,                                                                          \
         .value = "UUID",                                                                              \
         .help =                                                                                       \
             "its identifier; pushing one that is there changes nothing (default: a new one)"},        \
        {.name = "unique",                                                                             \
         .kind = OPTION_TEXT,                                                                          \
         .value = "KEY",                                                                               \
         .help = "refuse it while a live job holds this key"},                                         \
        {.name = "unique-until",                                                                       \
         .kind = OPTION_TEXT,                                                                          \
         .value = "done|started",                                                                      \
         .help = "how long it holds the key: until it has ended, or has started (default: done)"},     \
        {.name = "unique-for",                                                                         \
         .kind = OPTION_DURATION,                                                                      \
         .value = "TIME",                                                                              \
         .min = 1,                                                                                     \
         .max = JOB_DELAY_MAX * 1000LL,                                                                \
         .help = "the same as a time from now on"},                                                    \
        {.name = "chain",                                                                              \
         .kind = OPTION_LIST,                                                                          \
         .value = "JSON",                                                                              \
         .help = "a job that is pushed when this one is done, {\"job\": …, \"data\": …}; several " \
                 "follow one another"},                                                                \
    {                                                                                                  \
        .name = "data-file", .kind = OPTION_TEXT, .value = "FILE", .help = "read DATA from a file"     \
    }

#define DELAY_ROW                                                                                  \
    {                                                                                              \
        .name = "delay", .kind = OPTION_DURATION, .value = "TIME", .max = JOB_DELAY_MAX * 1000LL,  \
        .help = "wait so long, e.g. 300, 5m or 1h"                                                 \
    }

static const struct cli_option push_options[] = {PUSH_OPTIONS, DELAY_ROW, OPTIONS_END};
static const struct cli_option later_options[] = {PUSH_OPTIONS, OPTIONS_END};
static const struct cli_option delay_row = DELAY_ROW;

/* --- data --- */

static char *read_standard_input(size_t *length, struct err *err)
{
    struct buf buf;
    buf_init(&buf, JOB_DATA_MAX + 1);
    ssize_t got;
    while ((got = buf_read(&buf, STDIN_FILENO, JOB_DATA_MAX + 1)) > 0 ||
           (got < 0 && errno == EINTR))
        ;
    if (got == 0 && buf.length <= JOB_DATA_MAX) {
        *length = buf.length;
        return buf_steal(&buf);
    }
    if (got < 0 && errno != ENOBUFS)
        err_errno(err, errno, "standard input");
    else
        err_set(err, ERR_LIMIT, "standard input: a job's data is at most %u bytes", JOB_DATA_MAX);
    buf_finish(&buf);
    return NULL;
}

/* The data of a push: DATA, "-", --data-file, or {} where none is given. malloc'd; NULL with err.
 */
static char *read_data(const struct options *options, const char *argument, size_t *length,
                       struct err *err)
{
    const char *file = options_text(options, "data-file", NULL);
    if (file && argument) {
        err_set(err, ERR_INVALID, "give DATA or --data-file, not both");
        return NULL;
    }
    char *text = NULL;
    if (file)
        return fd_read_file(file, JOB_DATA_MAX, &text, length, err) < 0 ? NULL : text;
    if (argument && strcmp(argument, "-") == 0)
        return read_standard_input(length, err);
    text = mem_strdup(argument ? argument : "{}");
    *length = strlen(text);
    return text;
}

/* --- push --- */

static int push(struct context *context, struct job *job, struct err *err)
{
    struct queue_connection *connection = context_open(context, job->queue, err);
    char made[UUID_SIZE];
    enum push_result result;
    if (!connection || queue_push(connection, job, made, &result, err) < 0)
        return -1;
    if (result == PUSH_DUPLICATE)
        return err_set(err, ERR_CONFLICT, "a live job holds the unique key %s", job->unique_key);
    struct fields *values = &context->answer.values;
    fields_text(values, "uuid", job->uuid);
    fields_text(values, "queue", job->queue);
    fields_text(values, "connection", connection->settings->name);
    answer_line(&context->answer, "%s", job->uuid);
    return 0;
}

static int read_unique(const struct options *options, struct job *job, struct err *err)
{
    const char *until = options_text(options, "unique-until", NULL);
    bool has_time = options_given(options, "unique-for");
    job->unique_key = options_text(options, "unique", NULL);
    if (!job->unique_key && (until || has_time))
        return err_set(err, ERR_INVALID, "give --unique=KEY with --unique-until or --unique-for");
    if (until && has_time)
        return err_set(err, ERR_INVALID, "give --unique-until or --unique-for, not both");
    if (until && strcmp(until, "done") != 0 && strcmp(until, "started") != 0)
        return err_set(err, ERR_INVALID, "--unique-until: write done or started");
    if (!job->unique_key)
        return 0;
    job->unique_until = has_time                                 ? UNIQUE_TIME
                        : until && strcmp(until, "started") == 0 ? UNIQUE_STARTED
                                                                 : UNIQUE_DONE;
    job->unique_ms = options_number(options, "unique-for", 0);
    return 0;
}

/* The chain as an array, in text; each of its jobs is checked with the whole. */
static int read_chain(const struct options *options, struct buf *text, struct job *job,
                      struct err *err)
{
    size_t count;
    const char *const *jobs = options_list(options, "chain", &count);
    for (size_t i = 0; i < count; i++) {
        struct json_slice one;
        if (json_scan(jobs[i], strlen(jobs[i]), &one, err) < 0)
            return err_prefix(err, "--chain");
        if (buf_text_append(text, i > 0 ? "," : "[") < 0 || buf_text_append(text, jobs[i]) < 0)
            return err_set(err, ERR_LIMIT, "--chain: together they are too long");
    }
    if (count == 0)
        return 0;
    buf_text_append(text, "]");
    job->chain = (struct json_slice){buf_text(text), text->length, JSON_ARRAY};
    return 0;
}

/* What the job does not say by an option, its class may. */
static int push_with_defaults(struct context *context, struct job *job, struct err *err)
{
    const struct job_defaults defaults = {.queue = context_queue(context),
                                          .settings = context_settings(context, err)};
    if (!defaults.settings)
        return -1;
    struct arena arena = {0};
    int result = job_check_data(job, err);
    if (result == 0)
        result = job_apply_defaults(job, options_given(&context->options, "priority"), &defaults,
                                    &arena, err);
    if (result == 0)
        result = push(context, job, err);
    arena_finish(&arena);
    return result;
}

static int push_job(struct context *context, const char *name, const char *data, int64_t delay_ms,
                    struct err *err)
{
    const struct options *options = &context->options;
    size_t length;
    char *text = read_data(options, data, &length, err);
    if (!text)
        return -1;
    struct job job = {
        .uuid = options_text(options, "uuid", NULL),
        .queue = options_text(options, "queue", NULL),
        .batch_uuid = options_text(options, "batch", NULL),
        .name = name,
        .data = {.text = text, .length = length},
        .traceparent = options_text(options, "traceparent", getenv("TRACEPARENT")),
        .priority = (int)options_number(options, "priority", 0),
        .max_attempts = (int)options_number(options, "tries", 0),
        .timeout_ms = options_number(options, "timeout", 0),
        .delay_ms = delay_ms,
    };
    struct buf chain;
    buf_init(&chain, JOB_DATA_MAX);
    int result = read_unique(options, &job, err);
    if (result == 0)
        result = read_chain(options, &chain, &job, err);
    if (result == 0)
        result = push_with_defaults(context, &job, err);
    buf_finish(&chain);
    free(text);
    return result;
}

static int run_push(struct context *context, struct err *err)
{
    char **arguments = context->options.arguments;
    return push_job(context, arguments[0], arguments[1],
                    options_number(&context->options, "delay", 0), err);
}

static int run_later(struct context *context, struct err *err)
{
    char **arguments = context->options.arguments;
    int64_t delay_ms;
    if (option_check(&delay_row, "DELAY", arguments[0], &delay_ms, err) < 0)
        return -1;
    return push_job(context, arguments[1], arguments[2], delay_ms, err);
}

#define DATA_DETAILS                                                                               \
    "JOB is the class of the job, DATA any JSON value (default: {}); - reads it from standard "    \
    "input.\n"                                                                                     \
    "Prints the job's uuid when the store has it."

const struct cli_command command_push = {
    .name = "queue:push",
    .group = "jobs",
    .usage = "[OPTION…] JOB [DATA | -]",
    .summary = "Pushes a job",
    .details = DATA_DETAILS,
    .options = push_options,
    .examples =
        (const char *const[]){
            "queue:push SendEmail '{\"to\":\"user1@example.com\"}' --queue=emails",
            "queue:push ProcessOrder --data-file=order.json --priority=5",
            "queue:push Report '{}' --delay=5m --tries=5 --timeout=30m",
            "queue:push Import '{}' --unique=import --chain='{\"job\":\"Report\"}'", NULL},
    .min_arguments = 1,
    .max_arguments = 2,
    .run = run_push,
};

const struct cli_command command_later = {
    .name = "queue:later",
    .group = "jobs",
    .usage = "[OPTION…] DELAY JOB [DATA | -]",
    .summary = "Pushes a job that runs later",
    .details = "DELAY is in seconds, or 250ms, 5m, 1h, 2d.\n" DATA_DETAILS,
    .options = later_options,
    .examples = (const char *const[]){"queue:later 300 SendReminder '{\"user_id\":123}'",
                                      "queue:later 1h CleanUp --queue=maintenance", NULL},
    .min_arguments = 2,
    .max_arguments = 3,
    .run = run_later,
};
