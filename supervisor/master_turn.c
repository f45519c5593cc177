/* SPDX-License-Identifier: MIT */
#include "supervisor/master_turn.h"

#include "common/log.h"
#include "supervisor/master.h"

#define RETURN_LIMIT_SECONDS 10. /* leases that are not back by then come back when they run out */

/* Phases */

static const char *const phase_names[] = {
    [MASTER_RUNNING] = "running",
    [MASTER_STOPPING] = "stopping",
    [MASTER_STOPPING_PROGRAMS] = "stopping_programs",
    [MASTER_RETURNING] = "returning",
    [MASTER_CLOSING] = "closing",
};

const char *master_phase_name(enum master_phase phase)
{
    return phase_names[phase];
}

static void set_phase(struct master *master, enum master_phase phase)
{
    log_write(LOG_DEBUG, "master: %s -> %s", phase_names[master->phase], phase_names[phase]);
    master->phase = phase;
    master->host.changed = true;
}

int master_check_running(const struct master *master, const char *what, struct err *err)
{
    if (master->phase == MASTER_RUNNING)
        return 0;
    return err_set(err, ERR_CONFLICT, "musterd is stopping: %s is not done", what);
}

/* Pools */

/* A queue that is not configured any more goes when its last worker has. */
static void tend_pools(struct master *master)
{
    struct pool **link = &master->pools;
    while (*link) {
        struct pool *pool = *link;
        pool_tend(pool);
        if (pool_is_empty(pool) && !settings_queue(master->settings, pool->queue)) {
            *link = pool->next;
            pool_destroy(pool);
        } else {
            link = &pool->next;
        }
    }
}

static bool pools_are_empty(const struct master *master)
{
    for (const struct pool *pool = master->pools; pool; pool = pool->next)
        if (!pool_is_empty(pool))
            return false;
    return true;
}

static void handle_in_pools(struct master *master, enum process_event event)
{
    for (struct pool *pool = master->pools; pool; pool = pool->next)
        pool_handle(pool, event);
}

/* Looking after everything, at the end of a turn in which something has changed */

/* Programs go last: workers may need them. */
static void end_workers(struct master *master)
{
    if (!pools_are_empty(master))
        return;
    set_phase(master, MASTER_STOPPING_PROGRAMS);
    programs_stop(&master->programs);
}

static void end_programs(struct master *master)
{
    if (!programs_are_stopped(&master->programs))
        return;
    set_phase(master, MASTER_RETURNING);
    ev_timer_set(&master->return_limit, RETURN_LIMIT_SECONDS, 0.);
    ev_timer_start(master->loop, &master->return_limit);
}

static void end_returning(struct master *master)
{
    bool limit_passed = !ev_is_active(&master->return_limit);
    if (master->returns.count > 0 && !limit_passed)
        return;
    if (master->returns.count > 0)
        log_write(LOG_WARN, "the leases of %zu dead workers come back when they run out",
                  master->returns.count);
    set_phase(master, MASTER_CLOSING);
    process_handle(&master->maintenance.process, EVENT_STOP);
}

static void end_maintenance(struct master *master)
{
    if (master->maintenance.process.state == PROCESS_STOPPED && !master->reaper.sweeping)
        ev_break(master->loop, EVBREAK_ALL);
}

/* It is replaced by being stopped: two of them would do everything twice. */
static void keep_maintenance(struct master *master)
{
    struct process *process = &master->maintenance.process;
    if (process->state == PROCESS_STOPPED && master->phase != MASTER_CLOSING &&
        master->settings->serves_queues)
        process_handle(process, EVENT_START);
}

/* exit_on_fatal */
static void end_for_fatal(struct master *master)
{
    bool ends = master->host.fatal_exits ||
                (master->host.has_fatal && master->settings->muster.exit_on_fatal);
    if (!ends || master->phase != MASTER_RUNNING)
        return;
    log_write(LOG_ERROR, "a program is FATAL, and exit_on_fatal is set: musterd ends");
    master->has_failed = true;
    master_stop(master);
}

static void tend(struct master *master)
{
    static void (*const ends[])(struct master * master) = {
        [MASTER_RUNNING] = NULL,
        [MASTER_STOPPING] = end_workers,
        [MASTER_STOPPING_PROGRAMS] = end_programs,
        [MASTER_RETURNING] = end_returning,
        [MASTER_CLOSING] = end_maintenance,
    };
    keep_maintenance(master);
    tend_pools(master);
    maintenance_tend(&master->maintenance);
    programs_tend(&master->programs);
    end_for_fatal(master);
    upgrade_tend(&master->upgrade);
    if (ends[master->phase])
        ends[master->phase](master);
}

static void on_turn(struct ev_loop *loop, ev_prepare *watch, int events)
{
    (void)loop, (void)events;
    struct master *master = watch->data;
    while (master->host.changed) {
        master->host.changed = false;
        tend(master);
    }
}

static void on_return_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct master *master = timer->data;
    master->host.changed = true;
}

/* The way to the end */

void master_stop(struct master *master)
{
    switch (++master->stop_requests) {
    case 1:
        set_phase(master, MASTER_STOPPING);
        systemd_tell_stopping(&master->systemd);
        scaling_stop(&master->scaling);
        for (struct pool *pool = master->pools; pool; pool = pool->next)
            pool_stop(pool);
        break;
    case 2:
        log_write(LOG_WARN, "stopping again: running jobs are ended");
        handle_in_pools(master, EVENT_TERMINATE);
        break;
    default:
        log_write(LOG_WARN, "stopping once more: everything is killed");
        handle_in_pools(master, EVENT_KILL);
        programs_kill(&master->programs);
        ev_timer_stop(master->loop, &master->return_limit);
        if (master->phase == MASTER_CLOSING)
            process_handle(&master->maintenance.process, EVENT_KILL);
        master->host.changed = true;
    }
}

/* Beginning and end */

void master_turn_init(struct master *master)
{
    ev_prepare_init(&master->turn, on_turn);
    master->turn.data = master;
    ev_prepare_start(master->loop, &master->turn);
    ev_init(&master->return_limit, on_return_limit);
    master->return_limit.data = master;
}

void master_turn_finish(struct master *master)
{
    ev_prepare_stop(master->loop, &master->turn);
    ev_timer_stop(master->loop, &master->return_limit);
}
