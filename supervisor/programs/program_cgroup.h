/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_CGROUP_H
#define SUPERVISOR_PROGRAMS_PROGRAM_CGROUP_H

#include <stdbool.h>

struct program;

/* The control group of one process of a program and all below it, which keeps its memory_limit and
 * its cpu_limit. There is one where it has a limit and cgroups.h has found a place. */
struct program_cgroup;

/* When it has settings: warns, once a section, of a limit that has no effect. */
void program_cgroup_announce(struct program *program);

/* Before its process is started: makes the group. What fails is logged, and it goes without. */
void program_cgroup_prepare(struct program *program);

/* In the child, with the rights of musterd; async-signal-safe. Returns NULL, or the key that could
 * not be had, with errno. */
const char *program_cgroup_join(const struct program *program);

/* Its process, which runs, has other settings, or has been taken over from another master. */
void program_cgroup_follow(struct program *program);
void program_cgroup_resume(struct program *program);

/* Its process has ended: takes the group away, unless something of it is left there. */
void program_cgroup_ended(struct program *program);

/* Whether the kernel keeps its memory_limit; whether it has killed somebody for that. */
bool program_cgroup_limits_memory(const struct program *program);
bool program_cgroup_ran_out(const struct program *program);

#endif
