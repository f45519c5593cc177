/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_CGROUPS_H
#define SUPERVISOR_PROGRAMS_CGROUPS_H

#include <stdbool.h>

/*
 * The control group below which programs with limits get groups of their own. That is ours, where
 * it is ours alone (systemd: Delegate=yes): since a group whose children have controllers may hold
 * no process, we move with all our children to a group below it first. At the root of the machine,
 * and below the group that $MUSTER_CGROUP names, it is a new one, beside us.
 */
struct cgroups {
    bool is_tried;
    bool is_aside;   /* a new one, which we take away at the end */
    char *directory; /* NULL: there is none */
    bool has_memory, has_cpu;
    char *why_not; /* no directory, or not both controllers */
};

/* To be called when there is a program with a limit: finds it and sets it up, once, and logs what
 * has come of it. */
void cgroups_prepare(struct cgroups *cgroups);

/* Takes the controllers away from the groups below, which keep no limit then, and so lets a process
 * into this one: where a master was killed, systemd can start the next one only so. That one gives
 * them back (cgroups_prepare).
 */
void cgroups_open(const char *directory);

/* When no program runs any more. */
void cgroups_finish(struct cgroups *cgroups);

#endif
