/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli/batch_jobs.h"
#include "cli/context.h"
#include "cli/progress.h"
#include "common/clock.h"
#include "common/utf8.h"
#include "common/uuid.h"

#define WATCH_MS 250

/* --- batch:create --- */

#define CALLBACK_OPTION(option, when)                                                              \
    {                                                                                              \
        .name = option, .kind = OPTION_TEXT, .value = "JOB", .help = "pushed once " when           \
    }

static const struct cli_option create_options[] = {
    QUEUE_OPTION,
    CONNECTION_OPTION,
    {.name = "jobs",
     .kind = OPTION_TEXT,
     .value = "FILE",
     .help = "its first jobs, one a line as for queue:bulk (- : standard input)"},
    CALLBACK_OPTION("then", "when all jobs were done"),
    CALLBACK_OPTION("catch", "when the first job fails"),
    CALLBACK_OPTION("finally", "when nothing is pending any more"),
    {.name = "allow-failures",
     .kind = OPTION_FLAG,
     .help = "go on when a job fails (default: the first failure cancels the batch)"},
    {.name = "uuid",
     .kind = OPTION_TEXT,
     .value = "UUID",
     .help = "its identifier (default: a new one)"},
    OPTIONS_END,
};

static int check_name(const char *name, struct err *err)
{
    size_t length = strlen(name);
    if (length > BATCH_NAME_MAX)
        return err_set(err, ERR_LIMIT, "the name of the batch is longer than %d bytes",
                       BATCH_NAME_MAX);
    if (utf8_is_valid(name, length))
        return 0;
    return err_set(err, ERR_INVALID, "the name of the batch is not UTF-8");
}

static int check_uuid(const char *uuid, struct err *err)
{
    if (uuid_valid(uuid, strlen(uuid)))
        return 0;
    return err_set(err, ERR_INVALID,
                   "the uuid of a batch must be 1 to %d printable ASCII characters without space",
                   UUID_TEXT_MAX);
}

/* Sets *out where the option is given. */
static int take_callback(struct context *context, struct batch_jobs *jobs, const char *option,
                         struct job *job, const struct job **out, struct err *err)
{
    const char *text = options_text(&context->options, option, NULL);
    if (!text)
        return 0;
    if (batch_jobs_callback(jobs, context, text, job, err) < 0)
        return err_prefix(err, "--%s", option);
    *out = job;
    return 0;
}

static int store(struct context *context, const struct batch *batch, struct batch_jobs *jobs,
                 struct err *err)
{
    struct queue_connection *connection = &context->connection;
    size_t stored = 0;
    if (connection->driver->batch_create(connection->store, batch, err) < 0)
        return -1;
    if (jobs->count > 0 &&
        queue_bulk(connection, jobs->jobs, jobs->count, &jobs->arena, NULL, &stored, err) < 0)
        return err_prefix(err, "batch %s was made, but its jobs are not in it", batch->uuid);
    return 0;
}

static int make(struct context *context, struct batch *batch, struct batch_jobs *jobs,
                struct err *err)
{
    struct job callbacks[3];
    const char *path = options_text(&context->options, "jobs", NULL);
    if (take_callback(context, jobs, "then", &callbacks[0], &batch->on_success, err) < 0 ||
        take_callback(context, jobs, "catch", &callbacks[1], &batch->on_failure, err) < 0 ||
        take_callback(context, jobs, "finally", &callbacks[2], &batch->on_finish, err) < 0)
        return -1;
    if (path && batch_jobs_read(jobs, context, path, err) < 0)
        return -1;
    return store(context, batch, jobs, err);
}

static int run_create(struct context *context, struct err *err)
{
    const struct options *options = &context->options;
    char made[UUID_SIZE];
    uuid_make(made, clock_wall_ms(&clock_system));
    struct batch batch = {
        .uuid = options_text(options, "uuid", made),
        .name = options->argument_count > 0 ? options->arguments[0] : "",
        .allow_failures = options_given(options, "allow-failures"),
    };
    struct batch_jobs jobs;
    batch_jobs_init(&jobs, batch.uuid, options_text(options, "queue", NULL),
                    context_queue(context));
    int result = check_name(batch.name, err) < 0 || check_uuid(batch.uuid, err) < 0 ||
                         !context_open(context, context_queue(context), err)
                     ? -1
                     : make(context, &batch, &jobs, err);
    if (result == 0) {
        fields_text(&context->answer.values, "batch_uuid", batch.uuid);
        fields_integer(&context->answer.values, "total", (int64_t)jobs.count);
        answer_line(&context->answer, "%s", batch.uuid);
    }
    batch_jobs_finish(&jobs);
    return result;
}

/* --- batch:show --- */

static const struct cli_option show_options[] = {
    CONNECTION_OPTION,
    {.name = "watch",
     .letter = 'w',
     .kind = OPTION_FLAG,
     .help = "wait until it has finished; the status is 1 where not all jobs were done then"},
    OPTIONS_END,
};

static void fields_callback(struct fields *fields, const char *name, const struct job *job)
{
    struct buf text;
    buf_init(&text, JSON_TEXT_MAX);
    if (job && job_to_json(job, &text, NULL) == 0)
        fields_json(fields, name, buf_text(&text));
    else
        fields_null(fields, name);
    buf_finish(&text);
}

/* The guide's names and figures, and what else there is to tell. */
static void fields_progress(struct fields *fields, const struct batch *batch)
{
    fields_text(fields, "batch_uuid", batch->uuid);
    fields_text(fields, "name", *batch->name ? batch->name : NULL);
    fields_text(fields, "state", batch_state_names[batch_state(batch)]);
    fields_integer(fields, "total", (int64_t)batch->total);
    fields_integer(fields, "completed", (int64_t)batch->completed);
    fields_integer(fields, "failed", (int64_t)batch->failed);
    fields_integer(fields, "pending", (int64_t)batch->pending);
    fields_integer(fields, "cancelled", (int64_t)batch->cancelled);
    fields_number(fields, "progress_percentage", batch_progress(batch));
    fields_number(fields, "success_rate", batch_success_rate(batch));
}

static void fields_whole(struct fields *fields, const struct batch *batch)
{
    fields_progress(fields, batch);
    fields_boolean(fields, "allow_failures", batch->allow_failures);
    fields_time(fields, "created_at", batch->created_at_ms);
    fields_time(fields, "cancelled_at", batch->cancelled_at_ms);
    fields_time(fields, "finished_at", batch->finished_at_ms);
    fields_callback(fields, "then", batch->on_success);
    fields_callback(fields, "catch", batch->on_failure);
    fields_callback(fields, "finally", batch->on_finish);
}

/* One look at a batch. */
struct look {
    struct fields *fields; /* filled where it has finished, or is not watched */
    bool is_watched;
    bool is_found;
    enum batch_state state;
    uint64_t ended, total;
};

static bool has_finished(enum batch_state state)
{
    return state >= BATCH_STATE_COMPLETED;
}

static int see(void *context, const struct batch *batch)
{
    struct look *look = context;
    look->is_found = true;
    look->state = batch_state(batch);
    look->ended = batch->total - batch->pending;
    look->total = batch->total;
    if (!look->is_watched || has_finished(look->state))
        fields_whole(look->fields, batch);
    return 0;
}

static int look_at(struct context *context, const char *uuid, struct look *look, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    look->is_found = false;
    if (connection->driver->batch_list(connection->store, uuid, NULL, 1, see, look, err) < 0)
        return -1;
    if (look->is_found)
        return 0;
    return err_set(err, ERR_NOT_FOUND, "there is no batch %s on connection %s", uuid,
                   connection->settings->name);
}

static int watch(struct context *context, const char *uuid, struct look *look, struct err *err)
{
    const struct timespec pause = {.tv_nsec = WATCH_MS * 1000000L};
    struct progress progress;
    progress_init(&progress, "jobs ended", context->json);
    int result;
    while ((result = look_at(context, uuid, look, err)) == 0 && !has_finished(look->state)) {
        progress_update(&progress, look->ended, look->total);
        nanosleep(&pause, NULL);
    }
    progress_end(&progress);
    return result < 0 ? -1 : look->state != BATCH_STATE_COMPLETED;
}

static int run_show(struct context *context, struct err *err)
{
    const char *uuid = context->options.arguments[0];
    struct look look = {.fields = &context->answer.values,
                        .is_watched = options_given(&context->options, "watch")};
    if (!context_open(context, NULL, err))
        return -1;
    return look.is_watched ? watch(context, uuid, &look, err) : look_at(context, uuid, &look, err);
}

/* --- batch:list --- */

static const struct cli_option list_options[] = {
    CONNECTION_OPTION,
    LIMIT_OPTION,
    {.name = "after", .kind = OPTION_TEXT, .value = "UUID", .help = "go on behind this one"},
    OPTIONS_END,
};

static int add_row(void *data, const struct batch *batch)
{
    struct context *context = data;
    struct fields *row = answer_row(&context->answer);
    fields_progress(row, batch);
    fields_time(row, "created_at", batch->created_at_ms);
    return 0;
}

static int run_list(struct context *context, struct err *err)
{
    const struct queue_connection *connection = context_open(context, NULL, err);
    if (!connection)
        return -1;
    size_t limit = (size_t)options_number(&context->options, "limit", LIMIT_OPTION_DEFAULT);
    const char *after = options_text(&context->options, "after", NULL);
    answer_list(&context->answer, "batches");
    if (connection->driver->batch_list(connection->store, NULL, after, limit, add_row, context,
                                       err) < 0)
        return -1;
    if (context->answer.lists[0].count == 0)
        answer_line(&context->answer, "No batches.");
    return 0;
}

const struct cli_command command_batch_create = {
    .name = "batch:create",
    .group = "batches",
    .usage = "[NAME] [--jobs=FILE] [--then=JOB] [--catch=JOB] [--finally=JOB] [--allow-failures] "
             "[OPTION…]",
    .summary = "Makes a batch: jobs that are counted together",
    .details =
        "Prints the uuid of the batch. More jobs are added with queue:push or queue:bulk and "
        "--batch=UUID, or by its\n"
        "own jobs, until it has finished: when nothing of it is pending any more. JOB is a class, "
        "whose data is then\n"
        "{\"batch_uuid\":UUID}, or an object as for queue:bulk.",
    .options = create_options,
    .examples =
        (const char *const[]){
            "batch:create Newsletter --queue=emails --jobs=mails.jsonl --then=NewsletterSent",
            "batch:create --allow-failures --finally='{\"job\":\"Report\",\"queue\":\"reports\"}'",
            NULL},
    .max_arguments = 1,
    .run = run_create,
};

const struct cli_command command_batch_show = {
    .name = "batch:show",
    .group = "batches",
    .usage = "UUID [--watch] [--connection=NAME]",
    .summary = "Shows how far a batch is",
    .details = "progress_percentage is how many of all jobs were completed, success_rate how many "
               "of those that\nwere completed or have failed. cancelled are those that were taken "
               "away or stopped.",
    .options = show_options,
    .examples = (const char *const[]){"batch:show 0Ot8dWKs4vDfWqEn0TmQa",
                                      "batch:show 0Ot8dWKs4vDfWqEn0TmQa --watch", NULL},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_show,
};

const struct cli_command command_batch_list = {
    .name = "batch:list",
    .group = "batches",
    .usage = "[--limit=N] [--after=UUID] [--connection=NAME]",
    .summary = "Lists batches, the newest first",
    .options = list_options,
    .examples = (const char *const[]){"batch:list", "batch:list --limit=10 --json", NULL},
    .run = run_list,
};
