/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_MEMORY_WATCH_H
#define SUPERVISOR_PROGRAMS_MEMORY_WATCH_H

#include <stdint.h>

struct program;

/* Looks once a second at the memory of a program that has a memory_limit which the kernel does not
 * keep (program_cgroup.h), and kills it past that. */
struct memory_watch;

/* To be called when its process has begun, when it has other settings, and when the process is
 * gone: begins or ends watching. */
void memory_watch_follow(struct program *program);

/* How often the kernel has killed a process for want of memory since the system began. */
uint64_t memory_kernel_kills(void);

/* Why a process that has ended by SIGKILL ran out of memory, malloc'd; NULL where that is not the
 * cause. To be asked once an end. */
char *memory_blame(struct program *program, int status);

#endif
