/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_WAKE_H
#define DRIVERS_SQLITE_WAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/*
 * Wake-ups: a FIFO for each queue in the directory DATABASE-wake. Who pushes writes a byte a job,
 * idle workers wait for them and take one byte each, so that one job wakes one worker. Nothing is
 * lost where nobody waits: who is busy looks at the queue itself when it is done. A FIFO is never
 * filled past WAKE_BYTES_MAX, or idle workers would go on waking up long after a rush.
 */
#define WAKE_BYTES_MAX 64
#define WAKE_FDS_MAX   16

struct wake_fd {
    char *queue;
    int fd;
};

struct wake {
    char *directory;
    char *queue;                      /* that is waited for, or NULL */
    int fd;                           /* of the queue that is waited for, -1 without one */
    struct wake_fd fds[WAKE_FDS_MAX]; /* of queues that were poked */
    size_t next;                      /* the one that makes room */
};

/* Nothing is open; the FIFOs are in a directory beside the file `database`, named after it.
 * Finishing closes the descriptors and leaves the FIFOs where they are. */
void wake_init(struct wake *wake, const char *database);
void wake_finish(struct wake *wake);

/* Makes the FIFO of a queue and opens it; once more is cheap. Returns the descriptor, or -1 with
 * err. */
int wake_listen(struct wake *wake, const char *database, const char *queue, struct err *err);

/* Takes a byte. Returns true where there was one. */
bool wake_take(struct wake *wake);

/* Wakes workers of a queue: as many as there are fresh jobs; or several, where a delayed job came
 * before all that they know of (whoever is idle when it is due must have looked). Nobody may be
 * there, and whatever goes wrong is made good by upkeep. */
void wake_poke(struct wake *wake, const char *queue, size_t fresh, bool has_earlier);

#endif
