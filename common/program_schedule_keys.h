/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_SCHEDULE_KEYS_H
#define COMMON_PROGRAM_SCHEDULE_KEYS_H

/* Rows of the table of [program:x]: when it is started. AT is the table's. */
#define PROGRAM_SCHEDULE_KEYS                                                                      \
    {.name = "schedule",                                                                           \
     .type = KEY_CRON,                                                                             \
     AT(program.schedule.when),                                                                    \
     .fallback = "",                                                                               \
     .reload = RELOAD_NONE,                                                                        \
     .help = "It is started at these times: minute hour day month weekday, as in crontab(5). "     \
             "autostart, autorestart and startsecs are then false and 0 unless they are set. "     \
             "Unset: it is kept running."},                                                        \
        {.name = "schedule_timezone",                                                              \
         .type = KEY_ZONE,                                                                         \
         AT(program.schedule.timezone),                                                            \
         .fallback = "",                                                                           \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The time zone of schedule, e.g. Europe/Berlin. Unset: that of the host."},       \
        {.name = "schedule_overlap",                                                               \
         .type = KEY_CHOICE,                                                                       \
         AT(program.schedule.overlap),                                                             \
         .fallback = "skip",                                                                       \
         .choices = schedule_overlap_names,                                                        \
         .reload = RELOAD_NONE,                                                                    \
         .help = "When it is due and still runs: skip it, queue one run behind this one, replace " \
                 "it, or allow more of them: one of its numprocs processes that does not run is "  \
                 "started."},                                                                      \
    {                                                                                              \
        .name = "schedule_catch_up", .type = KEY_WHOLE_PATH, AT(program.schedule.stamp),           \
        .fallback = "", .reload = RELOAD_NONE,                                                     \
        .help = "A file that notes its last run, so that what was missed (musterd was down, the "  \
                "host slept) is made up for by one run. Unset: it is not."                         \
    }

#endif
