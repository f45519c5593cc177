/* SPDX-License-Identifier: MIT */
#include "worker/hand_out.h"

size_t hand_out_slots(const struct worker *worker, size_t *ready)
{
    const struct route *route = &worker->routes[0];
    size_t slots = 0;
    *ready = 0;
    for (size_t i = 0; i < route->handler_count; i++) {
        size_t its_own = handler_slots(&route->handlers[i]);
        slots += its_own;
        *ready += its_own > 0;
    }
    return slots;
}

static void give(struct worker *worker, struct handler *handler, struct attempt *attempt)
{
    TAILQ_REMOVE(&worker->waiting, attempt, entry);
    worker->waiting_count--;
    handler_give(handler, attempt);
}

/* All routes */

static struct handler *find_room(const struct route *route)
{
    for (size_t i = 0; i < route->handler_count; i++)
        if (handler_room(&route->handlers[i], 0) > 0)
            return &route->handlers[i];
    return NULL;
}

static size_t count_placed(const struct worker *worker)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->handler_count; i++)
        count += (size_t)worker->handlers[i].job_count;
    return count;
}

static void fill_routes(struct worker *worker, size_t slots)
{
    size_t placed = count_placed(worker);
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&worker->waiting); attempt && placed < slots; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        struct handler *handler = find_room(attempt->route);
        if (!handler)
            continue;
        give(worker, handler, attempt);
        placed += attempt->state == ATTEMPT_HANDED || attempt->state == ATTEMPT_RUNNING;
    }
}

/* The queue's alone */

static void fill(struct worker *worker, size_t ahead)
{
    const struct route *route = &worker->routes[0];
    struct attempt *attempt = TAILQ_FIRST(&worker->waiting);
    for (size_t i = 0; i < route->handler_count && attempt; i++) {
        struct handler *handler = &route->handlers[i];
        size_t room = handler_room(handler, ahead);
        for (; room > 0 && (attempt = TAILQ_FIRST(&worker->waiting)); room--) {
            give(worker, handler, attempt);
            if (attempt->state == ATTEMPT_WAITING)
                break; /* it came back */
        }
    }
}

/* First what can run at once, then what may wait in a handler. */
static void fill_queue(struct worker *worker, size_t ahead, size_t ready)
{
    fill(worker, 0);
    if (worker->waiting_count > 0 && ahead > 0 && ready > 0)
        fill(worker, ahead / ready + 1);
}

void hand_out(struct worker *worker, size_t slots, size_t ahead, size_t ready)
{
    if (worker->waiting_count > 0 && worker->is_mixed)
        fill_routes(worker, slots);
    else if (worker->waiting_count > 0)
        fill_queue(worker, ahead, ready);
    for (size_t i = 0; i < worker->handler_count; i++)
        handler_flush(&worker->handlers[i]);
}
