/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_MONITORING_H
#define COMMON_SETTINGS_MONITORING_H

#include "common/settings.h"
#include "common/settings_read.h"

#define ALERT_KEYS                                                                                 \
    {.name = "alert_failure_rate",                                                                 \
     .alias = "failure_rate",                                                                      \
     .type = KEY_INTEGER,                                                                          \
     AT(failure_rate),                                                                             \
     .fallback = "10",                                                                             \
     .min = 0,                                                                                     \
     .max = 100,                                                                                   \
     .reload = RELOAD_NONE,                                                                        \
     .variable = "QUEUE_ALERT_FAILURE_RATE",                                                       \
     .help = "Alert where more percent of the jobs fail for good. 0: never."},                     \
        {.name = "alert_failure_jobs",                                                             \
         .type = KEY_INTEGER,                                                                      \
         AT(failure_jobs),                                                                         \
         .fallback = "10",                                                                         \
         .min = 1,                                                                                 \
         .max = INT32_MAX,                                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .help = "That rate says nothing where fewer jobs came to an end."},                       \
        {.name = "alert_queue_size",                                                               \
         .alias = "queue_size",                                                                    \
         .type = KEY_INTEGER,                                                                      \
         AT(queue_size),                                                                           \
         .fallback = "1000",                                                                       \
         .min = 0,                                                                                 \
         .max = INT32_MAX,                                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_ALERT_QUEUE_SIZE",                                                     \
         .help = "Alert where more jobs are ready and wait. 0: never."},                           \
        {.name = "alert_oldest_wait",                                                              \
         .type = KEY_DURATION,                                                                     \
         AT(oldest_wait),                                                                          \
         .fallback = "0",                                                                          \
         .min = 0,                                                                                 \
         .max = INT64_C(365) * 24 * 3600 * 1000,                                                   \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Alert where the oldest ready job has waited for longer. 0: never."},             \
    {                                                                                              \
        .name = "alert_worker_memory", .alias = "worker_memory", .type = KEY_INTEGER,              \
        AT(worker_memory), .fallback = "90", .min = 0, .max = 100, .reload = RELOAD_NONE,          \
        .variable = "QUEUE_ALERT_WORKER_MEMORY",                                                   \
        .help = "Alert where a worker, or one of its handlers, uses more percent of its memory. "  \
                "0: never."                                                                        \
    }

/* The names of severities, in the order of the bits; NULL-terminated. */
extern const char *const settings_severity_names[];

/* What follows from [monitoring] for other sections: for the loader alone. */
void settings_derive_monitoring(struct settings *settings);

/* Adds a [notify:NAME]. Returns 0, or -1 with reader->err. */
int settings_add_notify(struct settings_reader *reader, const char *name,
                        const struct ini_section *section);

#endif
