/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SETTINGS_SCALING_H
#define COMMON_SETTINGS_SCALING_H

#include "common/settings.h"
#include "common/settings_read.h"

/* Between the parts of settings: what [auto_scaling], [schedule:NAME] and the scaling keys of
 * [queue:NAME] mean together. */

/* Adds what one [schedule:NAME] says. Returns 0, or -1 with reader->err. */
int settings_add_schedule(struct settings_reader *reader, const char *name,
                          const struct ini_section *section);

/* Fills in what follows from other keys (policies, maximums), when all sections have been read. */
void settings_derive_scaling(struct settings_reader *reader);

/* Refuses what cannot be: crossed bounds and thresholds, a schedule of a queue that is not there.
 * Returns 0, or -1 with reader->err. */
int settings_check_scaling(struct settings_reader *reader);

/* The rows of struct scaling_options, at an offset of the struct that the section fills. */
extern const char *const settings_policy_names[];
#define SCALING_KEYS                                                                               \
    {.name = "policy",                                                                             \
     .type = KEY_CHOICE,                                                                           \
     AT(policy),                                                                                   \
     .fallback = "auto",                                                                           \
     .choices = settings_policy_names,                                                             \
     .reload = RELOAD_NONE,                                                                        \
     .help = "Who decides: latency keeps max_wait_time, threshold goes by the thresholds, "        \
             "command asks scaling_command. auto: threshold where one of its keys is written, "    \
             "else latency."},                                                                     \
        {.name = "min_workers",                                                                    \
         .type = KEY_INTEGER,                                                                      \
         AT(min_workers),                                                                          \
         .fallback = "1",                                                                          \
         .min = 0,                                                                                 \
         .max = 1000,                                                                              \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The fewest workers. 0: an idle queue has none, and a push brings one back."},    \
        {.name = "max_workers",                                                                    \
         .type = KEY_INTEGER,                                                                      \
         AT(max_workers),                                                                          \
         .fallback = "",                                                                           \
         .min = 0,                                                                                 \
         .max = 1000,                                                                              \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The most workers. Unset: max_workers_per_queue."},                               \
        {.name = "max_wait_time",                                                                  \
         .type = KEY_DURATION,                                                                     \
         AT(max_wait_time),                                                                        \
         .fallback = "30",                                                                         \
         .min = 100,                                                                               \
         .max = INT64_C(7) * 24 * 3600 * 1000,                                                     \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The promise: how long a job may wait until it is begun."},                       \
        {.name = "scale_up_threshold",                                                             \
         .type = KEY_INTEGER,                                                                      \
         AT(scale_up_threshold),                                                                   \
         .fallback = "100",                                                                        \
         .min = 0,                                                                                 \
         .max = INT32_MAX,                                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_SCALE_UP_THRESHOLD",                                                   \
         .help = "threshold: workers are added where more jobs wait."},                            \
        {.name = "scale_down_threshold",                                                           \
         .type = KEY_INTEGER,                                                                      \
         AT(scale_down_threshold),                                                                 \
         .fallback = "10",                                                                         \
         .min = 0,                                                                                 \
         .max = INT32_MAX,                                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_SCALE_DOWN_THRESHOLD",                                                 \
         .help = "threshold: workers are taken away where fewer jobs wait and little is done."},   \
        {.name = "scale_up_step",                                                                  \
         .type = KEY_INTEGER,                                                                      \
         AT(scale_up_step),                                                                        \
         .fallback = "2",                                                                          \
         .min = 1,                                                                                 \
         .max = 1000,                                                                              \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_SCALE_UP_STEP",                                                        \
         .help = "threshold: workers that are added at once."},                                    \
        {.name = "scale_down_step",                                                                \
         .type = KEY_INTEGER,                                                                      \
         AT(scale_down_step),                                                                      \
         .fallback = "1",                                                                          \
         .min = 1,                                                                                 \
         .max = 1000,                                                                              \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_SCALE_DOWN_STEP",                                                      \
         .help = "threshold: workers that are taken away at once."},                               \
        {.name = "cooldown_period",                                                                \
         .type = KEY_DURATION,                                                                     \
         AT(cooldown_period),                                                                      \
         .fallback = "300",                                                                        \
         .min = 0,                                                                                 \
         .max = INT64_C(24) * 3600 * 1000,                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .variable = "QUEUE_COOLDOWN_PERIOD",                                                      \
         .help = "threshold, command: the pause after a change, where the two keys below do not "  \
                 "say otherwise."},                                                                \
        {.name = "scale_up_cooldown",                                                              \
         .type = KEY_DURATION,                                                                     \
         AT(scale_up_cooldown),                                                                    \
         .fallback = "",                                                                           \
         .min = 0,                                                                                 \
         .max = INT64_C(24) * 3600 * 1000,                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The pause between any change and an addition. Unset: cooldown_period; latency: " \
                 "none."},                                                                         \
        {.name = "scale_down_cooldown",                                                            \
         .type = KEY_DURATION,                                                                     \
         AT(scale_down_cooldown),                                                                  \
         .fallback = "",                                                                           \
         .min = 0,                                                                                 \
         .max = INT64_C(24) * 3600 * 1000,                                                         \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The pause between any change and a removal. Unset: cooldown_period; latency: "   \
                 "none."},                                                                         \
    {                                                                                              \
        .name = "weight", .type = KEY_INTEGER, AT(weight), .fallback = "1", .min = 1, .max = 1000, \
        .reload = RELOAD_NONE,                                                                     \
        .help = "How much a queue counts where max_total_workers does not suffice for all."        \
    }

#endif
