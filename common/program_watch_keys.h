/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_WATCH_KEYS_H
#define COMMON_PROGRAM_WATCH_KEYS_H

/* Rows of program_tables.c (which has AT and TIME_MAX): order, readiness, health and restarts,
 * which Supervisor does not have. */
#define PROGRAM_WATCH_KEYS                                                                              \
    {.name = "ready",                                                                                   \
     .type = KEY_READY,                                                                                 \
     AT(process.ready),                                                                                 \
     .fallback = "started",                                                                             \
     .reload = RELOAD_NONE,                                                                             \
     .help = "When it counts as RUNNING: started (after startsecs), notify (sd_notify), exit (it "      \
             "has "                                                                                     \
             "ended well), fd:N, tcp:HOST:PORT, unix:/PATH, http://HOST:PORT/PATH or command …"},       \
        {.name = "ready_timeout",                                                                       \
         .type = KEY_DURATION,                                                                          \
         AT(program.ready_timeout),                                                                     \
         .fallback = "60",                                                                              \
         .min = 1,                                                                                      \
         .max = TIME_MAX,                                                                               \
         .reload = RELOAD_NONE,                                                                         \
         .help = "A start that takes longer to be ready has failed. Not of ready = started."},          \
        {.name = "watchdog",                                                                            \
         .type = KEY_DURATION,                                                                          \
         AT(program.watchdog),                                                                          \
         .fallback = "0",                                                                               \
         .min = 0,                                                                                      \
         .max = TIME_MAX,                                                                               \
         .reload = RELOAD_NONE,                                                                         \
         .help = "It is restarted when it has not said WATCHDOG=1 to $NOTIFY_SOCKET for so long. "      \
                 "0: it "                                                                               \
                 "need not."},                                                                          \
        {.name = "health",                                                                              \
         .type = KEY_HEALTH,                                                                            \
         AT(process.health),                                                                            \
         .fallback = "",                                                                                \
         .reload = RELOAD_NONE,                                                                         \
         .help = "How it is seen that it is well: tcp:…, unix:…, http://… or command … as for " \
                 "ready. Unset: "                                                                       \
                 "it is not looked at."},                                                               \
        {.name = "health_interval",                                                                     \
         .type = KEY_DURATION,                                                                          \
         AT(program.health_interval),                                                                   \
         .fallback = "10",                                                                              \
         .min = 10,                                                                                     \
         .max = TIME_MAX,                                                                               \
         .reload = RELOAD_NONE,                                                                         \
         .help = "From one check of its health to the next."},                                          \
        {.name = "health_timeout",                                                                      \
         .type = KEY_DURATION,                                                                          \
         AT(program.health_timeout),                                                                    \
         .fallback = "5",                                                                               \
         .min = 1,                                                                                      \
         .max = TIME_MAX,                                                                               \
         .reload = RELOAD_NONE,                                                                         \
         .help = "A check (of ready, too) that takes longer has failed."},                              \
        {.name = "health_retries",                                                                      \
         .type = KEY_INTEGER,                                                                           \
         AT(program.health_retries),                                                                    \
         .fallback = "3",                                                                               \
         .min = 1,                                                                                      \
         .max = 1000000,                                                                                \
         .reload = RELOAD_NONE,                                                                         \
         .help = "So many failed checks in a row restart it."},                                         \
    {                                                                                                   \
        .name = "health_start", .type = KEY_DURATION, AT(program.health_start), .fallback = "0",        \
        .min = 0, .max = TIME_MAX, .reload = RELOAD_NONE,                                               \
        .help = "Failed checks do not count for so long after it has begun to run."                     \
    }

/* Order. */
#define PROGRAM_ORDER_KEYS                                                                         \
    {                                                                                              \
        .name = "depends_on", .type = KEY_STRING, AT(program.depends_on), .fallback = "",          \
        .reload = RELOAD_NONE,                                                                     \
        .help =                                                                                    \
            "Programs and groups (NAME, GROUP:NAME, GROUP:*), separated by commas, that must be "  \
            "ready "                                                                               \
            "before it is started; it is stopped before them."                                     \
    }

/* Restarts. */
#define PROGRAM_RESTART_KEYS                                                                       \
    {.name = "restart_delay",                                                                      \
     .type = KEY_DURATION,                                                                         \
     AT(program.restart_delay),                                                                    \
     .fallback = "",                                                                               \
     .min = 0,                                                                                     \
     .max = TIME_MAX,                                                                              \
     .reload = RELOAD_NONE,                                                                        \
     .help = "The pause before it is started again; doubled with each start that fails in a row. " \
             "Unset: none after it has been running, 1, 2, 3 … seconds after starts that "       \
             "failed."},                                                                           \
        {.name = "restart_delay_max",                                                              \
         .type = KEY_DURATION,                                                                     \
         AT(program.restart_delay_max),                                                            \
         .fallback = "60",                                                                         \
         .min = 0,                                                                                 \
         .max = TIME_MAX,                                                                          \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The longest of these pauses, where restart_delay is set or fatal is off."},      \
        {.name = "restart_jitter",                                                                 \
         .type = KEY_INTEGER,                                                                      \
         AT(program.restart_jitter),                                                               \
         .fallback = "10",                                                                         \
         .min = 0,                                                                                 \
         .max = 100,                                                                               \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Percent by which a pause of restart_delay is longer or shorter at random."},     \
        {.name = "fatal",                                                                          \
         .type = KEY_BOOLEAN,                                                                      \
         AT(program.fatal),                                                                        \
         .fallback = "true",                                                                       \
         .reload = RELOAD_NONE,                                                                    \
         .help = "It is given up (FATAL) after startretries. Off: it is tried for ever."},         \
    {                                                                                              \
        .name = "exit_on_fatal", .type = KEY_BOOLEAN, AT(program.exit_on_fatal),                   \
        .fallback = "false", .reload = RELOAD_NONE,                                                \
        .help =                                                                                    \
            "When it is FATAL, musterd stops everything and ends with status 1: for containers."   \
    }

#endif
