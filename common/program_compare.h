/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_COMPARE_H
#define COMMON_PROGRAM_COMPARE_H

#include "common/program_settings.h"

/* What changes from one configuration of a group to another of the same name: pure. */
enum group_change {
    GROUP_KEPT,
    GROUP_ADAPTED,  /* only what takes effect while its processes go on */
    GROUP_CHANGED,  /* some processes come, go, or have to be replaced */
    GROUP_REPLACED, /* what all its processes share: the socket, the events, its kind */
};

enum process_change {
    PROCESS_KEPT,
    PROCESS_ADAPTED, /* without a new process */
    PROCESS_REPLACED,
    PROCESS_ADDED,
    PROCESS_REMOVED,
};

struct group_comparison {
    /* Told of each process that is not kept, with the keys that differ, separated by commas (of
     * those that come or go:
     * ""). May be NULL. */
    void (*process)(void *context, const char *name, enum process_change change, const char *keys);
    void *context;
};

/* The greatest change that is needed to come from before to after; told (may be NULL) hears of the
 * processes. Where it is GROUP_REPLACED nothing is told: all of them are meant. */
enum group_change group_settings_compare(const struct group_settings *before,
                                         const struct group_settings *after,
                                         const struct group_comparison *told);

/* The process of a group by name: sets *program too. NULL where there is none. */
const struct process_settings *group_settings_process(const struct group_settings *group,
                                                      const char *name,
                                                      const struct program_entry **program);

/* What changes for one process. keys may be NULL. */
enum process_change process_settings_compare(const struct program_entry *program_before,
                                             const struct process_settings *before,
                                             const struct program_entry *program_after,
                                             const struct process_settings *after,
                                             struct buf *keys);

#endif
