/* SPDX-License-Identifier: MIT */

/* One decision on all queues: each by its policy, then all of a store by what they may have
 * together, or as the leader has decided; then the pools get their shares. */
#include "supervisor/scaling/orders.h"
#include "supervisor/scaling/scaling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "scaler/budget.h"
#include "supervisor/master.h"
#include "supervisor/scaling/diary.h"
#include "supervisor/scaling/host_room.h"
#include "supervisor/scaling/scaling_describe.h"

static const struct settings *settings_of(const struct scaling *scaling)
{
    return scaling->master->settings;
}

static const struct clock *clock_of(const struct scaling *scaling)
{
    return scaling->master->host.clock;
}

static void record(const struct scaling *scaling, const struct scaled *scaled, int64_t from)
{
    const struct decision *decision = &scaled->decision;
    struct err err = ERR_INIT;
    int64_t now_ms = clock_wall_ms(clock_of(scaling));
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "queue", scaled->pool->queue);
    cJSON_AddNumberToObject(entry, "timestamp", (double)(now_ms / 1000));
    cJSON_AddStringToObject(entry, "action", scaled->target > from ? "scale_up" : "scale_down");
    cJSON_AddNumberToObject(entry, "from_workers", (double)from);
    cJSON_AddNumberToObject(entry, "to_workers", (double)scaled->target);
    cJSON_AddStringToObject(entry, "reason", decision->reason);
    cJSON_AddStringToObject(entry, "term", term_name(decision->term));
    cJSON_AddItemToObject(entry, "metrics", scaling_describe_metrics(scaled));
    if (diary_write(settings_of(scaling)->muster.datadir, entry, &err) < 0)
        log_write(LOG_WARN, "scaling: the history is not kept: %s", err.text);
    feed_put(&scaling->master->feed, "scaling", entry);
    cJSON_Delete(entry);
    log_write(LOG_INFO, "scaling: %s: %lld -> %lld workers: %s", scaled->pool->queue,
              (long long)from, (long long)scaled->target, decision->reason);
}

/* Makes the decision the target. */
static void adopt(const struct scaling *scaling, struct scaled *scaled)
{
    int64_t from = scaled->target;
    scaled->target = scaled->decision.to;
    if (from == scaled->target || from < 0)
        return;
    load_history_changed(&scaled->history);
    record(scaling, scaled, from);
}

static void end_order(const struct scaling *scaling, struct scaled *scaled)
{
    struct order *order = &scaled->order;
    if (order->workers == ORDER_NONE || order->until_ms == 0 ||
        clock_wall_ms(clock_of(scaling)) < order->until_ms)
        return;
    log_write(LOG_INFO, "scaling: %s: the order of %lld workers has ended", scaled->pool->queue,
              (long long)order->workers);
    order->workers = ORDER_NONE;
    orders_save(scaling);
}

/* Where others are there, their room counts (scaling_capacity), not ours alone. */
static void note_room(const struct scaling *scaling, struct scaled *scaled)
{
    bool is_alone = !scaled->peers;
    snprintf(scaled->host_full, sizeof scaled->host_full, "%s", is_alone ? scaling->host_full : "");
}

static void decide_queue(struct scaling *scaling, struct scaled *scaled, const bool *holds,
                         double seconds)
{
    const struct queue_settings *queue = settings_queue(settings_of(scaling), scaled->pool->queue);
    end_order(scaling, scaled);
    scaled->policy = policy_during(settings_of(scaling), queue, holds);
    note_room(scaling, scaled);
    scaled_measure(scaled, seconds);
    scaled_decide(scaled, scaling->state == SCALING_OFF);
    if (scaled->follows_load && scaled->policy.kind == SCALING_COMMAND &&
        scaling->state != SCALING_OFF)
        scaled_ask(scaled, queue);
}

/* What the queues of a store may have together. */
static int64_t total_of(const struct scaling *scaling, const struct hosts *hosts)
{
    int64_t total = settings_of(scaling)->auto_scaling.max_total_workers - hosts_fixed(hosts);
    int64_t room = hosts_capacity(hosts);
    return total < room ? total : room;
}

static struct claim claim_of(const struct scaled *scaled)
{
    const struct decision *decision = &scaled->decision;
    bool is_ordered = scaled->order.workers != ORDER_NONE;
    return (struct claim){
        .min = is_ordered ? decision->to : scaled->policy.min,
        .wanted = decision->to,
        .work =
            (scaled->load.ready + scaled->load.busy) * load_history_service_time(&scaled->history),
        .promise = scaled->policy.promise,
        .weight = scaled->policy.weight,
    };
}

static void take_given(struct scaled *scaled, int64_t given)
{
    char wanted[REASON_SIZE];
    if (given >= scaled->decision.to)
        return;
    memcpy(wanted, scaled->decision.reason, sizeof wanted);
    decision_set(&scaled->decision, given, TERM_BUDGET,
                 "%.120s; max_total_workers and the hosts leave %lld of %lld", wanted,
                 (long long)given, (long long)scaled->decision.to);
}

/* Divides what all queues of a store may have together, and makes the targets. */
static void lead(struct scaling *scaling, const struct hosts *hosts)
{
    size_t count = 0;
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        count += scaling_hosts_of(scaling, scaled) == hosts;
    struct claim *claims = mem_new(count, sizeof *claims), *claim = claims;
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaling_hosts_of(scaling, scaled) == hosts)
            *claim++ = claim_of(scaled);
    budget_divide(claims, count, total_of(scaling, hosts));
    claim = claims;
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next) {
        if (scaling_hosts_of(scaling, scaled) != hosts)
            continue;
        take_given(scaled, claim++->given);
        adopt(scaling, scaled);
    }
    free(claims);
}

static void follow_leader(struct scaling *scaling, const struct hosts *hosts)
{
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaling_hosts_of(scaling, scaled) == hosts &&
            hosts_leaders_decision(hosts, scaled->pool->queue, &scaled->decision))
            adopt(scaling, scaled);
}

/* Until the store has answered nobody knows who else is there: all stays as it is. */
static void settle_store(struct scaling *scaling, const struct hosts *hosts)
{
    if (!hosts->is_heard)
        return;
    if (hosts->leads)
        lead(scaling, hosts);
    else
        follow_leader(scaling, hosts);
    hosts_share(hosts);
}

static void settle_fixed(struct scaling *scaling, struct scaled *scaled)
{
    if (scaled->follows_load)
        return;
    adopt(scaling, scaled);
    if (scaled->pool->wanted == scaled->target)
        return;
    scaled->pool->wanted = scaled->target;
    scaling->master->host.changed = true;
}

static void look_at_host(struct scaling *scaling)
{
    struct host_figures figures;
    host_room_read(&figures);
    guard_host(&settings_of(scaling)->auto_scaling, &figures, scaling->host_full);
}

void scaling_decide(struct scaling *scaling)
{
    const struct settings *settings = settings_of(scaling);
    int64_t now_ms = clock_monotonic_ms(clock_of(scaling));
    double seconds = (double)(now_ms - scaling->ticked_ms) / 1000;
    bool *holds = mem_new(settings->schedule_count + 1, sizeof *holds);
    scaling->ticked_ms = now_ms;
    policy_schedules_at(settings, clock_wall_ms(clock_of(scaling)), holds);
    look_at_host(scaling);
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        decide_queue(scaling, scaled, holds, seconds);
    for (const struct hosts *hosts = scaling->stores; hosts; hosts = hosts->next)
        settle_store(scaling, hosts);
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        settle_fixed(scaling, scaled);
    free(holds);
}

/* Others have come or gone, or the leader has decided. */
void scaling_heard(struct scaling *scaling, struct hosts *hosts)
{
    if (!hosts->leads)
        follow_leader(scaling, hosts);
    hosts_share(hosts);
}
