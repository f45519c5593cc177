/* SPDX-License-Identifier: MIT */
#ifndef WORKER_PLUGIN_ANSWERS_H
#define WORKER_PLUGIN_ANSWERS_H

#include "common/buf.h"
#include "common/err.h"

/*
 * What the host has to say to the worker. Many answers go out in one write: when the host has
 * nothing more to do, when there are many, or a millisecond after the first one, by a thread; for
 * the job after it may take long, and the worker thinks until then that this one still runs.
 */
struct answers;

/* fd is blocking. NULL with err where there can be no thread. */
struct answers *answers_start(int fd, struct err *err);
void answers_finish(struct answers *answers); /* sends what is left; accepts NULL */

/* The buffer, to append whole frames to; the thread does not touch it until answers_release. */
struct buf *answers_take(struct answers *answers);
void answers_release(struct answers *answers);

/* Sends what there is. The worker that does not take it is gone: then the process ends. */
void answers_flush(struct answers *answers);

#endif
