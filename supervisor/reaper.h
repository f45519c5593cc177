/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_REAPER_H
#define SUPERVISOR_REAPER_H

#include <stdbool.h>

#include <ev.h>

#include "common/orphans.h"
#include "common/spawn.h"

/*
 * The ends of processes. SIGCHLD tells that there are some; they are reaped in two passes: first
 * all ends are collected, then their owners are told, who may start or forget children while they
 * are. What that costs depends on how many have ended, not on how many there are.
 *
 * This process is a subreaper, so what a dead child leaves behind becomes a child of ours that
 * nobody watches: an orphan. A sweep kills orphans with their process groups, until none is left. A
 * number is only signalled while it belongs to an unreaped child of ours, so it cannot have been
 * given to a stranger; what had been a child of ours before we began (somebody exec'd us) is a
 * stranger too.
 */
struct reaper_child {
    struct spawn_child *spawned;
    void (*ended)(struct reaper_child *child, int status);
    void *data; /* the owner's */
    struct reaper *reaper;
    struct reaper_child *next;
    int status;
};

struct reaper {
    struct ev_loop *loop;
    struct reaper_child **slots; /* those that have not been seen to end, by pid */
    size_t slot_count;           /* a power of two, or 0 */
    size_t child_count;
    struct strangers strangers;
    bool sweeping;
    ev_signal child_signal;
    ev_timer sweep_limit;
    void (*swept)(void *context); /* no orphan is left, or the limit has passed */
    /* True for an orphan that may live on, although what a dead child leaves behind is killed.
     * NULL: none */
    bool (*spares)(void *context, pid_t pid);
    void *context;
};

/* Makes this process a subreaper. swept, spares and context have been set, the rest is zeroed.
 * Returns 0, or -1 with err; reaper_finish is due in either case. */
int reaper_init(struct reaper *reaper, struct ev_loop *loop, struct err *err);
void reaper_finish(struct reaper *reaper);

/* After reaper_init, in a process that has become what it is by exec: only these were children of
 * others. */
void reaper_resume(struct reaper *reaper, const pid_t *strangers, size_t count);

/* Begins to watch a child; spawned, ended and data have been set. ended is called once, after which
 * the child is not watched any more and its pid means nothing. */
void reaper_watch(struct reaper *reaper, struct reaper_child *child);

/* Kills all orphans; swept is called when they are gone. */
void reaper_sweep(struct reaper *reaper);

#endif
