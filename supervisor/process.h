/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROCESS_H
#define SUPERVISOR_PROCESS_H

#include <stdint.h>

#include <ev.h>

#include "common/board.h"
#include "common/channel.h"
#include "common/spawn.h"
#include "supervisor/health.h"
#include "supervisor/host.h"
#include "supervisor/lifecycle.h"
#include "supervisor/reaper.h"

/*
 * One supervised process: starts it, hears it, judges it by its limits, stops it and starts it
 * again. It knows nothing of what the process is for; that is its owner's.
 */
struct process;

struct process_owner {
    /* Starts the program with child ends of the channel (and the board); process->generation is
     * that of this start. Returns 0, or -1 with err. */
    int (*launch)(struct process *process, int channel_in, int channel_out,
                  struct spawn_child *child, struct err *err);
    /* Something was heard, other than that it is ready. */
    void (*heard)(struct process *process, const struct record *record);
    /* It has ended; its board is still there. Whatever it left behind is being killed. */
    void (*ended)(struct process *process, bool was_ready);
};

struct process {
    const struct process_owner *owner;
    struct host *host;
    void *data;       /* the owner's */
    const char *name; /* for the log; the owner's */
    struct health_limits limits;
    uint32_t board_slots; /* 0: it has no board */

    enum process_state state; /* changed by one setter in process.c alone */
    uint64_t revision;        /* of the host, when something to be seen has changed last */
    enum stop_stage stage;
    int64_t since_ms; /* when state and stage began; monotonic, as all here */
    int64_t ready_ms; /* 0: this start has not got so far */
    int64_t alive_ms;
    int64_t pause_ms;
    int64_t started_wall_ms;
    unsigned failures;         /* in a row */
    enum record_type farewell; /* what a stop tells it: RECORD_DRAIN, unless its owner says more */
    uint32_t generation;

    struct spawn_child child;
    struct reaper_child reaped;
    struct channel channel;
    struct board *board;
    int board_fd; /* what a child inherits and we keep, -1 without a board */
    ev_io exec_watch, record_watch;
    ev_timer limit;
};

/* A process that is stopped. owner, host, data, name, limits and board_slots have been set. */
void process_init(struct process *process);

/* Takes over what it was under another master: a child of ours, whose child, channel, board and times
 * have been set. */
void process_resume(struct process *process, enum process_state state);

/* Only for one that has no process (lifecycle_has_process). */
void process_finish(struct process *process);

/* One event from outside: EVENT_START, EVENT_STOP, EVENT_TERMINATE, EVENT_KILL. */
void process_handle(struct process *process, enum process_event event);

/* Changes its limits. process_set_limits_anew lets that of the present state begin now. */
void process_set_limits(struct process *process, const struct health_limits *limits);
void process_set_limits_anew(struct process *process, const struct health_limits *limits);

/* Sends a record where there is somebody to take it. Returns 0, or -1. */
int process_tell(struct process *process, enum record_type type);

#endif
