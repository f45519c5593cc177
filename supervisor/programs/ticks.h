/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_TICKS_H
#define SUPERVISOR_PROGRAMS_TICKS_H

struct programs;

/* The TICK events: told at each 5, 60 and 3600 seconds of the wall clock, while somebody wants to
 * know. Otherwise nothing wakes up for them. */
void ticks_init(struct programs *programs);
void ticks_finish(struct programs *programs);

/* To be called when listeners have come or gone. */
void ticks_follow(struct programs *programs);

#endif
