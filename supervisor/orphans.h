/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_ORPHANS_H
#define SUPERVISOR_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What to do about orphans: pure. Orphans are unreaped children of ours; a group is killed whole
 * where its leader is one of them or is no more, so that the group holds nothing but what they have
 * left.
 */
struct orphan {
    pid_t pid;
    pid_t group;
    bool leader_lives; /* a process has the group's number */
};

/* Returns the number to give to kill(2): the orphan's group (negative), or the orphan alone. */
pid_t orphans_target(const struct orphan *orphan, const pid_t *orphans, size_t count);

#endif
