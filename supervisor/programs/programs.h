/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAMS_H
#define SUPERVISOR_PROGRAMS_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>

#include <ev.h>

#include "common/settings.h"
#include "supervisor/programs/program_group.h"
#include "supervisor/programs/program_host.h"

struct operation;

#define TICK_COUNT 3 /* of 5, 60 and 3600 seconds */

/*
 * All programs of one master, as under Supervisor: the groups that are active, and the groups of
 * the configuration as it was read last, which become active when they are told to.
 */
struct programs {
    struct program_host host;
    struct program_group **groups; /* active, by priority and name */
    size_t group_count;
    struct group_settings **available; /* held; as they were read last */
    size_t available_count;
    struct operation *operations; /* under way, and some that are over; the newest first */
    unsigned operation_count;     /* that there ever were */
    ev_timer starting;            /* there are more programs to be started */
    ev_timer settling;            /* they have been, a moment ago */
    bool waits_for_room;          /* they are, when start_concurrency lets them */
    ev_timer reporting;  /* while all are being stopped: says now and then for whom we wait */
    ev_periodic ticking; /* while somebody wants to be told of the time */
    long told_ticks[TICK_COUNT];
};

/* Makes all groups of the settings; nothing is started. Returns 0, or -1 with err; programs_finish
 * is due in either case. */
int programs_init(struct programs *programs, struct host *host, const struct settings *settings,
                  struct err *err);

/* Only when none has a process (programs_are_stopped). */
void programs_finish(struct programs *programs);

/* Starts those with autostart, by priority. */
void programs_begin(struct programs *programs);

/* Starts those that are to be started and have not been yet, a few in each turn. */
void programs_start_awaited(struct programs *programs);

/* To be called at the end of a turn in which some program's state has changed (host.changed). */
void programs_tend(struct programs *programs);

/* Something has changed: where programs wait for room, and there is some, they are started. */
void programs_start_more(struct programs *programs);

/* For programs_init. */
void programs_init_stopping(struct programs *programs);

/* Begins to stop all: groups of a higher priority first, those of the same together. Nothing is
 * started any more. */
void programs_stop(struct programs *programs);
void programs_kill(struct programs *programs);
bool programs_are_stopped(const struct programs *programs);

/* Opens all logs again under their names. */
void programs_reopen_logs(struct programs *programs);

/* The active group of this name; NULL: there is none. */
struct program_group *programs_group(const struct programs *programs, const char *name);

/* True where a process is what one of our programs has left behind, by what its environment says.
 */
bool programs_own(const struct programs *programs, pid_t pid);

/* The group of this name among what was read last; NULL: there is none. */
struct group_settings *programs_available(const struct programs *programs, const char *name);

/* An active group from the settings that were read last. Returns FAULT_SUCCESS,
 * FAULT_ALREADY_ADDED, FAULT_BAD_NAME or FAULT_FAILED with err. */
enum fault programs_add(struct programs *programs, const char *name, struct err *err);

/* Takes a group away whose programs are stopped: FAULT_SUCCESS, FAULT_BAD_NAME or
 * FAULT_STILL_RUNNING with err. */
enum fault programs_remove(struct programs *programs, const char *name, struct err *err);

/* An active group that was so under the master before us; its programs are to be resumed. NULL where
 * it cannot be: logged. */
struct program_group *programs_resume_group(struct programs *programs, const char *name);

/* For update.c: groups have other priorities; a program is about to go. */
void programs_sort(struct programs *programs);
void programs_forget(struct programs *programs, const struct program *program);

/* Takes the configuration that was read anew as what is available. */
void programs_set_available(struct programs *programs, const struct supervisor_settings *settings);

#endif
