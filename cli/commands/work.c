/* SPDX-License-Identifier: MIT */
#include "cli/commands/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/context.h"
#include "cli/work_master.h"
#include "cli/work_options.h"
#include "common/channel.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/uuid.h"
#include "worker/worker.h"

#define ID_RANDOM 10

static const struct cli_option work_options[] = {
    WORK_OPTIONS,
    {.name = "auto-scale",
     .kind = OPTION_FLAG,
     .help = "run as many workers as the load needs, under a master of its own"},
    KEY_ROW("min-workers", "min_workers", "N", "with --auto-scale: the fewest workers"),
    KEY_ROW("max-workers", "max_workers", "N", "with --auto-scale: the most workers"),
    KEY_ROW("max-wait-time", "max_wait_time", "TIME", "with --auto-scale: how long a job may wait"),
    OPTIONS_END,
};

static const char *const end_names[] = {
    [WORKER_STOPPED] = "stopped",
    [WORKER_RECYCLED] = "recycled",
    [WORKER_EMPTY] = "empty",
    [WORKER_BROKEN] = "broken",
};

/* The worker's log goes to standard error: somebody started it by hand, or supervises it. */
static int open_log(const struct context *context, const char *queue, struct err *err)
{
    char *process = mem_printf("worker %s", queue);
    const struct muster_settings *muster = &context->settings->muster;
    const struct log_options options = {
        .level = (enum log_level)muster->log_level,
        .format = (enum log_format)muster->log_format,
        .process = process,
    };
    int result = log_open(&options, err);
    free(process);
    return result;
}

static int work(struct context *context, const struct queue_settings *queue, struct err *err)
{
    char id[OWNER_SIZE] = "worker_";
    uuid_random(id + strlen(id), ID_RANDOM);
    const struct worker_plan plan = {
        .settings = context->settings,
        .queue = queue,
        .id = id,
        .channel_in = -1,
        .channel_out = -1,
        .board_fd = -1,
        .once = options_given(&context->options, "once"),
        .stop_when_empty = options_given(&context->options, "stop-when-empty"),
    };
    if (open_log(context, queue->name, err) < 0)
        return -1;
    enum worker_end end = worker_run(&plan, err);
    log_close();
    if (end == WORKER_BROKEN)
        return -1;
    if (context->json) {
        fields_text(&context->answer.values, "queue", queue->name);
        fields_text(&context->answer.values, "end", end_names[end]);
    }
    return 0;
}

static int check_options(const struct options *options, struct err *err)
{
    static const char *const scaled[] = {"min-workers", "max-workers", "max-wait-time"};
    static const char *const single[] = {"once", "stop-when-empty"};
    bool scales = options_given(options, "auto-scale");
    for (size_t i = 0; !scales && i < sizeof scaled / sizeof scaled[0]; i++)
        if (options_given(options, scaled[i]))
            return err_set(err, ERR_INVALID, "--%s needs --auto-scale", scaled[i]);
    for (size_t i = 0; scales && i < sizeof single / sizeof single[0]; i++)
        if (options_given(options, single[i]))
            return err_set(err, ERR_INVALID, "--%s and --auto-scale exclude each other", single[i]);
    return 0;
}

static int run_work(struct context *context, struct err *err)
{
    struct queue_settings queue;
    if (check_options(&context->options, err) < 0)
        return -1;
    int result = work_queue_settings(context, &queue, err);
    if (result == 0 && options_given(&context->options, "auto-scale"))
        result = work_master_run(context->settings, &queue, err);
    else if (result == 0)
        result = work(context, &queue, err);
    settings_queue_finish(&queue);
    return result;
}

const struct cli_command command_work = {
    .name = "queue:work",
    .group = "workers",
    .usage = "[OPTION…] [-- COMMAND [ARGUMENT…]]",
    .summary = "Runs a worker here, without a master",
    .details = "COMMAND runs the jobs; without one it is the command of [queue:NAME] in the "
               "configuration.\n"
               "Limits that are not given are those of the configuration. TERM or INT lets running "
               "jobs finish.\nWith --auto-scale this is a musterd for that queue alone: as many "
               "workers as the load needs, between\n--min-workers and --max-workers; "
               "`queue:explain` and its kin ask it. There can be no other musterd beside it.",
    .options = work_options,
    .examples =
        (const char *const[]){"queue:work", "queue:work --queue=emails",
                              "queue:work --memory=512 --timeout=300 --max-jobs=100",
                              "queue:work --queue=emails --handler=persistent -- php worker.php",
                              "queue:work --queue=emails --auto-scale --max-workers=10", NULL},
    .order = OPTIONS_FIRST,
    .max_arguments = -1,
    .run = run_work,
};
