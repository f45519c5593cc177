/* SPDX-License-Identifier: MIT */
#include "worker/slots.h"

#include <stdlib.h>

#include "common/mem.h"

void slots_init(struct slots *slots, struct board *board)
{
    *slots = (struct slots){.board = board, .free_count = board->slot_count};
    slots->free = mem_new(slots->free_count, sizeof slots->free[0]);
    for (uint32_t i = 0; i < slots->free_count; i++)
        slots->free[i] = slots->free_count - 1 - i;
    TAILQ_INIT(&slots->kept);
}

void slots_finish(struct slots *slots)
{
    free(slots->free);
    *slots = (struct slots){0};
}

static void resume(struct attempt *attempt)
{
    if (attempt->is_kept)
        TAILQ_REMOVE(&attempt->slots->kept, attempt, kept);
    attempt->is_kept = false;
}

void slots_note(struct slots *slots, struct attempt *attempt, pid_t handler_pid)
{
    if (attempt->slots) {
        resume(attempt);
        return;
    }
    if (slots->free_count == 0)
        slots_release(TAILQ_FIRST(&slots->kept));
    attempt->slots = slots;
    attempt->slot = slots->free[--slots->free_count];
    board_begin(slots->board, attempt->slot, attempt->job->uuid, attempt->job->attempts,
                handler_pid, attempt->started_us);
}

void slots_keep(struct attempt *attempt)
{
    if (!attempt->slots || attempt->is_kept)
        return;
    TAILQ_INSERT_TAIL(&attempt->slots->kept, attempt, kept);
    attempt->is_kept = true;
}

void slots_release(struct attempt *attempt)
{
    struct slots *slots = attempt->slots;
    if (!slots)
        return;
    if (attempt->is_kept)
        TAILQ_REMOVE(&slots->kept, attempt, kept);
    board_end(slots->board, attempt->slot);
    slots->free[slots->free_count++] = attempt->slot;
    attempt->slots = NULL;
    attempt->is_kept = false;
}
