/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/listener.h"

#include <stdlib.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/programs/listener_pool.h"
#include "supervisor/programs/program.h"

static const char *name_of(const struct listener *listener)
{
    return listener->program->process->name;
}

static void drop_event(struct listener *listener)
{
    free(listener->event);
    listener->event = NULL;
}

static void return_event(struct listener *listener)
{
    struct queued_event *event = listener->event;
    listener->event = NULL;
    if (event)
        listener_pool_return(listener->pool, event);
}

static void act_on(struct listener *listener, enum listener_news news)
{
    switch (news) {
    case LISTENER_TAKES_EVENT:
        log_write(LOG_DEBUG, "%s: event was processed", name_of(listener));
        drop_event(listener);
        break;
    case LISTENER_REJECTS_EVENT:
        log_write(LOG_WARN, "%s: event was rejected", name_of(listener));
        return_event(listener);
        break;
    case LISTENER_BREAKS_RULES:
        log_write(LOG_WARN,
                  "%s: has entered the UNKNOWN state and will no longer receive events, this "
                  "usually indicates the process violated the eventlistener protocol",
                  name_of(listener));
        return_event(listener);
        break;
    default:
        break;
    }
}

void listener_hear(struct listener *listener, const char *bytes, size_t length)
{
    enum listener_news news;
    enum listener_state before = listener->protocol.state;
    listener_protocol_hear(&listener->protocol, bytes, length);
    while ((news = listener_protocol_news(&listener->protocol)) != LISTENER_SAYS_NOTHING)
        act_on(listener, news);
    if (listener->protocol.state != before)
        log_write(LOG_DEBUG, "%s: %s -> %s", name_of(listener), listener_state_name(before),
                  listener_state_name(listener->protocol.state));
    if (listener->protocol.state == LISTENER_READY)
        listener_pool_dispatch(listener->pool);
}

void listener_reset(struct listener *listener)
{
    listener_protocol_finish(&listener->protocol);
    listener_protocol_init(&listener->protocol);
    return_event(listener);
}

struct listener *listener_create(struct listener_pool *pool, struct program *program)
{
    struct listener *listener = mem_new(1, sizeof *listener);
    listener->pool = pool;
    listener->program = program;
    listener_protocol_init(&listener->protocol);
    return listener;
}

void listener_destroy(struct listener *listener)
{
    if (!listener)
        return;
    drop_event(listener);
    listener_protocol_finish(&listener->protocol);
    free(listener);
}
