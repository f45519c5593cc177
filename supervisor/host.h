/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_HOST_H
#define SUPERVISOR_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "supervisor/reaper.h"

/* What all supervised processes of one master share. */
struct host {
    struct ev_loop *loop;
    const struct clock *clock;
    struct reaper *reaper;
    char *program;       /* the worker binary */
    int snapshot;        /* the settings of the present generation; -1 before there is one */
    uint32_t generation; /* of the last process that was started */
    struct backoff_policy backoff;
    bool has_fatal; /* a program was given up; fatal_exits: and musterd is to end for it */
    bool fatal_exits;
    bool is_resuming; /* what there is comes from a master before us, and is about to be taken over
                       */
    bool changed; /* some process is in another state: the owners are to look after theirs */
    /* Counts what those who look on may see change; each thing keeps the number of its last change.
     */
    uint64_t revision;
    uint64_t listed; /* when a program or a pool has come or gone last */
};

#endif
