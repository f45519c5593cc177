/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_ATTRIBUTES_H
#define COMMON_PROGRAM_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

/* Of a [program:x], beyond Supervisor's keys: with what limits and rights it is started. */

/* The rlimits that have keys: rlimit_NAME, RLIMIT_RESOURCE, whether it is a size. */
#define PROGRAM_RLIMITS(X)                                                                         \
    X(as, AS, true)                                                                                \
    X(core, CORE, true)                                                                            \
    X(cpu, CPU, false)                                                                             \
    X(data, DATA, true)                                                                            \
    X(fsize, FSIZE, true)                                                                          \
    X(memlock, MEMLOCK, true)                                                                      \
    X(nofile, NOFILE, false)                                                                       \
    X(nproc, NPROC, false)                                                                         \
    X(rtprio, RTPRIO, false)                                                                       \
    X(sigpending, SIGPENDING, false)                                                               \
    X(stack, STACK, true)

#define PROGRAM_RLIMIT_MEMBER(name, resource, is_size) PROGRAM_RLIMIT_##resource,
enum program_rlimit { PROGRAM_RLIMITS(PROGRAM_RLIMIT_MEMBER) PROGRAM_RLIMIT_COUNT };
#undef PROGRAM_RLIMIT_MEMBER

struct attribute_settings {
    char *rlimits[PROGRAM_RLIMIT_COUNT]; /* for rlimit_parse; NULL: that of musterd */
    int64_t nice;                        /* KEY_UNSET: that of musterd */
    char *ionice;                        /* for ionice_parse; NULL: that of musterd */
    int64_t oom_score_adj;               /* KEY_UNSET: that of musterd */
    int64_t memory_limit;                /* of its tree of processes, in bytes; 0: none */
    int64_t cpu_limit;                   /* likewise, in thousandths of a processor; 0: none */
    bool no_new_privs;
    bool user_environment; /* HOME, USER, LOGNAME and SHELL are those of its user */
};

enum log_timestamps {
    LOG_TIMESTAMPS_NONE,
    LOG_TIMESTAMPS_LOCAL,
    LOG_TIMESTAMPS_ISO,
    LOG_TIMESTAMPS_UTC,
};

/* What its logs have beyond Supervisor's. */
struct log_settings {
    int timestamps;  /* enum log_timestamps */
    int mode;        /* -1: as it comes */
    char *owner;     /* for owner_find; NULL: musterd's */
    char *rotate[2]; /* of each stream, for cron_parse_daytime; NULL: by size alone */
    bool json;
    bool compress;
};

enum schedule_overlap {
    SCHEDULE_OVERLAP_SKIP,
    SCHEDULE_OVERLAP_QUEUE,
    SCHEDULE_OVERLAP_REPLACE,
    SCHEDULE_OVERLAP_ALLOW,
};

/* When it is started, where it is not kept running. */
struct run_schedule_settings {
    char *when;     /* for cron_parse; NULL: it is kept running */
    char *timezone; /* for zone_next; NULL: that of the host */
    char *stamp;    /* the file that notes the last run; NULL: missed runs are not made up for */
    int overlap;    /* enum schedule_overlap */
};

#endif
