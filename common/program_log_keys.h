/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_LOG_KEYS_H
#define COMMON_PROGRAM_LOG_KEYS_H

/* Rows of the table of [program:x]: what its logs have beyond Supervisor's. AT is the table's. */
#define LOG_ROTATE_ROW(stream, of, index)                                                          \
    {.name = stream "_logfile_rotate",                                                             \
     .type = KEY_DAYTIME,                                                                          \
     AT(program.logs.rotate[index]),                                                               \
     .fallback = "",                                                                               \
     .reload = RELOAD_NONE,                                                                        \
     .help = "The log of standard " of " is rotated at these times too, where there is something " \
             "in it."},

#define PROGRAM_LOG_KEYS                                                                           \
    {.name = "log_timestamps",                                                                     \
     .type = KEY_CHOICE,                                                                           \
     AT(program.logs.timestamps),                                                                  \
     .fallback = "none",                                                                           \
     .choices = log_timestamps_names,                                                              \
     .reload = RELOAD_NONE,                                                                        \
     .help = "The time before each line of its logs: local as in musterd's own log, iso with the " \
             "zone, or utc."},                                                                     \
        {.name = "log_json",                                                                       \
         .type = KEY_BOOLEAN,                                                                      \
         AT(program.logs.json),                                                                    \
         .fallback = "false",                                                                      \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Each line of its logs becomes a JSON object: time (in the form of "              \
                 "log_timestamps, by default utc), program, stream, text."},                       \
        LOG_ROTATE_ROW("stdout", "output", STREAM_OUT) LOG_ROTATE_ROW("stderr", "error",           \
                                                                      STREAM_ERR){                 \
            .name = "log_compress",                                                                \
            .type = KEY_BOOLEAN,                                                                   \
            AT(program.logs.compress),                                                             \
            .fallback = "false",                                                                   \
            .reload = RELOAD_NONE,                                                                 \
            .help =                                                                                \
                "Rotated logs are compressed by gzip, of the lowest priority: .1.gz, .2.gz …"},    \
        {.name = "log_mode",                                                                       \
         .type = KEY_OCTAL,                                                                        \
         AT(program.logs.mode),                                                                    \
         .fallback = "",                                                                           \
         .max = 0777,                                                                              \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Mode of its logs. Unset: 0666 less the umask of musterd; of AUTO logs 0600."},   \
    {                                                                                              \
        .name = "log_owner", .type = KEY_OPTIONAL_OWNER, AT(program.logs.owner), .fallback = "",   \
        .reload = RELOAD_NONE, .help = "Owner of its logs. Unset: the user of musterd."            \
    }

#endif
