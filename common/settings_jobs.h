/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_JOBS_H
#define COMMON_SETTINGS_JOBS_H

#include "common/settings.h"
#include "common/settings_read.h"

/* Between the parts of settings: [job:CLASS]. */

/* In the order of the kinds of backoff, behind the word for none of its own. NULL-terminated. */
extern const char *const settings_job_backoff_names[];

/* In the order of enum handler_kind. NULL-terminated. */
extern const char *const settings_handler_names[];

/* The rows of a backoff that a section may say something of, at an offset of the struct that it
 * fills. */
#define BACKOFF_KEYS                                                                               \
    {.name = "backoff",                                                                            \
     .type = KEY_CHOICE,                                                                           \
     AT(backoff),                                                                                  \
     .fallback = "inherit",                                                                        \
     .choices = settings_job_backoff_names,                                                        \
     .reload = RELOAD_WORKERS,                                                                     \
     .help = "How the delay before another attempt grows with the attempts. inherit: as without "  \
             "this section; so are those below where they are unset."},                            \
        {.name = "backoff_delay",                                                                  \
         .type = KEY_DURATION,                                                                     \
         AT(backoff_delay),                                                                        \
         .fallback = "",                                                                           \
         .min = 0,                                                                                 \
         .max = BACKOFF_DELAY_MAX,                                                                 \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "What it grows from."},                                                           \
        {.name = "backoff_max",                                                                    \
         .type = KEY_DURATION,                                                                     \
         AT(backoff_max),                                                                          \
         .fallback = "",                                                                           \
         .min = 0,                                                                                 \
         .max = 30 * BACKOFF_DELAY_MAX,                                                            \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "The longest delay."},                                                            \
    {                                                                                              \
        .name = "backoff_jitter", .type = KEY_INTEGER, AT(backoff_jitter), .fallback = "",         \
        .min = 0, .max = 100, .reload = RELOAD_WORKERS,                                            \
        .help = "Percent by which a delay is shortened at random."                                 \
    }
#define BACKOFF_DELAY_MAX (INT64_C(86400) * 1000)

/* The rows of struct failed_hooks, at an offset of the struct that the section fills. */
#define FAILED_KEYS(timeout_fallback)                                                              \
    {.name = "failed_command",                                                                     \
     .type = KEY_COMMAND,                                                                          \
     AT(command),                                                                                  \
     .fallback = "",                                                                               \
     .reload = RELOAD_WORKERS,                                                                     \
     .help = "Program that is started when a job has failed for good; it gets the failure as "     \
             "JSON. Unset: none."},                                                                \
        {.name = "failed_timeout",                                                                 \
         .type = KEY_DURATION,                                                                     \
         AT(timeout),                                                                              \
         .fallback = timeout_fallback,                                                             \
         .min = 10,                                                                                \
         .max = 3600 * 1000,                                                                       \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "How long that program may take."},                                               \
        {.name = "failed_job",                                                                     \
         .type = KEY_NAME,                                                                         \
         AT(job),                                                                                  \
         .fallback = "",                                                                           \
         .reload = RELOAD_WORKERS,                                                                 \
         .help =                                                                                   \
             "Class of a job that is pushed, together with the failure, when a job has failed "    \
             "for good; its data is the failure. Unset: none."},                                   \
    {                                                                                              \
        .name = "failed_queue", .type = KEY_NAME, AT(queue), .fallback = "",                       \
        .reload = RELOAD_WORKERS,                                                                  \
        .help = "Queue of that job. Unset: that of its class, or that of the job that has failed." \
    }

/* Adds what one [job:CLASS] says. Returns 0, or -1 with reader->err. */
int settings_add_job(struct settings_reader *reader, const char *name,
                     const struct ini_section *section);

/* Puts the sections into the order in which they count, and refuses what cannot be: a backoff_delay
 * over its backoff_max. Returns 0, or -1 with reader->err. */
int settings_finish_jobs(struct settings_reader *reader);

#endif
