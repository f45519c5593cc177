/* SPDX-License-Identifier: MIT */
#ifndef CLI_WORK_OPTIONS_H
#define CLI_WORK_OPTIONS_H

#include "cli/context.h"
#include "common/err.h"
#include "common/settings.h"

/* What queue:work and queue:listen take alike: limits that override those of [queue:NAME], and a
 * command. */

/* An option that stands for a key of [queue:NAME]. */
#define KEY_ROW(option, its_key, called, text)                                                     \
    {                                                                                              \
        .name = option, .kind = OPTION_KEY, .value = called, .keys = &settings_queue_table,        \
        .key = its_key, .help = text                                                               \
    }

#define WORK_OPTIONS                                                                               \
    QUEUE_OPTION, {.name = "once", .kind = OPTION_FLAG, .help = "stop after one job"},             \
        {.name = "stop-when-empty",                                                                \
         .kind = OPTION_FLAG,                                                                      \
         .help = "stop when the queue has nothing ready"},                                         \
        KEY_ROW("memory", "memory", "MB", "limit for the worker, and for each handler"),           \
        KEY_ROW("timeout", "timeout", "TIME", "limit for a job, e.g. 60 or 5m"),                   \
        KEY_ROW("max-jobs", "max_jobs", "N", "stop after so many jobs"),                           \
        KEY_ROW("tries", "max_attempts", "N", "attempts before a job has failed"),                 \
        KEY_ROW("sleep", "sleep", "TIME", "between checks of an empty queue"),                     \
        KEY_ROW("rest", "rest", "TIME", "pause after each job"),                                   \
        KEY_ROW("handler", "handler", "KIND", "exec (a program per job), persistent or plugin"),           \
        KEY_ROW("concurrency", "concurrency", "N", "jobs at the same time")

/* A copy of the settings of --queue with the options and the command of the arguments put over it;
 * it has a command. The caller ends it with settings_queue_finish, also after a failure. Returns 0,
 * or -1 with err. */
int work_queue_settings(struct context *context, struct queue_settings *queue, struct err *err);

/* Words as one text that command_split takes apart into the same words. malloc'd. */
char *work_join_command(char *const *words, int count);

#endif
