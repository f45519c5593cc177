/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/host_document.h"

#include <string.h>

#include "scaler/bounds.h"
#include "supervisor/scaling/scaling.h"

#define FIGURE_MAX 1e15

/* --- Writing --- */

static void put_crew(cJSON *object, const struct scaled *scaled)
{
    const struct crew crew = scaled_crew(scaled->pool);
    cJSON_AddNumberToObject(object, "workers", (double)crew.workers);
    cJSON_AddNumberToObject(object, "ready", (double)crew.ready);
    cJSON_AddNumberToObject(object, "busy", crew.busy);
    cJSON_AddNumberToObject(object, "slots", crew.slots);
    cJSON_AddNumberToObject(object, "boot", crew.boot);
    cJSON_AddNumberToObject(object, "ended", crew.ended);
    cJSON_AddNumberToObject(object, "failed", crew.failed);
    cJSON_AddNumberToObject(object, "busy_seconds", crew.busy_seconds);
}

static void put_decision(cJSON *object, const struct scaled *scaled)
{
    cJSON *target = cJSON_AddObjectToObject(object, "target");
    cJSON_AddNumberToObject(target, "workers", (double)scaled->target);
    cJSON_AddStringToObject(target, "term", term_name(scaled->decision.term));
    cJSON_AddStringToObject(target, "reason", scaled->decision.reason);
}

static void put_order(cJSON *object, const struct order *order)
{
    cJSON *item = cJSON_AddObjectToObject(object, "order");
    cJSON_AddNumberToObject(item, "workers", (double)order->workers);
    cJSON_AddNumberToObject(item, "at", (double)order->at_ms);
    cJSON_AddNumberToObject(item, "until", (double)order->until_ms);
    cJSON_AddBoolToObject(item, "beyond_bounds", order->beyond_bounds);
    cJSON_AddStringToObject(item, "reason", order->reason);
}

static cJSON *queue_of(const struct hosts *hosts, const struct scaled *scaled)
{
    cJSON *object = cJSON_CreateObject();
    put_crew(object, scaled);
    if (hosts->leads && scaled->target >= 0)
        put_decision(object, scaled);
    if (scaled->order.at_ms > 0)
        put_order(object, &scaled->order);
    return object;
}

static void put_state(cJSON *document, const struct scaling *scaling)
{
    cJSON_AddStringToObject(document, "state", scaling_state_name(scaling->state));
    cJSON_AddNumberToObject(document, "state_at", (double)scaling->state_ms);
}

cJSON *host_document_orders(const struct scaling *scaling)
{
    cJSON *document = cJSON_CreateObject();
    put_state(document, scaling);
    cJSON *queues = cJSON_AddObjectToObject(document, "queues");
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaled->order.at_ms > 0)
            put_order(cJSON_AddObjectToObject(queues, scaled->pool->queue), &scaled->order);
    return document;
}

cJSON *host_document_make(const struct hosts *hosts)
{
    const struct scaling *scaling = hosts->scaling;
    cJSON *document = cJSON_CreateObject();
    cJSON_AddBoolToObject(document, "leads", hosts->leads);
    cJSON_AddNumberToObject(document, "capacity", (double)scaling_capacity(scaling, hosts));
    cJSON_AddNumberToObject(document, "fixed", (double)scaling_fixed(scaling, hosts));
    put_state(document, scaling);
    cJSON *queues = cJSON_AddObjectToObject(document, "queues");
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaled->follows_load && scaling_hosts_of(scaling, scaled) == hosts)
            cJSON_AddItemToObject(queues, scaled->pool->queue, queue_of(hosts, scaled));
    return document;
}

/* --- Reading --- */

static double figure(const cJSON *object, const char *name)
{
    const cJSON *item = json_get(object, name);
    double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return value > 0 ? (value < FIGURE_MAX ? value : FIGURE_MAX) : 0;
}

int64_t host_document_number(const cJSON *document, const char *name)
{
    double value = figure(document, name);
    return value < BOUNDS_TOTAL_MAX ? (int64_t)value : BOUNDS_TOTAL_MAX;
}

static const cJSON *queue_in(const cJSON *document, const char *queue)
{
    return json_get(json_get(document, "queues"), queue);
}

bool host_document_serves(const cJSON *document, const char *queue)
{
    return queue_in(document, queue);
}

static struct crew crew_in(const cJSON *queue)
{
    return (struct crew){
        .workers = host_document_number(queue, "workers"),
        .ready = host_document_number(queue, "ready"),
        .busy = figure(queue, "busy"),
        .slots = figure(queue, "slots"),
        .boot = figure(queue, "boot"),
        .ended = figure(queue, "ended"),
        .failed = figure(queue, "failed"),
        .busy_seconds = figure(queue, "busy_seconds"),
    };
}

/* The newest order counts, also where it takes one back. */
static void hear_order(struct scaled *scaled, const cJSON *item)
{
    double at = figure(item, "at");
    if (at <= (double)scaled->order.at_ms)
        return;
    const cJSON *workers = json_get(item, "workers");
    bool is_one = cJSON_IsNumber(workers) && workers->valuedouble >= 0;
    scaled->order = (struct order){
        .workers = is_one ? host_document_number(item, "workers") : ORDER_NONE,
        .at_ms = (int64_t)at,
        .until_ms = (int64_t)figure(item, "until"),
        .beyond_bounds = json_get_bool(item, "beyond_bounds", false),
    };
    order_set_reason(&scaled->order, json_get_string(item, "reason", "Ordered"));
}

static void hear_state(struct scaling *scaling, const cJSON *document)
{
    double at = figure(document, "state_at");
    if (at <= (double)scaling->state_ms)
        return;
    const char *name = json_get_string(document, "state", "");
    for (int i = SCALING_AS_CONFIGURED; i <= SCALING_OFF; i++)
        if (strcmp(name, scaling_state_name((enum scaling_state)i)) == 0)
            scaling->state = (enum scaling_state)i;
    scaling->state_ms = (int64_t)at;
}

void host_document_hear_orders(struct scaling *scaling, const cJSON *document)
{
    hear_state(scaling, document);
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        hear_order(scaled, json_get(queue_in(document, scaled->pool->queue), "order"));
}

static struct scaled *next_of(const struct hosts *hosts, struct scaled *scaled)
{
    while (scaled && scaling_hosts_of(hosts->scaling, scaled) != hosts)
        scaled = scaled->next;
    return scaled;
}

void host_document_begin(struct hosts *hosts)
{
    struct scaled *scaled = next_of(hosts, hosts->scaling->queues);
    for (; scaled; scaled = next_of(hosts, scaled->next))
        scaled_drop_peers(scaled);
}

void host_document_hear(struct hosts *hosts, const char *host, const cJSON *document)
{
    hear_state(hosts->scaling, document);
    struct scaled *scaled = next_of(hosts, hosts->scaling->queues);
    for (; scaled; scaled = next_of(hosts, scaled->next)) {
        const cJSON *queue = queue_in(document, scaled->pool->queue);
        if (!queue)
            continue;
        const struct crew crew = crew_in(queue);
        scaled_hear_peer(scaled, host, &crew);
        hear_order(scaled, json_get(queue, "order"));
    }
}

void host_document_end(struct hosts *hosts, bool is_first)
{
    struct scaled *scaled = next_of(hosts, hosts->scaling->queues);
    for (; scaled; scaled = next_of(hosts, scaled->next)) {
        scaled_end_peers(scaled);
        if (is_first)
            scaled->target = -1;
    }
}

static enum term term_of(const char *name)
{
    for (int i = 0; i < TERM_COUNT; i++)
        if (strcmp(name, term_name((enum term)i)) == 0)
            return (enum term)i;
    return TERM_ENOUGH;
}

bool host_document_decision(const cJSON *document, const char *queue, struct decision *decision)
{
    const cJSON *target = json_get(queue_in(document, queue), "target");
    if (!cJSON_IsObject(target))
        return false;
    decision_set(decision, host_document_number(target, "workers"),
                 term_of(json_get_string(target, "term", "")), "%s",
                 json_get_string(target, "reason", ""));
    return true;
}
