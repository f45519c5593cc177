/* SPDX-License-Identifier: MIT */
#include "worker/worker.h"

#include <stdlib.h>

#include "common/fd.h"
#include "common/log.h"
#include "common/orphans.h"
#include "common/spawn.h"
#include "worker/core.h"
#include "worker/events.h"
#include "worker/lease.h"
#include "worker/meter.h"
#include "worker/outcome.h"
#include "worker/pausing.h"
#include "worker/phases.h"
#include "worker/pulse.h"
#include "worker/supply.h"

#define SLOTS_A_HANDLER  16 /* of a board of our own */
#define UPKEEP_SECONDS   1.
#define UPKEEP_MIN_MS    100
#define ORPHANS_LIMIT_MS 1000

/* All that events have left to be done is done here, once before each wait. */
static void on_step(struct ev_loop *loop, ev_prepare *watch, int events)
{
    (void)loop, (void)events;
    struct worker *worker = watch->data;
    routes_tend(worker);
    pulse_tell_ready(worker); /* before jobs are taken: a dead one that never was has none */
    pausing_step(worker);
    supply_step(worker);
    lease_step(worker);
    phases_step(worker);
    pulse_step(worker);
    events_flush(worker);
}

/* What the maintenance process does where there is a master. */
static void on_upkeep(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct worker *worker = timer->data;
    struct link *link = &worker->link;
    struct upkeep upkeep = {0};
    struct err err = ERR_INIT;
    double seconds = UPKEEP_SECONDS;
    if (!link_is_away(link) && link_is_usable(link)) {
        if (link->driver->upkeep(link->connection.store, &upkeep, &err) < 0) {
            link_failed(link, &err);
            worker->has_news = true;
        } else if (upkeep.next_ms < 1000) {
            seconds =
                (double)(upkeep.next_ms > UPKEEP_MIN_MS ? upkeep.next_ms : UPKEEP_MIN_MS) / 1e3;
        }
    }
    if (!link_is_away(link) && link->connection.store)
        pausing_look(worker);
    ev_timer_set(timer, seconds, 0.);
    ev_timer_start(loop, timer);
}

static int open_board(struct worker *worker, struct err *err)
{
    const struct worker_plan *plan = worker->plan;
    uint32_t wanted = board_slots_for(plan->queue->concurrency * SLOTS_A_HANDLER);
    worker->board = plan->board_fd >= 0 ? board_open(plan->board_fd, err) : board_private(wanted);
    if (!worker->board)
        return -1;
    slots_init(&worker->slots, worker->board);
    return 0;
}

static const struct connection_settings *connection_of(const struct worker_plan *plan)
{
    const char *name = plan->queue->connection;
    const struct connection_settings *named =
        *name ? settings_connection(plan->settings, name) : NULL;
    return named ? named : settings_connection_of(plan->settings, plan->queue->name);
}

static void start_watches(struct worker *worker)
{
    lease_init(worker);
    phases_init(worker);
    pulse_init(worker);
    ev_init(&worker->upkeep, on_upkeep);
    ev_prepare_init(&worker->step, on_step);
    worker->upkeep.data = worker->step.data = worker;
    ev_prepare_start(worker->loop, &worker->step);
    if (worker->channel.in >= 0)
        return;
    ev_timer_set(&worker->upkeep, 0., 0.);
    ev_timer_start(worker->loop, &worker->upkeep);
}

static void stop_watches(struct worker *worker)
{
    ev_prepare_stop(worker->loop, &worker->step);
    ev_timer_stop(worker->loop, &worker->upkeep);
    pulse_finish(worker);
    phases_finish(worker);
    lease_finish(worker);
}

static void close_all(struct worker *worker)
{
    routes_finish(worker);
    policy_finish(&worker->policy);
    slots_finish(&worker->slots);
    board_destroy(worker->board);
    channel_close(&worker->channel);
    ev_loop_destroy(worker->loop);
}

/* Runs with an open link. */
static void run(struct worker *worker)
{
    supply_init(worker);
    helper_pool_init(&worker->helpers, worker->loop);
    routes_make_handlers(worker);
    start_watches(worker);
    meter_init(worker);
    events_init(worker);
    ev_run(worker->loop, 0);
    stop_watches(worker);
    helper_pool_finish(&worker->helpers);
    meter_finish(worker);
    events_finish(worker);
    supply_finish(worker);
}

static int open_channel(struct worker *worker)
{
    const struct worker_plan *plan = worker->plan;
    worker->channel = (struct channel){.in = plan->channel_in,
                                       .out = plan->channel_out,
                                       .pid = getpid(),
                                       .generation = plan->generation};
    if (plan->channel_in >= 0)
        fd_set_nonblocking(plan->channel_in, true);
    if (plan->channel_out >= 0)
        fd_set_nonblocking(plan->channel_out, true);
    return 0;
}

enum worker_end worker_run(const struct worker_plan *plan, struct err *err)
{
    struct worker worker = {.plan = plan, .clock = &clock_system, .end = WORKER_BROKEN};
    worker.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    open_channel(&worker);
    if (!worker.loop)
        return err_set(err, ERR_SYSTEM, "cannot make an event loop"), WORKER_BROKEN;
    struct strangers strangers;
    strangers_note(&strangers);
    if (spawn_become_subreaper(err) == 0 && open_board(&worker, err) == 0 &&
        routes_init(&worker, err) == 0 &&
        policy_init(&worker.policy, plan->settings, err) == 0 &&
        link_init(&worker.link, worker.loop, connection_of(plan), worker.clock, plan->queue->name,
                  err) == 0) {
        run(&worker);
        orphans_end(&strangers, ORPHANS_LIMIT_MS); /* there may be no master to do it */
        link_finish(&worker.link);
    }
    strangers_finish(&strangers);
    close_all(&worker);
    return worker.end;
}
