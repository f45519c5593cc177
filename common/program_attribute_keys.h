/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_ATTRIBUTE_KEYS_H
#define COMMON_PROGRAM_ATTRIBUTE_KEYS_H

/* Rows of the table of [program:x]: its attributes. AT is the table's. */
#define MEMORY_LIMIT_MAX (INT64_C(1) << 50)
#define CPU_LIMIT_MAX    INT64_C(1024000)

#define RLIMIT_ROW(key, resource, is_size)                                                         \
    {.name = "rlimit_" #key,                                                                       \
     .type = KEY_RLIMIT,                                                                           \
     AT(program.attributes.rlimits[PROGRAM_RLIMIT_##resource]),                                    \
     .fallback = "",                                                                               \
     .max = (is_size) ? 0 : INT64_MAX,                                                             \
     .reload = RELOAD_WORKERS,                                                                     \
     .help = "RLIMIT_" #resource " of setrlimit(2). Unset: that of musterd."},

#define PROGRAM_ATTRIBUTE_KEYS                                                                     \
    {.name = "nice",                                                                               \
     .type = KEY_INTEGER,                                                                          \
     AT(program.attributes.nice),                                                                  \
     .fallback = "",                                                                               \
     .min = -20,                                                                                   \
     .max = 19,                                                                                    \
     .reload = RELOAD_WORKERS,                                                                     \
     .help = "Its nice value: 19 yields to all. Unset: that of musterd."},                         \
        {.name = "ionice",                                                                         \
         .type = KEY_IONICE,                                                                       \
         AT(program.attributes.ionice),                                                            \
         .fallback = "",                                                                           \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "Its class and priority of input and output. Unset: those of musterd."},          \
        {.name = "oom_score_adj",                                                                  \
         .type = KEY_INTEGER,                                                                      \
         AT(program.attributes.oom_score_adj),                                                     \
         .fallback = "",                                                                           \
         .min = -1000,                                                                             \
         .max = 1000,                                                                              \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "How soon the kernel kills it when memory runs out: 1000 first, -1000 never. "    \
                 "Unset: that of musterd."},                                                       \
        {.name = "no_new_privs",                                                                   \
         .type = KEY_BOOLEAN,                                                                      \
         AT(program.attributes.no_new_privs),                                                      \
         .fallback = "false",                                                                      \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "Neither it nor what it starts can gain rights: set-user-ID has no effect."},     \
        {.name = "memory_limit",                                                                   \
         .type = KEY_BYTES,                                                                        \
         AT(program.attributes.memory_limit),                                                      \
         .fallback = "0",                                                                          \
         .min = 0,                                                                                 \
         .max = MEMORY_LIMIT_MAX,                                                                  \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Memory of the process and all below it; past it they are killed, which the log " \
                 "says. Kept by the kernel where musterd has a cgroup v2 with the memory "         \
                 "controller, or else looked at once a second. 0: no limit."},                     \
        {.name = "cpu_limit",                                                                      \
         .type = KEY_PROCESSORS,                                                                   \
         AT(program.attributes.cpu_limit),                                                         \
         .fallback = "0",                                                                          \
         .min = 0,                                                                                 \
         .max = CPU_LIMIT_MAX,                                                                     \
         .reload = RELOAD_NONE,                                                                    \
         .help = "Processor time of the process and all below it: 0.5 or 50% is half a "           \
                 "processor, in each 100 ms. Needs a cgroup v2 with the cpu controller; without "  \
                 "one it has no effect, which is warned of. 0: no limit."},                        \
        PROGRAM_RLIMITS(RLIMIT_ROW){                                                               \
            .name = "env_file",                                                                    \
            .type = KEY_ENV_FILES,                                                                 \
            AT(process.env_file),                                                                  \
            .fallback = "",                                                                        \
            .reload = RELOAD_WORKERS,                                                              \
            .help = "Files of NAME=value lines, read at each start; `environment` counts more. - " \
                    "before a path: it may be missing."},                                          \
        {.name = "environment_from_file",                                                          \
         .type = KEY_ENV_SOURCES,                                                                  \
         AT(process.environment_from_file),                                                        \
         .fallback = "",                                                                           \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "Variables whose values are files, for secrets: NAME:/PATH,NAME2:/PATH. Read at " \
                 "each start, shown nowhere."},                                                    \
        {.name = "user_environment",                                                               \
         .type = KEY_BOOLEAN,                                                                      \
         AT(program.attributes.user_environment),                                                  \
         .fallback = "false",                                                                      \
         .reload = RELOAD_WORKERS,                                                                 \
         .help = "HOME, USER, LOGNAME and SHELL are those of its user."},                          \
    {                                                                                              \
        .name = "stdin_file", .type = KEY_WHOLE_PATH, AT(process.stdin_file), .fallback = "",      \
        .reload = RELOAD_WORKERS,                                                                  \
        .help = "What it reads as standard input. Unset: a pipe that musterd writes to."           \
    }

#endif
