/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PERSISTENT_H
#define WORKER_PERSISTENT_H

#include <stdbool.h>

#include "worker/handler.h"

/*
 * What a persistent handler has beside what all have: the two pipes, and the frames on them. It may
 * hold several jobs; the first `concurrency` of them have begun, the others have not.
 */
struct persistent *persistent_create(struct handler *handler);
void persistent_destroy(struct persistent *persistent); /* accepts NULL */

/* Asks an idle handler for a sign of life, which it must give until the next call; where it has
 * not, it is replaced. */
void persistent_ping(struct handler *handler);

/* Where a frame to the handler is appended, NULL where it takes none any more; and sends it. */
struct buf *persistent_begin(struct handler *handler);
void persistent_send(struct handler *handler);

/* True where so much waits to be taken by the handler that it gets no more now. */
bool persistent_is_full(const struct persistent *persistent);

#endif
