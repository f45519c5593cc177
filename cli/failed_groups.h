/* SPDX-License-Identifier: MIT */
#ifndef CLI_FAILED_GROUPS_H
#define CLI_FAILED_GROUPS_H

#include "cli/failed_walk.h"

/* Failed jobs by their fingerprints. */
struct failed_group {
    struct fingerprint fingerprint;
    char *name;   /* the class */
    char *queue;  /* of the newest one */
    char *newest; /* its uuid */
    uint64_t count;
    int64_t first_ms, last_ms; /* when the oldest and the newest one failed */
};

struct failed_groups {
    struct failed_group *groups;
    size_t count;
    size_t *slots; /* by hash: place in groups + 1; 0 where there is none */
    size_t slot_count;
};

/* Begins as zeroed memory. Counts a job in; jobs come newest first. For failed_walk.each. */
int failed_groups_add(void *groups, const struct failed_job *failed,
                      const struct fingerprint *fingerprint);

/* Puts the largest first; of equal ones the one that failed last. */
void failed_groups_sort(struct failed_groups *groups);
void failed_groups_finish(struct failed_groups *groups);

#endif
