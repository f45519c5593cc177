/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_HOOK_KEYS_H
#define COMMON_PROGRAM_HOOK_KEYS_H

/* Rows of the table of [program:x]: commands around its life, and how it is reloaded. AT is the
 * table's. */
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
        {.name = "reload_signal",                                                                  \
         .type = KEY_SIGNAL,                                                                       \
         AT(program.reload_signal),                                                                \
         .fallback = "",                                                                           \
         .reload = RELOAD_NONE,                                                                    \
         .help = "The signal that lets it read its own configuration again: muster reload NAME. "  \
                 "Unset: none."},                                                                  \
        {.name = "reload_command",                                                                 \
         .type = KEY_OPTIONAL_COMMAND,                                                             \
         AT(process.reload_command),                                                               \
         .fallback = "",                                                                           \
         .reload = RELOAD_NONE,                                                                    \
         .help = "A command that muster reload NAME runs; reload_signal is sent only where it "    \
                 "ends well. Unset: the signal alone."},                                           \
    {                                                                                              \
        .name = "hook_timeout", .type = KEY_DURATION, AT(program.hook_timeout), .fallback = "30",  \
        .min = 10, .max = HOOK_TIMEOUT_MAX, .reload = RELOAD_NONE,                                 \
        .help = "How long each of these commands may take; then it is killed and has failed."      \
    }

#endif
