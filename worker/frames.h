/* SPDX-License-Identifier: MIT */
#ifndef WORKER_FRAMES_H
#define WORKER_FRAMES_H

#include "common/err.h"
#include "worker/handler.h"
#include "worker/protocol.h"

/* What a persistent handler says, and what it means for its jobs. Returns 0, or -1 with err where
 * it may not say that now. */
int frames_take(struct handler *handler, const struct frame *frame, struct err *err);

#endif
