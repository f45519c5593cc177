/* SPDX-License-Identifier: MIT */
#include "worker/route.h"

#include <stdlib.h>

#include "common/json.h"
#include "common/mem.h"
#include "worker/core.h"
#include "worker/intake.h"
#include "worker/outcome.h"

/* Making */

static void on_ended(void *context, struct attempt *attempt, const struct ending *ending)
{
    outcome_ended(context, attempt, ending);
}

static void on_returned(void *context, struct attempt *attempt)
{
    intake_take_back(context, attempt);
}

/* While the store is away nobody waits for it: what is owed to it comes first. */
static int find_batch(void *context, const char *uuid, batch_fn each, void *each_context,
                      struct err *err)
{
    struct worker *worker = context;
    struct link *link = &worker->link;
    if (link_is_away(link) || !link_is_usable(link))
        return err_set(err, ERR_UNAVAILABLE, "the store cannot be asked now");
    return link->driver->batch_list(link->connection.store, uuid, NULL, 1, each, each_context, err);
}

static int add_route(struct worker *worker, const struct job_settings *section, struct err *err)
{
    struct route *route = &worker->routes[worker->route_count++];
    route->section = section;
    route->queue = *worker->plan->queue;
    if (section)
        settings_job_apply_handler(section, &route->queue);
    return program_init(&route->program, &route->queue, section ? section->name : NULL,
                        worker->plan->id, err);
}

int routes_init(struct worker *worker, struct err *err)
{
    const struct settings *settings = worker->plan->settings;
    worker->routes = mem_new(settings->job_count + 1, sizeof worker->routes[0]);
    if (add_route(worker, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < settings->job_count; i++)
        if (settings->jobs[i].command[0] && add_route(worker, &settings->jobs[i], err) < 0)
            return -1;
    return 0;
}

static void init_host(struct worker *worker, struct route *route, int concurrency_max)
{
    const struct muster_settings *muster = &worker->plan->settings->muster;
    route->host = (struct handler_host){
        .loop = worker->loop,
        .clock = worker->clock,
        .settings = worker->plan->settings,
        .queue = &route->queue,
        .program = &route->program,
        .slots = &worker->slots,
        .concurrency_max = concurrency_max,
        .kill_us = muster->kill_timeout * 1000,
        .backoff = {.delay_ms = muster->restart_delay, .delay_max_ms = muster->restart_delay_max},
        .changed = true,
        .context = worker,
        .ended = on_ended,
        .returned = on_returned,
        .find_batch = find_batch,
    };
    buf_init(&route->host.scratch, 2 * (size_t)JSON_TEXT_MAX);
}

void routes_make_handlers(struct worker *worker)
{
    uint32_t slots = board_jobs_of(worker->board->slot_count);
    size_t wanted = (size_t)worker->plan->queue->concurrency;
    worker->concurrency = wanted < slots ? wanted : slots;
    worker->handler_count = worker->concurrency * worker->route_count;
    worker->handlers = mem_new(worker->handler_count, sizeof worker->handlers[0]);
    for (size_t i = 0; i < worker->route_count; i++) {
        struct route *route = &worker->routes[i];
        init_host(worker, route, (int)(slots / worker->concurrency));
        route->handlers = worker->handlers + i * worker->concurrency;
        route->handler_count = worker->concurrency;
        for (size_t k = 0; k < route->handler_count; k++)
            handler_init(&route->handlers[k], &route->host);
    }
}

void routes_finish(struct worker *worker)
{
    for (size_t i = 0; i < worker->handler_count; i++)
        handler_finish(&worker->handlers[i]);
    for (size_t i = 0; i < worker->route_count; i++) {
        buf_finish(&worker->routes[i].host.scratch);
        classes_finish(&worker->routes[i].host.classes);
        program_finish(&worker->routes[i].program);
    }
    free(worker->handlers);
    free(worker->routes);
}

struct route *routes_find(const struct worker *worker, const char *class)
{
    struct job_settings said;
    if (worker->route_count == 1 || !settings_job(worker->plan->settings, class, &said))
        return &worker->routes[0];
    for (size_t i = 1; i < worker->route_count; i++)
        if (worker->routes[i].section == said.runs)
            return &worker->routes[i];
    return &worker->routes[0];
}

/* Running */

static bool is_failing(const struct handler *handler)
{
    return handler->state == HANDLER_PAUSED && handler->failures > 0 && !handler->was_ready;
}

bool route_is_broken(const struct route *route)
{
    bool is_one_failing = false;
    for (size_t i = 0; i < route->handler_count; i++) {
        if (handler_has_process(&route->handlers[i]))
            return false;
        is_one_failing = is_one_failing || is_failing(&route->handlers[i]);
    }
    return is_one_failing;
}

static size_t count_waiting(const struct worker *worker, const struct route *route)
{
    size_t count = 0;
    const struct attempt *attempt;
    TAILQ_FOREACH(attempt, &worker->waiting, entry)
    count += attempt->route == route;
    return count;
}

/* As many as have something to do. */
static void tend_as_needed(const struct worker *worker, struct route *route)
{
    size_t wanted = count_waiting(worker, route);
    for (size_t i = 0; i < route->handler_count && wanted > 0 && !route_is_broken(route); i++) {
        struct handler *handler = &route->handlers[i];
        size_t places = handler->state == HANDLER_BOOTING ? 1 : handler_room(handler, 0);
        if (places == 0 && handler->state == HANDLER_OFF) {
            handler_tend(handler);
            places = 1;
        }
        wanted -= places < wanted ? places : wanted;
    }
}

static void tend_queue(struct route *route)
{
    if (!route->host.changed)
        return;
    route->host.changed = false;
    for (size_t i = 0; i < route->handler_count; i++)
        handler_tend(&route->handlers[i]);
}

void routes_tend(struct worker *worker)
{
    if (worker->phase != PHASE_WORKING)
        return;
    tend_queue(&worker->routes[0]);
    for (size_t i = 1; i < worker->route_count && worker->waiting_count > 0; i++)
        tend_as_needed(worker, &worker->routes[i]);
}
