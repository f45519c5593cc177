/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_HOOK_KEYS_H
#define COMMON_PROGRAM_HOOK_KEYS_H

/* Rows of the table of [program:x]: commands around its life. AT is the table's. */
#define HOOK_TIMEOUT_MAX (INT64_C(86400) * 1000)

#define PROGRAM_HOOK_KEYS                                                                          \
    {.name = "pre_start",                                                                          \
     .type = KEY_OPTIONAL_COMMAND,                                                                 \
     AT(process.pre_start),                                                                        \
     .fallback = "",                                                                               \
     .reload = RELOAD_NONE,                                                                        \
     .help = "A command that is run before each start; where it fails, so does the start. No "     \
             "shell."},                                                                            \
        {.name = "post_stop",                                                                      \
         .type = KEY_OPTIONAL_COMMAND,                                                             \
         AT(process.post_stop),                                                                    \
         .fallback = "",                                                                           \
         .reload = RELOAD_NONE,                                                                    \
         .help = "A command that is run whenever the process has ended, before it is started "     \
                 "again."},                                                                        \
        {.name = "stop_command",                                                                   \
         .type = KEY_OPTIONAL_COMMAND,                                                             \
         AT(process.stop_command),                                                                 \
         .fallback = "",                                                                           \
         .reload = RELOAD_NONE,                                                                    \
         .help = "A command that asks it to stop; where that fails, stopsignal is sent. Unset: "   \
                 "stopsignal."},                                                                   \
    {                                                                                              \
        .name = "hook_timeout", .type = KEY_DURATION, AT(program.hook_timeout), .fallback = "30",  \
        .min = 10, .max = HOOK_TIMEOUT_MAX, .reload = RELOAD_NONE,                                 \
        .help = "How long each of these commands may take; then it is killed and has failed."      \
    }

#endif
