/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_LAUNCH_H
#define SUPERVISOR_LAUNCH_H

#include <stdint.h>

#include "common/err.h"
#include "common/spawn.h"

/* The command line of muster-worker (docs/architecture.md), and what it inherits. */
struct launch {
    const char *program;
    const char *queue; /* NULL: the maintenance process */
    const char *id;    /* of a worker */
    uint32_t generation;
    int snapshot;
    int board_fd; /* of a worker */
    int calls_fd; /* of the maintenance process */
    int channel_in, channel_out;
};

/* The worker binary: $MUSTER_WORKER, or muster-worker beside this program, or the installed one.
 * The caller frees it. */
char *launch_find_program(void);

/* Starts it, in a process group of its own and as the reaper of its orphans. Returns 0, or -1 with
 * err. */
int launch_start(const struct launch *launch, struct spawn_child *child, struct err *err);

#endif
