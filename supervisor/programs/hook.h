/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_HOOK_H
#define SUPERVISOR_PROGRAMS_HOOK_H

#include <stdbool.h>

#include "common/err.h"

struct program;

/* A command around the life of a program: it runs as the program's user, in its directory and with
 * its environment, for hook_timeout at most; what it writes goes to the log of musterd. One a
 * program at a time. */
enum hook_kind { HOOK_PRE_START, HOOK_STOP, HOOK_POST_STOP, HOOK_RELOAD };

struct hook;

/* Whether there is such a command. */
bool hook_is_wanted(const struct program *program, enum hook_kind kind);

/* Starts it. ended is called once, from the loop, with true where it has ended with status 0 in
 * time. MUSTER_HOOK says which it is, MUSTER_PID what the pid is or was, MUSTER_EXIT (post_stop)
 * how it ended. Returns 0, or -1 with err: it could not be started, and ended is not called. */
int hook_start(struct program *program, enum hook_kind kind,
               void (*ended)(struct program *program, bool is_done), struct err *err);

/* Whether one runs; whether any does. */
bool hook_runs(const struct program *program, enum hook_kind kind);
bool hook_any_runs(const struct program *program);

/* Kills the one that runs, where one does: ended is called with false. */
void hook_kill(struct program *program);

/* How it has failed, to be told: in the room of the program, until the next one starts. */
const char *hook_failure(const struct program *program);

/* Only where none runs. */
void hook_destroy(struct program *program);

#endif
