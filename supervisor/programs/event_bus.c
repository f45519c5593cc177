/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/event_bus.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void find_wanted(struct event_bus *bus)
{
    bus->wanted = 0;
    for (const struct event_subscriber *one = bus->first; one; one = one->next)
        bus->wanted |= one->types;
}

void event_subscribe(struct event_bus *bus, struct event_subscriber *subscriber)
{
    struct event_subscriber **link = &bus->first;
    while (*link)
        link = &(*link)->next;
    subscriber->next = NULL;
    *link = subscriber;
    find_wanted(bus);
}

void event_unsubscribe(struct event_bus *bus, struct event_subscriber *subscriber)
{
    struct event_subscriber **link = &bus->first;
    while (*link && *link != subscriber)
        link = &(*link)->next;
    if (*link)
        *link = subscriber->next;
    find_wanted(bus);
}

bool event_wanted(const struct event_bus *bus, enum event_type type)
{
    return (bus->wanted & EVENT_BIT(type)) != 0;
}

void event_notify(struct event_bus *bus, const struct event *event)
{
    bus->serial += bus->has_begun;
    bus->has_begun = true;
    for (struct event_subscriber *one = bus->first; one; one = one->next)
        if (one->types & EVENT_BIT(event->type))
            one->happened(one->context, event);
}

void event_notify_format(struct event_bus *bus, enum event_type type, const char *format, ...)
{
    char *payload = NULL;
    va_list arguments;
    if (!event_wanted(bus, type))
        return;
    va_start(arguments, format);
    int length = vasprintf(&payload, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    event_notify(bus, &(struct event){type, payload, (size_t)length});
    free(payload);
}
