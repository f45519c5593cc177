/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CGROUP_H
#define COMMON_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

/* Control groups, version 2 (cgroups(7)). First what their texts say: pure. Texts are malloc'd. */

/* The path of the group in the text of /proc/PID/cgroup; NULL where none of version 2 is in it. */
char *cgroup_parse_path(const char *text);

/* Where /proc/PID/mountinfo says that the group of this path can be seen: the place of the mount,
 * with *below set to the part of path that is below it. NULL where it cannot. */
char *cgroup_parse_mount(const char *mountinfo, const char *path, const char **below);

/* Whether a word is in a list of words (cgroup.controllers). text may be NULL. */
bool cgroup_has_word(const char *text, const char *word);

/* The number on the line of this name ("oom_kill 3": memory.events); 0 where there is none. text
 * may be NULL. */
uint64_t cgroup_count(const char *text, const char *name);

/* What is written to cpu.max for thousandths of a processor; 0: no limit. */
#define CGROUP_CPU_MAX_SIZE 48
const char *cgroup_cpu_max(int64_t thousandths, char text[CGROUP_CPU_MAX_SIZE]);

/* A name for a group of this thing; other things have other names. */
char *cgroup_name(const char *thing);
bool cgroup_is_name(const char *name);

/* And what the machine says of them. */

/* The directory of a process's group. NULL with err. */
char *cgroup_directory(pid_t pid, struct err *err);

/* Whether there is a controller for groups of version 2 on this machine (in this container),
 * whoever may use it. */
bool cgroup_machine_has(const char *controller);

/* A file of a group: its text, or NULL; written with one write: 0, or -1 with errno. */
char *cgroup_read(const char *directory, const char *file);
int cgroup_write(const char *directory, const char *file, const char *text);

#endif
