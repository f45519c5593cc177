/* SPDX-License-Identifier: MIT */
#ifndef COMMON_BOARD_H
#define COMMON_BOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/uuid.h"

/*
 * The board: a piece of memory that a worker shares with the master, on which it notes which attempts have
 * begun. It costs no system call a job, and it can still be read when the worker has been killed: the master
 * then knows which of its reservations count as an attempt, and which go back untouched.
 *
 * The worker writes, the master reads. A note is made before the handler is told of the job. attempt is
 * stored last when a note is made and cleared first when it is taken away, so a reader that sees an attempt
 * sees a whole uuid, wherever the writer was killed.
 */
#define BOARD_SLOTS_MAX  1024
#define BOARD_SLOTS_KEPT 128 /* of them, for attempts whose end the store has not been told */

struct board_slot {
    _Atomic int32_t attempt; /* 0: nothing has begun here */
    int32_t handler_pid;
    int64_t started_us;      /* CLOCK_MONOTONIC */
    char uuid[UUID_TEXT_SIZE];
};

/* One side's view. The count is this side's own knowledge, from the size that was sealed: nothing that the other
 * side can write is trusted for it. */
struct board {
    uint32_t slot_count;
    struct board_slot *slots;
};

/* Master: makes the memory for slot_count (1 to BOARD_SLOTS_MAX) slots and maps it. *fd is what the worker
 * inherits; the caller owns it. NULL with err on failure. */
struct board *board_create(uint32_t slot_count, int *fd, struct err *err);

/* Worker: maps what it inherited and checks its size. NULL with err on failure. */
struct board *board_open(int fd, struct err *err);

/* A board that nobody else sees, for a worker without a master. */
struct board *board_private(uint32_t slot_count);

/* Unmaps the memory and frees the rest. The descriptor of board_create stays open: it is the
 * caller's. Accepts NULL. */
void board_destroy(struct board *board);

/* How many slots a worker is given that may run so many jobs at once (1 or more), and how many jobs
 * it may run with so many slots. */
uint32_t board_slots_for(int64_t jobs);
uint32_t board_jobs_of(uint32_t slot_count);

/* Worker: notes in a slot that an attempt begins, and that it has ended. */
void board_begin(struct board *board, uint32_t slot, const char *uuid, int attempt,
                 pid_t handler_pid, int64_t started_us);
void board_end(struct board *board, uint32_t slot);

/* Reads one slot. Returns the attempt, 0 where there is none (or where the slot changes hands faster than it
 * can be read); uuid gets a whole, NUL-terminated, valid text. */
int board_read(const struct board *board, uint32_t slot, char uuid[UUID_TEXT_SIZE],
               int64_t *started_us);

#endif
