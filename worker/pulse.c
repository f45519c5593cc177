/* SPDX-License-Identifier: MIT */
#include "worker/pulse.h"

#include <string.h>
#include <sys/wait.h>

#include "common/log.h"
#include "worker/meter.h"
#include "worker/pausing.h"
#include "worker/persistent.h"
#include "worker/phases.h"
#include "common/usage.h"

#define STRAYS_MAX  64 /* of one pulse */
#define NEARLY_FULL 9  /* tenths of its limit: an idle handler is replaced before it fails a job */

int64_t pulse_period_ms(bool is_busy, int64_t health_check_interval_ms)
{
    int64_t period = is_busy ? PULSE_BUSY_MS : PULSE_IDLE_MS;
    int64_t most = health_check_interval_ms / 3;
    return period < most ? period : most;
}

static bool lacks_handlers(const struct worker *worker)
{
    for (size_t i = 0; i < worker->concurrency; i++) {
        const struct handler *handler = &worker->handlers[i]; /* of the queue */
        bool is_failing = handler->failures > 0 && !handler->was_ready;
        if (!is_failing)
            return false;
    }
    return true;
}

/* There is something to tell soon. */
static bool is_busy(const struct worker *worker)
{
    return worker->held > 0 || worker->ended_count > 0 ||
           worker->processed != worker->pulse_processed || worker->phase != PHASE_WORKING ||
           link_is_away(&worker->link) || lacks_handlers(worker);
}

static void arm(struct worker *worker, int64_t period_ms)
{
    worker->pulse_period_ms = period_ms;
    ev_timer_stop(worker->loop, &worker->pulse);
    ev_timer_set(&worker->pulse, (double)period_ms / 1000., 0.);
    ev_timer_start(worker->loop, &worker->pulse);
}

static int64_t wanted_period_ms(const struct worker *worker)
{
    return pulse_period_ms(is_busy(worker), worker->plan->settings->muster.health_check_interval);
}

/* Memory */

static void judge_handler(struct worker *worker, struct handler *handler, uint64_t memory)
{
    uint64_t limit = (uint64_t)worker_options(worker)->memory;
    if (limit == 0 || memory < limit / 10 * NEARLY_FULL)
        return;
    memory = usage_proportional(handler->child.pid);
    if (memory > limit)
        handler_end(handler, ENDING_MEMORY, NULL,
                    "it used %.1f MB of memory, which is more than the limit of %.15g MB",
                    (double)memory / 1048576., (double)limit / 1048576.);
    else if (memory > limit / 10 * NEARLY_FULL && handler->job_count == 0)
        handler_leave(handler);
}

static void judge_self(struct worker *worker, uint64_t memory)
{
    uint64_t limit = (uint64_t)worker_options(worker)->memory;
    if (limit == 0 || memory <= limit || worker->phase != PHASE_WORKING)
        return;
    log_write(LOG_WARN, "worker is replaced: it uses %.1f MB of memory, more than %.15g MB",
              (double)memory / 1048576., (double)limit / 1048576.);
    phases_drain(worker, WORKER_RECYCLED);
}

static struct usage look_at_usage(struct worker *worker)
{
    struct usage sum = usage_of_self();
    judge_self(worker, sum.memory);
    meter_memory(worker, sum.memory);
    worker->largest = sum.memory;
    for (size_t i = 0; i < worker->handler_count; i++) {
        struct handler *handler = &worker->handlers[i];
        if (!handler_has_process(handler))
            continue;
        struct usage usage = usage_of_tree(handler->child.pid);
        sum.memory += usage.memory;
        sum.cpu_us += usage.cpu_us;
        meter_memory(worker, usage.memory);
        if (usage.memory > worker->largest)
            worker->largest = usage.memory;
        judge_handler(worker, handler, usage.memory);
    }
    return sum;
}

/* Heartbeats */

static enum worker_status status_of(const struct worker *worker, uint32_t busy)
{
    if (worker->phase != PHASE_WORKING)
        return WORKER_DRAINING;
    if (link_is_away(&worker->link))
        return WORKER_STORE_AWAY;
    if (lacks_handlers(worker))
        return WORKER_NO_HANDLER;
    return busy > 0 ? WORKER_BUSY : WORKER_IDLE;
}

uint64_t pulse_busy_us(const struct worker *worker, uint32_t *busy)
{
    uint64_t sum = worker->busy_us;
    int64_t now = worker_now(worker);
    *busy = 0;
    for (size_t i = 0; i < worker->handler_count; i++) {
        const struct attempt *attempt;
        *busy += worker->handlers[i].running_count > 0;
        TAILQ_FOREACH(attempt, &worker->handlers[i].jobs, entry)
        if (attempt->state == ATTEMPT_RUNNING)
            sum += (uint64_t)(now - attempt->started_us);
    }
    return sum;
}

static uint32_t count_waiting(const struct worker *worker)
{
    size_t running = 0;
    for (size_t i = 0; i < worker->handler_count; i++)
        running += (size_t)worker->handlers[i].running_count;
    return (uint32_t)(worker->held - running);
}

static void send_heartbeat(struct worker *worker, const struct usage *usage)
{
    uint32_t busy;
    struct record record = {.type = RECORD_HEARTBEAT};
    struct heartbeat *heartbeat = &record.body.heartbeat;
    heartbeat->busy_us = pulse_busy_us(worker, &busy);
    heartbeat->status = status_of(worker, busy);
    heartbeat->busy = busy;
    heartbeat->concurrency = (uint32_t)worker->concurrency;
    heartbeat->waiting = count_waiting(worker);
    heartbeat->processed = worker->processed;
    heartbeat->failed = worker->failed;
    heartbeat->run_us = worker->run_us;
    heartbeat->wait_us = worker->wait_us;
    memcpy(heartbeat->run_times, worker->run_times, sizeof heartbeat->run_times);
    memcpy(heartbeat->wait_times, worker->wait_times, sizeof heartbeat->wait_times);
    heartbeat->memory = usage->memory;
    heartbeat->largest = worker->largest;
    heartbeat->cpu_us = usage->cpu_us;
    if (worker->channel.out >= 0)
        channel_send(&worker->channel, &record);
}

/* Handlers */

static void ping_handlers(struct worker *worker)
{
    for (size_t i = 0; i < worker->handler_count; i++)
        if (worker->handlers[i].persistent)
            persistent_ping(&worker->handlers[i]);
}

static bool is_ours(const struct worker *worker, pid_t pid)
{
    for (size_t i = 0; i < worker->handler_count; i++)
        if (worker->handlers[i].child.pid == pid)
            return true;
    return helper_pool_has(&worker->helpers, pid);
}

/* What left its handler's group and outlived its parent comes to us as a child when it ends. */
static void reap_strays(const struct worker *worker)
{
    for (int i = 0; i < STRAYS_MAX; i++) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
            is_ours(worker, info.si_pid))
            return;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void on_pulse(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct worker *worker = timer->data;
    struct usage usage = look_at_usage(worker);
    send_heartbeat(worker, &usage);
    meter_step(worker);
    pausing_pulse(worker);
    reap_strays(worker);
    if (++worker->pulses % PULSES_A_PING == 0)
        ping_handlers(worker);
    int64_t period_ms = wanted_period_ms(worker);
    worker->pulse_processed = worker->processed;
    arm(worker, period_ms);
}

void pulse_tell_ready(struct worker *worker)
{
    if (worker->is_ready_told || !worker->routes[0].host.is_boot_known)
        return;
    worker->is_ready_told = true;
    struct record record = {.type = RECORD_READY};
    if (worker->channel.out >= 0)
        channel_send(&worker->channel, &record);
    struct usage usage = usage_of_self();
    send_heartbeat(worker, &usage);
}

void pulse_step(struct worker *worker)
{
    int64_t busy_ms = pulse_period_ms(true, worker->plan->settings->muster.health_check_interval);
    if (worker->pulse_period_ms > busy_ms && is_busy(worker))
        arm(worker, busy_ms);
}

void pulse_init(struct worker *worker)
{
    ev_init(&worker->pulse, on_pulse);
    worker->pulse.data = worker;
    arm(worker, wanted_period_ms(worker));
}

void pulse_finish(struct worker *worker)
{
    ev_timer_stop(worker->loop, &worker->pulse);
}
