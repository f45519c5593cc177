/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/scaling.h"

#include <string.h>

#include "supervisor/master.h"
#include "supervisor/scaling/orders.h"

static const char *const state_names[] = {
    [SCALING_AS_CONFIGURED] = "configured",
    [SCALING_ON] = "on",
    [SCALING_OFF] = "off",
};

const char *scaling_state_name(enum scaling_state state)
{
    return state_names[state];
}

static const struct settings *settings_of(const struct scaling *scaling)
{
    return scaling->master->settings;
}

static const struct queue_settings *queue_of(const struct scaling *scaling,
                                             const struct scaled *scaled)
{
    return settings_queue(settings_of(scaling), scaled->pool->queue);
}

static const struct clock *clock_of(const struct scaling *scaling)
{
    return scaling->master->host.clock;
}

bool scaling_scales(const struct scaling *scaling, const struct queue_settings *queue)
{
    bool enabled = settings_of(scaling)->auto_scaling.enabled || scaling->state == SCALING_ON;
    return enabled && queue->auto_scale && queue->command[0];
}

/* --- Who is there --- */

struct scaled *scaling_queue(const struct scaling *scaling, const char *queue)
{
    struct scaled *scaled = scaling->queues;
    while (scaled && strcmp(scaled->pool->queue, queue) != 0)
        scaled = scaled->next;
    return scaled;
}

static struct hosts *find_hosts(const struct scaling *scaling, const char *connection)
{
    struct hosts *hosts = scaling->stores;
    while (hosts && strcmp(hosts->connection, connection) != 0)
        hosts = hosts->next;
    return hosts;
}

struct hosts *scaling_hosts_of(const struct scaling *scaling, const struct scaled *scaled)
{
    return scaled->follows_load ? find_hosts(scaling, scaled->pool->connection) : NULL;
}

int64_t scaling_fixed(const struct scaling *scaling, const struct hosts *hosts)
{
    int64_t sum = 0;
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (!scaled->follows_load && strcmp(scaled->pool->connection, hosts->connection) == 0)
            sum += scaled->pool->wanted;
    return sum;
}

int64_t scaling_capacity(const struct scaling *scaling, const struct hosts *hosts)
{
    int64_t left = settings_of(scaling)->auto_scaling.max_host_workers, ours = 0;
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next) {
        bool is_of_these = scaling_hosts_of(scaling, scaled) == hosts;
        left -= is_of_these ? 0 : scaled->pool->wanted;
        ours += is_of_these ? scaled->pool->wanted : 0;
    }
    if (scaling->host_full[0] && left > ours)
        left = ours;
    return left > 0 ? left : 0;
}

/* --- Following the settings --- */

static void place(struct scaling *scaling, struct scaled *scaled)
{
    struct scaled **link = &scaling->queues;
    while (*link && strcmp((*link)->pool->queue, scaled->pool->queue) < 0)
        link = &(*link)->next;
    scaled->next = *link;
    *link = scaled;
}

static void add_missing(struct scaling *scaling)
{
    bool is_more = false;
    for (struct pool *pool = scaling->master->pools; pool; pool = pool->next)
        if (settings_queue(settings_of(scaling), pool->queue) &&
            !scaling_queue(scaling, pool->queue)) {
            place(scaling, scaled_create(pool));
            is_more = true;
        }
    if (is_more)
        orders_restore(scaling);
}

static void remove_missing(struct scaling *scaling)
{
    struct scaled **link = &scaling->queues;
    while (*link) {
        struct scaled *scaled = *link;
        if (queue_of(scaling, scaled)) {
            link = &scaled->next;
            continue;
        }
        *link = scaled->next;
        scaled_destroy(scaled);
    }
}

static void follow_queue(struct scaling *scaling, struct scaled *scaled)
{
    const struct queue_settings *queue = queue_of(scaling, scaled);
    scaled->follows_load = scaling_scales(scaling, queue);
    scaled->fixed = queue->command[0] ? queue->workers : 0;
    scaled->is_answered = scaled->is_answered && queue->scaling_command[0];
    if (!scaled->follows_load && scaled->order.workers == ORDER_NONE)
        scaled->target = scaled->pool->wanted;
    else if (scaled->follows_load && !find_hosts(scaling, scaled->pool->connection)) {
        struct hosts *hosts = hosts_create(scaling, scaled->pool->connection);
        hosts->next = scaling->stores;
        scaling->stores = hosts;
    }
}

static bool has_work(const struct scaling *scaling)
{
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaled->follows_load || scaled->order.workers != ORDER_NONE)
            return true;
    return false;
}

/* The clock goes on only while there is something to decide. */
static void wind(struct scaling *scaling)
{
    struct ev_loop *loop = scaling->master->loop;
    double interval = (double)settings_of(scaling)->auto_scaling.interval / 1000.;
    bool goes = has_work(scaling);
    if (goes && ev_is_active(&scaling->tick) && scaling->tick.repeat == interval)
        return;
    ev_timer_stop(loop, &scaling->tick);
    ev_timer_stop(loop, &scaling->exchange);
    if (!goes)
        return;
    scaling->ticked_ms = clock_monotonic_ms(clock_of(scaling));
    ev_now_update(loop);
    ev_timer_set(&scaling->tick, interval, interval);
    ev_timer_set(&scaling->exchange, 0., HOSTS_PERIOD_MS / 1000.);
    ev_timer_start(loop, &scaling->tick);
    ev_timer_start(loop, &scaling->exchange);
}

void scaling_follow(struct scaling *scaling)
{
    remove_missing(scaling);
    add_missing(scaling);
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        follow_queue(scaling, scaled);
    wind(scaling);
    if (ev_is_active(&scaling->tick))
        scaling_decide(scaling);
}

/* --- Orders --- */

static bool is_used(const struct scaling *scaling, const struct hosts *hosts)
{
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaling_hosts_of(scaling, scaled) == hosts)
            return true;
    return false;
}

static void exchange(struct scaling *scaling)
{
    for (struct hosts *hosts = scaling->stores; hosts; hosts = hosts->next)
        if (is_used(scaling, hosts))
            hosts_exchange(hosts);
}

void scaling_order(struct scaling *scaling, struct scaled *scaled, const struct order *order)
{
    scaled->order = *order;
    orders_save(scaling);
    wind(scaling);
    scaling_decide(scaling);
    exchange(scaling);
}

void scaling_switch(struct scaling *scaling, enum scaling_state state)
{
    scaling->state = state;
    int64_t now_ms = clock_wall_ms(clock_of(scaling));
    scaling->state_ms = now_ms > scaling->state_ms ? now_ms : scaling->state_ms + 1;
    orders_save(scaling);
    scaling_follow(scaling);
    exchange(scaling);
}

/* --- Beginning and end --- */

static void on_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct scaling *scaling = timer->data;
    scaling_decide(scaling);
    wind(scaling);
}

static void on_exchange(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    exchange(timer->data);
}

void scaling_init(struct scaling *scaling, struct master *master)
{
    scaling->master = master;
    hosts_name_self(settings_of(scaling)->muster.datadir, scaling->host);
    ev_init(&scaling->tick, on_tick);
    ev_init(&scaling->exchange, on_exchange);
    scaling->tick.data = scaling->exchange.data = scaling;
}

void scaling_stop(struct scaling *scaling)
{
    struct ev_loop *loop = scaling->master->loop;
    ev_timer_stop(loop, &scaling->tick);
    ev_timer_stop(loop, &scaling->exchange);
    for (struct hosts *hosts = scaling->stores; hosts; hosts = hosts->next)
        hosts_leave(hosts);
    while (scaling->queues) {
        struct scaled *scaled = scaling->queues;
        scaling->queues = scaled->next;
        scaled_destroy(scaled);
    }
}

void scaling_finish(struct scaling *scaling)
{
    if (!scaling->master)
        return;
    scaling_stop(scaling);
    while (scaling->stores) {
        struct hosts *hosts = scaling->stores;
        scaling->stores = hosts->next;
        hosts_destroy(hosts);
    }
}
