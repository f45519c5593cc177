/* SPDX-License-Identifier: MIT */
#include "worker/phases.h"

#include <signal.h>
#include <string.h>

#include "common/log.h"
#include "worker/events.h"
#include "worker/intake.h"
#include "worker/pausing.h"
#include "worker/supply.h"

#define LAST_CALLS_MS 900 /* to tell the store, when all handlers have been killed */

static void set_stop_limit(struct worker *worker, int64_t after_ms)
{
    ev_now_update(worker->loop);
    ev_timer_stop(worker->loop, &worker->stop_limit);
    ev_timer_set(&worker->stop_limit, (double)after_ms / 1000., 0.);
    ev_timer_start(worker->loop, &worker->stop_limit);
}

void phases_drain(struct worker *worker, enum worker_end end)
{
    if (worker->phase == PHASE_TERMINATING ||
        (worker->phase == PHASE_DRAINING && end != WORKER_STOPPED))
        return;
    bool is_new = worker->phase == PHASE_WORKING || worker->end != end;
    worker->phase = PHASE_DRAINING;
    worker->end = end;
    intake_release(worker);
    if (end == WORKER_STOPPED && is_new)
        set_stop_limit(worker, worker->plan->settings->muster.stop_timeout);
}

static void terminate(struct worker *worker)
{
    if (worker->phase == PHASE_TERMINATING)
        return;
    worker->phase = PHASE_TERMINATING;
    worker->end = WORKER_STOPPED;
    intake_release(worker);
    helper_pool_close(&worker->helpers);
    for (size_t i = 0; i < worker->handler_count; i++)
        handler_end(&worker->handlers[i], ENDING_STOPPED, NULL, "the worker is stopped");
    set_stop_limit(worker, worker->plan->settings->muster.kill_timeout + LAST_CALLS_MS);
}

static void on_stop_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct worker *worker = timer->data;
    if (worker->phase == PHASE_TERMINATING) {
        worker->gives_up = true;
        return;
    }
    if (worker->held > 0)
        log_write(LOG_WARN, "stopping: jobs still run after %.15g s; they are given back",
                  (double)worker->plan->settings->muster.stop_timeout / 1000.);
    terminate(worker);
}

static bool is_at_its_end(const struct worker *worker)
{
    for (size_t i = 0; i < worker->handler_count; i++)
        if (handler_has_process(&worker->handlers[i]))
            return false;
    return worker->held == 0 && worker->ended_count == 0 && worker->helpers.count == 0;
}

static void look_for_end(struct worker *worker)
{
    if (worker->held > 0 || worker->ended_count > 0)
        return;
    if (supply_budget(worker) == 0)
        phases_drain(worker, worker->plan->once ? WORKER_EMPTY : WORKER_RECYCLED);
    else if (worker->plan->stop_when_empty && !link_is_away(&worker->link) &&
             (!worker->has_news || worker->pause == PAUSE_YES))
        phases_drain(worker, WORKER_EMPTY);
}

void phases_step(struct worker *worker)
{
    if (worker->phase == PHASE_WORKING)
        look_for_end(worker);
    if (worker->phase == PHASE_WORKING)
        return;
    intake_give_up(worker);
    for (size_t i = 0; i < worker->handler_count; i++)
        if (worker->handlers[i].job_count == 0)
            handler_leave(&worker->handlers[i]);
    if (worker->gives_up && worker->ended_count > 0)
        log_write(LOG_ERROR,
                  "ended without the store: %zu jobs come back when their leases run out",
                  worker->ended_count + worker->held);
    if (worker->gives_up || is_at_its_end(worker))
        ev_break(worker->loop, EVBREAK_ALL);
}

/* Signals */

static void on_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)loop, (void)events;
    struct worker *worker = watch->data;
    if (watch->signum == SIGUSR2) {
        log_reopen();
        events_open(worker);
        return;
    }
    bool is_second = worker->phase != PHASE_WORKING && worker->end == WORKER_STOPPED;
    log_write(LOG_INFO, "received SIG%s: %s", sigabbrev_np(watch->signum),
              is_second ? "ending the jobs that run" : "stopping when the running jobs have ended");
    if (is_second)
        terminate(worker);
    else
        phases_drain(worker, WORKER_STOPPED);
}

/* The master */

static void on_record(struct worker *worker, const struct record *record)
{
    if (record->type == RECORD_DRAIN)
        phases_drain(worker, WORKER_STOPPED);
    else if (record->type == RECORD_RETIRE)
        phases_drain(worker, WORKER_RECYCLED);
    else if (record->type == RECORD_PAUSE || record->type == RECORD_RESUME)
        pausing_set(worker, record->type == RECORD_PAUSE);
    else if (record->type == RECORD_REOPEN_LOGS) {
        log_reopen();
        events_open(worker);
    }
}

static void on_channel(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct worker *worker = watch->data;
    struct record record;
    enum channel_result result = channel_receive(&worker->channel, &record);
    if (result == CHANNEL_RECORD)
        on_record(worker, &record);
    if (result != CHANNEL_CLOSED)
        return;
    log_write(LOG_WARN, "the master is gone: stopping when the running jobs have ended");
    ev_io_stop(loop, watch);
    phases_drain(worker, WORKER_STOPPED);
}

void phases_init(struct worker *worker)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
    _Static_assert(sizeof numbers / sizeof numbers[0] ==
                       sizeof worker->signals / sizeof worker->signals[0],
                   "a watch for each signal");
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ev_signal_init(&worker->signals[i], on_signal, numbers[i]);
        worker->signals[i].data = worker;
        ev_signal_start(worker->loop, &worker->signals[i]);
    }
    ev_init(&worker->stop_limit, on_stop_limit);
    ev_io_init(&worker->channel_watch, on_channel, worker->channel.in, EV_READ);
    worker->stop_limit.data = worker->channel_watch.data = worker;
    if (worker->channel.in >= 0)
        ev_io_start(worker->loop, &worker->channel_watch);
}

void phases_finish(struct worker *worker)
{
    for (size_t i = 0; i < sizeof worker->signals / sizeof worker->signals[0]; i++)
        ev_signal_stop(worker->loop, &worker->signals[i]);
    ev_timer_stop(worker->loop, &worker->stop_limit);
    ev_io_stop(worker->loop, &worker->channel_watch);
}
