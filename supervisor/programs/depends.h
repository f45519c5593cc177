/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_DEPENDS_H
#define SUPERVISOR_PROGRAMS_DEPENDS_H

#include <stdbool.h>

#include "supervisor/programs/programs.h"

/*
 * The order of programs by depends_on. One that is to be started waits until all that it depends on
 * run, or have ended well; what of it is neither running nor on its way is started, too. When
 * musterd stops, it is stopped before them. Its own restarts wait for nobody, and what becomes of
 * the others later does not touch it.
 *
 * Between two updates the programs that there are may contradict each other; only what has a lower
 * rank is waited for, so nothing waits in a circle.
 */

/* What one that is waited for means for who waits: pure. */
enum depends_verdict { DEPENDS_READY, DEPENDS_COMING, DEPENDS_FAILED };
enum depends_verdict depends_judge(enum process_state state, bool ended_well, bool is_wanted);

/* Whether a program depends on another one, directly. */
bool depends_on(const struct program *program, const struct program *other);

/* Keeps the list of those that depend on others up to date: its settings are others; it goes. */
void depends_follow(struct program *program);
void depends_forget(struct program *program);

/* Starts it: at once where it depends on nothing, else when it may be. */
void depends_start(struct program *program);

/* It is not to be started any more. */
void depends_cancel(struct program *program);

/* Whether one that waits may be started now; also begins to start what it waits for. */
bool depends_are_ready(const struct programs *programs, struct program *program);

/* For programs.c: whether some wait; then they are looked at. */
bool depends_are_waiting(const struct programs *programs);

/* While all stops: true where others that depend on it have not ended yet; those are stopped by
 * this. */
bool depends_hold(const struct program *program, void (*stop)(struct program *program));

#endif
