/* SPDX-License-Identifier: MIT */
#include "supervisor/state_events.h"

#include <string.h>

#include "common/mem.h"

static void save_event(const struct queued_event *event, struct state_out *out, cJSON *into)
{
    json_put_number(into, "serial", (double)event->serial);
    json_put_number(into, "pool_serial", (double)event->pool_serial);
    json_put_text(into, "type", event_type_names[event->type]);
    state_put_bytes(out, into, "payload", event->payload, event->length);
}

/* NULL where its type is not known here. */
static struct queued_event *load_event(const struct state_in *in, const cJSON *from)
{
    const char *name = json_get_string(from, "type", "");
    size_t length;
    const char *payload = state_bytes(in, from, "payload", &length);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (strcmp(event_type_names[type], name) != 0)
            continue;
        struct queued_event *event = mem_new(1, sizeof *event + length);
        event->type = (enum event_type)type;
        event->serial = (uint64_t)json_get_integer(from, "serial", 0);
        event->pool_serial = (uint64_t)json_get_integer(from, "pool_serial", 0);
        event->length = length;
        if (length > 0)
            memcpy(event->payload, payload, length);
        return event;
    }
    return NULL;
}

void state_save_pool(const struct listener_pool *pool, struct state_out *out, cJSON *into)
{
    json_put_number(into, "next_serial", (double)pool->next_serial);
    json_put_number(into, "discarded", (double)pool->discarded);
    cJSON *list = cJSON_AddArrayToObject(into, "events");
    for (const struct queued_event *event = pool->first; event; event = event->next) {
        cJSON *object = cJSON_CreateObject();
        save_event(event, out, object);
        cJSON_AddItemToArray(list, object);
    }
}

void state_load_pool(struct listener_pool *pool, struct state_in *in, const cJSON *from)
{
    const cJSON *object;
    pool->next_serial = (uint64_t)json_get_integer(from, "next_serial", 0);
    pool->discarded = (uint64_t)json_get_integer(from, "discarded", 0);
    cJSON_ArrayForEach(object, json_get(from, "events"))
    {
        struct queued_event *event = load_event(in, object);
        if (event)
            listener_pool_append(pool, event);
    }
}

void state_save_listener(const struct listener *listener, struct state_out *out, cJSON *into)
{
    const struct listener_protocol *protocol = &listener->protocol;
    json_put_number(into, "state", protocol->state);
    json_put_number(into, "result_length", (double)protocol->result_length);
    json_put_number(into, "has_result_length", protocol->has_result_length);
    state_put_bytes(out, into, "said", buf_text(&protocol->said), protocol->said.length);
    if (listener->event)
        save_event(listener->event, out, cJSON_AddObjectToObject(into, "event"));
}

void state_load_listener(struct listener *listener, struct state_in *in, const cJSON *from)
{
    struct listener_protocol *protocol = &listener->protocol;
    size_t length;
    const char *said = state_bytes(in, from, "said", &length);
    protocol->state = (enum listener_state)json_get_integer(from, "state", LISTENER_ACKNOWLEDGED);
    protocol->result_length = (size_t)json_get_integer(from, "result_length", 0);
    protocol->has_result_length = (int)json_get_integer(from, "has_result_length", 0);
    if (length > 0)
        buf_append(&protocol->said, said, length);
    listener->event = load_event(in, json_get(from, "event"));
}
