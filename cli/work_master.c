/* SPDX-License-Identifier: MIT */
#include "cli/work_master.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "supervisor/master.h"
#include "supervisor/pidfile.h"

#define TEXT_MAX (64u << 20)

/* A copy without what is for a daemon: programs, servers, the log file. */
static struct settings *copy_settings(const struct settings *settings, struct err *err)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    struct settings *copy = NULL;
    if (settings_print(settings, &text) < 0)
        err_set(err, ERR_LIMIT, "the settings are too large");
    else
        copy = settings_parse("settings", buf_text(&text), text.length, err);
    buf_finish(&text);
    if (copy)
        copy->muster.logfile[0] = '\0';
    return copy;
}

static void keep_one_queue(struct settings *settings, const struct queue_settings *queue)
{
    for (size_t i = 0; i < settings->queue_count; i++)
        settings_queue_finish(&settings->queues[i]);
    settings->queue_count = 1;
    settings->queues[0] = (struct queue_settings){.name = mem_strdup(queue->name)};
    keys_copy(&settings_queue_table, &settings->queues[0], queue);
    settings->queues[0].auto_scale = true;
    settings->serves_queues = true;
}

static void keep_its_schedules(struct settings *settings, const char *queue)
{
    size_t kept = 0;
    for (size_t i = 0; i < settings->schedule_count; i++) {
        struct schedule_settings *schedule = &settings->schedules[i];
        if (settings_schedule_holds_for(schedule, queue)) {
            settings->schedules[kept++] = *schedule;
            continue;
        }
        keys_finish(&settings_schedule_table, schedule);
        free(schedule->name);
    }
    settings->schedule_count = kept;
}

static int64_t higher(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* Whoever names a number of workers means it: other limits give way. */
static int scale(struct settings *settings, struct err *err)
{
    struct auto_scaling_settings *common = &settings->auto_scaling;
    struct scaling_options *scaling = &settings->queues[0].scaling;
    if (scaling->min_workers > scaling->max_workers)
        return err_set(err, ERR_INVALID,
                       "--min-workers (%" PRId64 ") is more than --max-workers (%" PRId64 ")",
                       scaling->min_workers, scaling->max_workers);
    common->enabled = true;
    common->max_workers_per_queue = higher(common->max_workers_per_queue, scaling->max_workers);
    common->max_total_workers = higher(common->max_total_workers, scaling->max_workers);
    common->max_host_workers = higher(common->max_host_workers, scaling->max_workers);
    return 0;
}

static int start_log(const struct settings *settings, struct err *err)
{
    const struct log_options options = {
        .level = (enum log_level)settings->muster.log_level,
        .format = (enum log_format)settings->muster.log_format,
        .process = "master",
    };
    return log_open(&options, err);
}

/* Takes the settings over. */
static int run_master(struct settings *settings, struct err *err)
{
    struct master master;
    int result = master_init(&master, settings, NULL, NULL, err);
    if (result == 0) {
        master.keeps_settings = true;
        master_run(&master);
    }
    master_finish(&master);
    return result;
}

/* Takes the settings over. */
static int run(struct settings *settings, struct err *err)
{
    struct pidfile pidfile = {.fd = -1};
    int result = start_log(settings, err);
    if (result == 0)
        result = pidfile_take(&pidfile, settings->muster.pidfile, err);
    if (result == 0)
        result = run_master(settings, err);
    else
        settings_destroy(settings);
    pidfile_release(&pidfile);
    log_close();
    return result;
}

int work_master_run(const struct settings *settings, const struct queue_settings *queue,
                    struct err *err)
{
    struct settings *copy = copy_settings(settings, err);
    if (!copy)
        return -1;
    keep_one_queue(copy, queue);
    keep_its_schedules(copy, queue->name);
    if (scale(copy, err) == 0)
        return run(copy, err);
    settings_destroy(copy);
    return -1;
}
