/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_H
#define SUPERVISOR_PROGRAMS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/program_settings.h"
#include "common/spawn.h"
#include "supervisor/lifecycle.h"
#include "supervisor/programs/fault.h"
#include "supervisor/programs/input.h"
#include "supervisor/programs/output.h"
#include "supervisor/programs/program_host.h"
#include "supervisor/reaper.h"

struct hook;
struct listener;
struct memory_watch;
struct program_cgroup;
struct program_change;
struct program_group;
struct program_schedule;
struct program_watch;
struct program_sockets;

/* Of one that is to be started when others are ready (depends.h). */
enum want {
    WANT_NOTHING,
    WANT_NEW,     /* nobody has looked yet */
    WANT_WAITS,   /* they are on their way */
    WANT_IN_VAIN, /* one of them is not: somebody has to start it */
};

/* The random letters of an AUTO log's name. */
#define AUTO_LETTERS 6

/*
 * One process of a program: its life is the table of lifecycle.h, with Supervisor's rules for when
 * it runs, when it is started again, and how it is stopped. EVENT_READY comes when it has stayed up
 * for startsecs.
 *
 * There may be many thousands, so what is the same for all is kept once, and buffers belong to the
 * host.
 */
struct program {
    struct program_host *host;
    struct program_group *group;
    struct group_settings *source; /* held: what the next three belong to */
    const struct program_entry *entry;
    const struct program_settings *settings; /* the entry's */
    const struct process_settings *process;
    struct program_change *change; /* what it becomes when it has stopped; NULL: nothing */

    enum process_state state; /* changed by one setter in program.c alone */
    uint64_t revision;        /* of the host, when it changed last */
    enum want want;
    char *waits_for;        /* while it waits: names and states */
    bool was_started;       /* at any time */
    bool ended_well;        /* by one of exitcodes */
    bool holds_socket;      /* of its group */
    bool ran_out_of_memory; /* at its last end */
    int exit_status;        /* of the last end; -1: by a signal */
    unsigned failures;      /* starts in a row that did not get as far as running */
    int64_t since_ms; /* when the state began; monotonic, as all here that is not called wall */
    int64_t pause_ms; /* in PROCESS_BACKOFF */
    int64_t started_ms;
    int64_t restarts_paid_ms;                 /* see program_restart.h */
    int64_t started_wall_ms, stopped_wall_ms; /* 0: never */
    char *spawn_error;                        /* NULL: none */

    struct spawn_child child;
    struct reaper_child reaped;
    ev_timer limit; /* of the present state */
    struct output outputs[STREAM_COUNT];
    struct input input;
    struct program_schedule *schedule;           /* NULL: it is kept running */
    struct hook *hook;                           /* NULL until there is a first one */
    struct program_sockets *sockets;             /* NULL: it has none */
    struct program_cgroup *cgroup;               /* NULL: it has none of its own */
    struct memory_watch *memory;                 /* NULL: it is not watched */
    struct program_watch *watch;                 /* of readiness and health; NULL: none */
    struct listener *listener;                   /* of an event listener; NULL for others */
    char auto_names[STREAM_COUNT][AUTO_LETTERS]; /* "": there is none yet */
};

/* A program that is stopped. entry and process belong to source, which it holds; the group
 * outlives it. */
struct program *program_create(struct program_host *host, struct program_group *group,
                               struct group_settings *source, const struct program_entry *entry,
                               const struct process_settings *process);

/* Takes over what it was under another master: all that is not of its process has been set; pid is
 * that of its process, a child of ours, or 0. */
void program_resume(struct program *program, enum process_state state, pid_t pid);

/* Only for one that has no process (lifecycle_has_process). */
void program_destroy(struct program *program);

/* An event of its life from outside: EVENT_START, EVENT_STOP, EVENT_KILL; EVENT_GIVE_UP in BACKOFF.
 */
void program_handle(struct program *program, enum process_event event);

/* A command beside a process that lives has ended: what had to wait for that goes on. */
void program_go_on(struct program *program);

/* What a person asks for, by Supervisor's rules: FAULT_SUCCESS, or why not, with err. A start or a
 * stop has begun then; its success shows in the state. */
enum fault program_start(struct program *program, struct err *err);
enum fault program_stop(struct program *program, struct err *err);
enum fault program_signal(struct program *program, int signal_number, struct err *err);
enum fault program_write(struct program *program, const char *bytes, size_t length,
                         struct err *err);

/* Removes both logs and begins new ones. */
enum fault program_clear_logs(struct program *program, struct err *err);

/* STARTING, RUNNING or BACKOFF: it runs, or is on its way to. */
bool program_is_active(const struct program *program);

/* False where all stops, or where it is to go or to become something else first. */
bool program_may_start(const struct program *program);

/* Its process's pid; 0 while there is none. */
pid_t program_pid(const struct program *program);

/* "group:name", or the name alone where both are the same. A malloc'd text. */
char *program_full_name(const struct program *program);

/* Where a stream goes: a path, in room (LOG_PATH_SIZE bytes) or elsewhere. NULL where it goes to no
 * file. */
const char *program_log_path(const struct program *program, enum stream stream, char *room);

/* Other settings, which belong to source. A process that it has goes on by those that it was
 * started with, but for what needs no new process. */
void program_configure(struct program *program, struct group_settings *source,
                       const struct program_entry *entry, const struct process_settings *process);

#endif
