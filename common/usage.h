/* SPDX-License-Identifier: MIT */
#ifndef COMMON_USAGE_H
#define COMMON_USAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What processes use, by the kernel's figures. The resident size counts pages that are shared with
 * others for each of them; it is cheap to read. The proportional size does not, and costs a walk
 * over the page tables: it is asked only where the cheap figure is past a limit.
 */
#define USAGE_PROCESSES_MAX 256 /* of one tree; what is beyond is not counted */

struct usage {
    uint64_t memory; /* bytes */
    uint64_t cpu_us; /* processor time, of children that have been waited for too */
};

/* A process and all below it, parents first. Returns how many. */
size_t usage_tree(pid_t pid, pid_t pids[USAGE_PROCESSES_MAX]);

/* Of a process and all below it; zeros where it has ended. */
struct usage usage_of_tree(pid_t pid);

/* Of a tree, the proportional size in bytes; the resident one where the kernel does not tell. */
uint64_t usage_proportional(pid_t pid);

/* Of this process, with the time of children that it has waited for. */
struct usage usage_of_self(void);

/* Reads the fields that count from the text of /proc/PID/stat. Returns 0, or -1 for another text.
 * Pure. */
int usage_parse_stat(const char *text, uint64_t page_size, uint64_t ticks_per_second,
                     struct usage *usage);

#endif
