/* SPDX-License-Identifier: MIT */
#include "common/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

/* How often a slot is read again that changed in the middle. */
#define READS_MAX 4

static struct board *map_slots(int fd, int flags, uint32_t slot_count)
{
    void *memory =
        mmap(NULL, slot_count * sizeof(struct board_slot), PROT_READ | PROT_WRITE, flags, fd, 0);
    if (memory == MAP_FAILED)
        return NULL;
    struct board *board = mem_new(1, sizeof *board);
    board->slot_count = slot_count;
    board->slots = memory;
    return board;
}

/* The size is sealed: a worker that shrank it would kill the master at its next look. */
static int make_memory(size_t size)
{
    int fd = memfd_create("muster-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -1;
    if (ftruncate(fd, (off_t)size) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    int cause = errno;
    close(fd);
    errno = cause;
    return -1;
}

struct board *board_create(uint32_t slot_count, int *fd, struct err *err)
{
    *fd = make_memory(slot_count * sizeof(struct board_slot));
    struct board *board = *fd < 0 ? NULL : map_slots(*fd, MAP_SHARED, slot_count);
    if (board)
        return board;
    err_errno(err, errno, "cannot make a board of %u slots", slot_count);
    fd_close(fd);
    return NULL;
}

struct board *board_open(int fd, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0) {
        err_errno(err, errno, "cannot look at the board");
        return NULL;
    }
    size_t size = (size_t)status.st_size, slot_count = size / sizeof(struct board_slot);
    if (size % sizeof(struct board_slot) != 0 || slot_count < 1 || slot_count > BOARD_SLOTS_MAX) {
        err_set(err, ERR_INVALID, "%zu bytes are no board", size);
        return NULL;
    }
    struct board *board = map_slots(fd, MAP_SHARED, (uint32_t)slot_count);
    if (!board)
        err_errno(err, errno, "cannot map the board");
    return board;
}

struct board *board_private(uint32_t slot_count)
{
    struct board *board = map_slots(-1, MAP_PRIVATE | MAP_ANONYMOUS, slot_count);
    if (!board) { /* the same as when an allocation fails */
        perror("muster: board");
        abort();
    }
    return board;
}

void board_destroy(struct board *board)
{
    if (!board)
        return;
    munmap(board->slots, board->slot_count * sizeof *board->slots);
    free(board);
}

uint32_t board_slots_for(int64_t jobs)
{
    int64_t most = BOARD_SLOTS_MAX - BOARD_SLOTS_KEPT;
    return (uint32_t)(jobs < most ? jobs : most) + BOARD_SLOTS_KEPT;
}

uint32_t board_jobs_of(uint32_t slot_count)
{
    return slot_count > BOARD_SLOTS_KEPT ? slot_count - BOARD_SLOTS_KEPT : slot_count;
}

void board_begin(struct board *board, uint32_t slot, const char *uuid, int attempt,
                 pid_t handler_pid, int64_t started_us)
{
    struct board_slot *note = &board->slots[slot];
    size_t length = strnlen(uuid, UUID_TEXT_MAX);
    atomic_store_explicit(&note->attempt, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    memcpy(note->uuid, uuid, length);
    note->uuid[length] = '\0';
    note->handler_pid = handler_pid;
    note->started_us = started_us;
    atomic_store_explicit(&note->attempt, attempt, memory_order_release);
}

void board_end(struct board *board, uint32_t slot)
{
    atomic_store_explicit(&board->slots[slot].attempt, 0, memory_order_release);
}

/* One reading. Returns the attempt, or -1 where the writer came between. */
static int read_once(const struct board_slot *note, char uuid[UUID_TEXT_SIZE], int64_t *started_us)
{
    int attempt = atomic_load_explicit(&note->attempt, memory_order_acquire);
    if (attempt <= 0)
        return 0;
    *started_us = note->started_us;
    memcpy(uuid, note->uuid, UUID_TEXT_SIZE);
    atomic_thread_fence(memory_order_acquire);
    if (atomic_load_explicit(&note->attempt, memory_order_relaxed) != attempt ||
        note->started_us != *started_us)
        return -1;
    return uuid_valid(uuid, strnlen(uuid, UUID_TEXT_SIZE)) ? attempt : 0;
}

int board_read(const struct board *board, uint32_t slot, char uuid[UUID_TEXT_SIZE],
               int64_t *started_us)
{
    for (int reads = 0; reads < READS_MAX; reads++) {
        int attempt = read_once(&board->slots[slot], uuid, started_us);
        if (attempt >= 0)
            return attempt;
    }
    return 0;
}
