/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/listener_pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/utf8.h"
#include "supervisor/programs/program.h"
#include "supervisor/programs/program_group.h"

#define ENVELOPE_MAX 2048 /* bytes before the payload */

static const char *name_of(const struct listener_pool *pool)
{
    return program_group_name(pool->group);
}

/* Events that wait */

static struct queued_event *take_first(struct listener_pool *pool)
{
    struct queued_event *event = pool->first;
    pool->first = event->next;
    if (!pool->first)
        pool->last = NULL;
    event->next = NULL;
    pool->waiting--;
    return event;
}

static void make_room(struct listener_pool *pool)
{
    if (pool->waiting < (size_t)pool->group->settings->buffer_size)
        return;
    struct queued_event *oldest = take_first(pool);
    log_write(LOG_ERROR, "pool %s event buffer overflowed, discarding event %" PRIu64,
              name_of(pool), oldest->serial);
    pool->discarded++;
    free(oldest);
}

static void put_first(struct listener_pool *pool, struct queued_event *event)
{
    event->next = pool->first;
    pool->first = event;
    if (!pool->last)
        pool->last = event;
    pool->waiting++;
}

void listener_pool_append(struct listener_pool *pool, struct queued_event *event)
{
    event->next = NULL;
    if (pool->last)
        pool->last->next = event;
    else
        pool->first = event;
    pool->last = event;
    pool->waiting++;
}

void listener_pool_return(struct listener_pool *pool, struct queued_event *event)
{
    log_write(LOG_DEBUG, "rebuffering event %" PRIu64 " for pool %s (buf size=%zu, max=%d)",
              event->serial, name_of(pool), pool->waiting, (int)pool->group->settings->buffer_size);
    make_room(pool);
    put_first(pool, event);
}

static void on_event(void *context, const struct event *event)
{
    struct listener_pool *pool = context;
    struct queued_event *queued = mem_new(1, sizeof *queued + event->length);
    queued->serial = pool->group->host->bus.serial;
    queued->pool_serial = pool->next_serial++;
    queued->type = event->type;
    queued->length = event->length;
    memcpy(queued->payload, event->payload, event->length);
    make_room(pool);
    listener_pool_append(pool, queued);
    listener_pool_dispatch(pool);
}

/* Sending */

static int send_event(struct listener *listener, const struct queued_event *event)
{
    const struct listener_pool *pool = listener->pool;
    struct buf text;
    struct err err = ERR_INIT;
    buf_init(&text, ENVELOPE_MAX + event->length);
    buf_printf(&text,
               "ver:3.0 server:%s serial:%" PRIu64 " pool:%s poolserial:%" PRIu64
               " eventname:%s len:%zu\n",
               pool->group->host->identifier, event->serial, name_of(pool), event->pool_serial,
               event_type_names[event->type], utf8_count(event->payload, event->length));
    buf_append(&text, event->payload, event->length);
    enum fault fault = program_write(listener->program, buf_text(&text), text.length, &err);
    buf_finish(&text);
    if (fault != FAULT_SUCCESS)
        log_write(LOG_DEBUG, "event %" PRIu64 " cannot be sent to listener %s: %s", event->serial,
                  listener->program->process->name, err.text);
    return fault == FAULT_SUCCESS ? 0 : -1;
}

/* Returns the listener that has taken it; NULL where none could. */
static struct listener *send_to_any(struct listener_pool *pool, const struct queued_event *event)
{
    for (size_t i = 0; i < pool->group->member_count; i++) {
        struct program *program = pool->group->members[i];
        struct listener *listener = program->listener;
        if (program->state == PROCESS_RUNNING && listener->protocol.state == LISTENER_READY &&
            send_event(listener, event) == 0)
            return listener;
    }
    return NULL;
}

void listener_pool_dispatch(struct listener_pool *pool)
{
    while (pool->first) {
        struct listener *listener = send_to_any(pool, pool->first);
        if (!listener)
            return;
        listener_protocol_sent(&listener->protocol);
        listener->event = take_first(pool);
        log_write(LOG_DEBUG, "event %" PRIu64 " sent to listener %s", listener->event->serial,
                  listener->program->process->name);
    }
}

struct listener_pool *listener_pool_create(struct program_group *group)
{
    struct listener_pool *pool = mem_new(1, sizeof *pool);
    pool->group = group;
    pool->subscriber = (struct event_subscriber){
        .types = event_types_expand(group->settings->events),
        .happened = on_event,
        .context = pool,
    };
    event_subscribe(&group->host->bus, &pool->subscriber);
    return pool;
}

void listener_pool_destroy(struct listener_pool *pool)
{
    if (!pool)
        return;
    event_unsubscribe(&pool->group->host->bus, &pool->subscriber);
    while (pool->first)
        free(take_first(pool));
    free(pool);
}
