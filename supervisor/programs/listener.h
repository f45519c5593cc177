/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LISTENER_H
#define SUPERVISOR_PROGRAMS_LISTENER_H

#include <stddef.h>

#include "supervisor/programs/listener_protocol.h"

struct listener_pool;
struct program;
struct queued_event;

/* One process that is told of events. */
struct listener {
    struct listener_pool *pool;
    struct program *program;
    struct listener_protocol protocol;
    struct queued_event *event; /* that it has been sent; NULL: none */
};

/* A listener that has not said READY yet; pool and program must outlive it. Destroying drops an
 * event that it has not finished: listener_reset gives that back before. listener_destroy accepts
 * NULL. */
struct listener *listener_create(struct listener_pool *pool, struct program *program);
void listener_destroy(struct listener *listener); /* accepts NULL */

/* It has written to its standard output. */
void listener_hear(struct listener *listener, const char *bytes, size_t length);

/* Its process is being started, or has ended: it has to say READY again, and an event that it has
 * not finished goes back. */
void listener_reset(struct listener *listener);

#endif
