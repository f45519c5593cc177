/* SPDX-License-Identifier: MIT */
#include "worker/supply.h"

#include <stdlib.h>

#include "worker/exchange.h"
#include "worker/hand_out.h"
#include "worker/intake.h"
#include "worker/turn.h"

#define ROUNDS_MAX 4      /* of calls in one step */
#define STALE_US   200000 /* no job waits longer for a handler here, while others might have one */

/* --- When the store is called --- */

static size_t jobs_ahead(const struct worker *worker, size_t slots)
{
    if (worker->is_mixed)
        return 0;
    return prefetch_ahead(&worker->prefetch, slots, worker_options(worker)->rest * 1000,
                          exchange_batch(worker));
}

uint64_t supply_budget(const struct worker *worker)
{
    int64_t most = worker->plan->once ? 1 : worker_options(worker)->max_jobs;
    if (most == 0)
        return UINT64_MAX;
    return (uint64_t)most > worker->taken ? (uint64_t)most - worker->taken : 0;
}

static struct turn_plan decide(const struct worker *worker, size_t slots, size_t ahead)
{
    const struct attempt *oldest = TAILQ_FIRST(&worker->ended);
    uint64_t budget = supply_budget(worker);
    const struct turn_view view = {
        .held = worker->held,
        .slots = slots,
        .ahead = ahead,
        .batch_size = exchange_batch(worker),
        .ended = worker->ended_count,
        .ended_for_us = oldest ? worker_now(worker) - oldest->ended_us : 0,
        .budget = budget,
        .may_reserve = worker->phase == PHASE_WORKING && worker->pause == PAUSE_NO && budget > 0,
        .has_news = worker->has_news,
    };
    return turn_decide(&view);
}

/* --- Waiting for what comes next --- */

static void start_once(struct ev_loop *loop, ev_timer *timer, double seconds)
{
    if (ev_is_active(timer))
        return;
    ev_timer_set(timer, seconds, 0.);
    ev_timer_start(loop, timer);
}

static void watch_wake(struct worker *worker, bool is_wanted)
{
    ev_io *watch = &worker->wake;
    if (!is_wanted) {
        ev_io_stop(worker->loop, watch);
        return;
    }
    if (ev_is_active(watch))
        return;
    bool is_new;
    int fd = link_wake_fd(&worker->link, &is_new);
    if (is_new)
        worker->has_news = true;
    if (fd < 0)
        return;
    ev_io_set(watch, fd, EV_READ);
    ev_io_start(worker->loop, watch);
}

static void await(struct worker *worker, size_t slots)
{
    bool is_idle = worker->phase == PHASE_WORKING && worker->pause == PAUSE_NO &&
                   slots > worker->held && !worker->has_news && !link_is_away(&worker->link);
    watch_wake(worker, is_idle);
    if (worker->ended_count > 0)
        start_once(worker->loop, &worker->soon, TURN_ACKNOWLEDGE_US / 1e6);
    if (worker->waiting_count > 0)
        start_once(worker->loop, &worker->stale, STALE_US / 1e6);
}

/* --- The step --- */

static void observe(struct worker *worker)
{
    for (size_t i = 0; i < worker->route_count; i++) {
        struct handler_host *host = &worker->routes[i].host;
        if (host->served_count > 0)
            prefetch_observe(&worker->prefetch, host->served_us, host->served_count);
        host->served_us = 0;
        host->served_count = 0;
    }
}

static void place(struct worker *worker, size_t slots, size_t ahead, size_t ready)
{
    if (worker->is_mixed) {
        routes_tend(worker);
        intake_fail_broken(worker);
    }
    hand_out(worker, slots, ahead, ready);
}

void supply_step(struct worker *worker)
{
    size_t ready, slots = hand_out_slots(worker, &ready);
    observe(worker);
    size_t ahead = jobs_ahead(worker, slots);
    place(worker, slots, ahead, ready);
    struct turn_plan plan = decide(worker, slots, ahead);
    for (int i = 0; plan.now && i < ROUNDS_MAX && link_is_usable(&worker->link); i++) {
        if (exchange(worker, plan.reserve) < 0)
            break;
        place(worker, slots, ahead, ready);
        plan = decide(worker, slots, ahead);
    }
    await(worker, slots);
    if ((plan.now || worker->has_news) && link_is_usable(&worker->link) &&
        decide(worker, slots, ahead).now)
        ev_idle_start(worker->loop, &worker->again);
    else
        ev_idle_stop(worker->loop, &worker->again);
}

/* --- Events --- */

/* The watch is begun again where we wait again: the store may have to hear of that. */
static void on_wake(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct worker *worker = watch->data;
    ev_io_stop(loop, watch);
    if (worker->link.driver->wake_read(worker->link.connection.store))
        worker->has_news = true;
}

static void on_poll(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct worker *worker = timer->data;
    worker->has_news = true;
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events; /* the step looks itself */
}

/* A job that takes longer than those before it holds up the ones behind it: others shall have
 * them. */
static void on_stale(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    struct worker *worker = timer->data;
    const struct attempt *oldest;
    TAILQ_FOREACH(oldest, &worker->waiting, entry)
    if (oldest->part == PART_JOB)
        break;
    if (!oldest)
        return;
    int64_t waited_us = worker_now(worker) - oldest->load->reserved_us;
    if (waited_us < STALE_US) {
        start_once(loop, timer, (double)(STALE_US - waited_us) / 1e6);
        return;
    }
    prefetch_observe(&worker->prefetch, waited_us, 1);
    intake_release(worker);
}

static void on_again(struct ev_loop *loop, ev_idle *idle, int events)
{
    (void)loop, (void)idle, (void)events; /* it is there so that the loop does not wait */
}

void supply_init(struct worker *worker)
{
    TAILQ_INIT(&worker->waiting);
    TAILQ_INIT(&worker->ended);
    TAILQ_INIT(&worker->asked);
    prefetch_init(&worker->prefetch);
    worker->has_news = true;
    worker->outcomes = mem_new(exchange_batch(worker), sizeof worker->outcomes[0]);
    ev_io_init(&worker->wake, on_wake, -1, EV_READ);
    ev_init(&worker->poll, on_poll);
    ev_init(&worker->soon, on_soon);
    ev_init(&worker->stale, on_stale);
    ev_idle_init(&worker->again, on_again);
    worker->wake.data = worker->poll.data = worker->stale.data = worker;
}

static void settle_list(struct worker *worker, struct attempt_list *list)
{
    struct attempt *attempt;
    while ((attempt = TAILQ_FIRST(list))) {
        TAILQ_REMOVE(list, attempt, entry);
        attempt_settle(&worker->loads, attempt);
    }
}

void supply_finish(struct worker *worker)
{
    ev_io_stop(worker->loop, &worker->wake);
    ev_timer_stop(worker->loop, &worker->poll);
    ev_timer_stop(worker->loop, &worker->soon);
    ev_timer_stop(worker->loop, &worker->stale);
    ev_idle_stop(worker->loop, &worker->again);
    settle_list(worker, &worker->waiting);
    settle_list(worker, &worker->ended);
    settle_list(worker, &worker->asked);
    load_pool_finish(&worker->loads);
    free(worker->outcomes);
}
