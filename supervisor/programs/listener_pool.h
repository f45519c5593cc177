/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LISTENER_POOL_H
#define SUPERVISOR_PROGRAMS_LISTENER_POOL_H

#include <stdint.h>

#include "supervisor/programs/event_bus.h"
#include "supervisor/programs/listener.h"

struct program_group;

/* An event that waits for a listener, or is with one. */
struct queued_event {
    struct queued_event *next;
    uint64_t serial;      /* among all events */
    uint64_t pool_serial; /* among those of its pool */
    enum event_type type;
    size_t length;
    char payload[];
};

/*
 * The listeners of one [eventlistener:x]: each event that is wanted goes to one of them. Those that
 * find none ready wait, as many as buffer_size; beyond that the oldest one is discarded.
 */
struct listener_pool {
    struct program_group *group;
    struct event_subscriber subscriber;
    struct queued_event *first, *last;
    size_t waiting;
    uint64_t next_serial;
    uint64_t discarded;
};

/* Subscribes to the events that the group's settings name, until it is destroyed, which drops what
 * waits. The group must outlive it. listener_pool_destroy accepts NULL. */
struct listener_pool *listener_pool_create(struct program_group *group);
void listener_pool_destroy(struct listener_pool *pool); /* accepts NULL */

/* Sends what waits to those that are ready. */
void listener_pool_dispatch(struct listener_pool *pool);

/* Puts an event behind those that wait, which has its serials already. */
void listener_pool_append(struct listener_pool *pool, struct queued_event *event);

/* Puts an event that was not finished in front of those that wait. */
void listener_pool_return(struct listener_pool *pool, struct queued_event *event);

#endif
