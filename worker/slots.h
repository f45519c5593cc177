/* SPDX-License-Identifier: MIT */
#ifndef WORKER_SLOTS_H
#define WORKER_SLOTS_H

#include <stdint.h>

#include "common/board.h"
#include "worker/attempt.h"

/*
 * Which attempts are noted on the board. A note is made when an attempt begins, and stays until the
 * store has been told of its end: who finds the board of a dead worker must know of it as long as
 * the store says that it is reserved. Where ends that wait for the store use up all slots, the
 * oldest of them gives way to what begins.
 */
struct slots {
    struct board *board;
    uint32_t *free; /* a stack */
    uint32_t free_count;
    struct attempt_list kept; /* noted, and ended; the oldest first */
};

/* board is the caller's, and is to outlive it. */
void slots_init(struct slots *slots, struct board *board);
void slots_finish(struct slots *slots);

/* The attempt begins in a handler with this pid. There is one slot at least that is free or kept.
 * One that is kept already goes on in its slot. */
void slots_note(struct slots *slots, struct attempt *attempt, pid_t handler_pid);

/* It has ended, and its end waits for the store. */
void slots_keep(struct attempt *attempt);

/* The store knows, or the attempt is not to count. Nothing where it is not noted. */
void slots_release(struct attempt *attempt);

#endif
