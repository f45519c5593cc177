/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_EVENT_BUS_H
#define SUPERVISOR_PROGRAMS_EVENT_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event_types.h"

/*
 * What happens to programs, for those who want to know: Supervisor's events, with their payloads.
 * An event that nobody wants costs nothing: ask event_wanted before its payload is made.
 */
struct event {
    enum event_type type; /* one that happens, not an abstract one */
    const char *payload;  /* UTF-8 */
    size_t length;        /* bytes */
};

struct event_subscriber {
    uint32_t types; /* as bits, with all that abstract ones stand for */
    void (*happened)(void *context, const struct event *event);
    void *context;
    struct event_subscriber *next;
};

struct event_bus {
    struct event_subscriber *first; /* in the order that they came in */
    uint32_t wanted;                /* by any of them */
    uint64_t serial;                /* of the last event, from 0 */
    bool has_begun;                 /* there was one */
};

/* The subscriber is the caller's, and stays until it is taken away. */
void event_subscribe(struct event_bus *bus, struct event_subscriber *subscriber);
void event_unsubscribe(struct event_bus *bus, struct event_subscriber *subscriber);

/* Whether any subscriber wants this type, so that nobody makes a payload in vain. */
bool event_wanted(const struct event_bus *bus, enum event_type type);

/* Subscribers must not come or go while they are told. */
void event_notify(struct event_bus *bus, const struct event *event);

/* The same, with the payload as a format; nothing is made where nobody wants it. */
void event_notify_format(struct event_bus *bus, enum event_type type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
