/* SPDX-License-Identifier: MIT */
#include "worker/lease.h"

#include <stdlib.h>

#include "common/log.h"
#include "worker/outcome.h"

static int64_t period_ms(const struct worker *worker)
{
    int64_t period = worker->link.settings->retry_after / 3;
    return period < LEASE_PERIOD_MAX_MS ? period : LEASE_PERIOD_MAX_MS;
}

/* A round of calls over all that is held; the batch that is being collected. */
struct round {
    struct worker *worker;
    struct attempt **attempts;
    size_t count, capacity;
    bool has_failed;
};

static void find_handler_and_cancel(struct worker *worker, struct attempt *attempt,
                                    enum attempt_wish wish)
{
    for (size_t i = 0; i < worker->handler_count; i++) {
        struct attempt *its_own;
        TAILQ_FOREACH(its_own, &worker->handlers[i].jobs, entry)
        {
            if (its_own != attempt)
                continue;
            handler_cancel(&worker->handlers[i], attempt, wish);
            return;
        }
    }
}

static void drop_waiting(struct worker *worker, struct attempt *attempt)
{
    TAILQ_REMOVE(&worker->waiting, attempt, entry);
    worker->waiting_count--;
    if (attempt->wish == WISH_CANCELLED) {
        outcome_untouched(worker, attempt);
        return;
    }
    worker->held--;
    attempt_settle(&worker->loads, attempt);
}

static void learn(struct worker *worker, struct attempt *attempt, enum lease_state state)
{
    if (state == LEASE_HELD || attempt->wish != WISH_NONE)
        return;
    enum attempt_wish wish = state == LEASE_LOST ? WISH_LOST : WISH_CANCELLED;
    log_about(LOG_WARN, "job", attempt->job->uuid, "attempt %d: %s", attempt->job->attempts,
              wish == WISH_LOST ? "its lease was lost" : "it was cancelled");
    if (attempt->state == ATTEMPT_ASKED) {
        attempt->wish = wish;
        return;
    }
    if (attempt->state != ATTEMPT_WAITING) {
        find_handler_and_cancel(worker, attempt, wish);
        return;
    }
    attempt->wish = wish;
    drop_waiting(worker, attempt);
}

static void call(struct round *round)
{
    struct worker *worker = round->worker;
    struct link *link = &worker->link;
    struct err err = ERR_INIT;
    if (round->count == 0 || round->has_failed)
        return;
    if (link->driver->extend(link->connection.store, worker->plan->id, worker->renewals,
                             round->count, link->settings->retry_after, &err) < 0) {
        link_failed(link, &err);
        worker->has_news = true;
        round->has_failed = true;
        return;
    }
    link_succeeded(link);
    for (size_t i = 0; i < round->count; i++) {
        struct attempt *attempt = round->attempts[i];
        if (attempt->details)
            attempt->details->is_progress_new = false;
        learn(worker, attempt, worker->renewals[i].state);
    }
    round->count = 0;
}

static void add(struct round *round, struct attempt *attempt)
{
    const struct details *details = attempt->details;
    bool has_progress = details && details->is_progress_new;
    round->worker->renewals[round->count] = (struct renewal){
        .lease = attempt_lease(attempt),
        .progress = has_progress ? details->progress : -1.,
        .progress_text = has_progress ? details->progress_text : NULL,
    };
    round->attempts[round->count++] = attempt;
}

/* Collects first and calls then: what a call brings may take attempts out of their lists. */
static void renew_list(struct round *round, struct attempt_list *list)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(list); attempt && !round->has_failed; attempt = next) {
        add(round, attempt);
        next = TAILQ_NEXT(attempt, entry);
        if (round->count == round->capacity)
            call(round);
    }
}

static void renew(struct worker *worker)
{
    size_t capacity = (size_t)worker->link.settings->batch_size;
    struct round round = {.worker = worker, .capacity = capacity};
    round.attempts = mem_new(capacity, sizeof *round.attempts);
    worker->renewals = mem_new(capacity, sizeof worker->renewals[0]);
    for (size_t i = 0; i < worker->route_count; i++)
        worker->routes[i].host.has_progress = false;
    renew_list(&round, &worker->waiting);
    renew_list(&round, &worker->asked);
    for (size_t i = 0; i < worker->handler_count; i++)
        renew_list(&round, &worker->handlers[i].jobs);
    call(&round);
    free(worker->renewals);
    free(round.attempts);
    worker->renewals = NULL;
}

static void on_lease(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct worker *worker = timer->data;
    if (worker->held > 0 && link_is_usable(&worker->link))
        renew(worker);
}

static bool has_progress(const struct worker *worker)
{
    for (size_t i = 0; i < worker->route_count; i++)
        if (worker->routes[i].host.has_progress)
            return true;
    return false;
}

/* The timer that runs is not touched a job: one that fires while nothing is held ends by itself. */
void lease_step(struct worker *worker)
{
    ev_timer *timer = &worker->lease;
    if (worker->held == 0)
        return;
    double wanted = (double)period_ms(worker) / 1000.;
    if (link_is_away(&worker->link) || has_progress(worker))
        wanted = LEASE_PROGRESS_MS / 1000. < wanted ? LEASE_PROGRESS_MS / 1000. : wanted;
    if (ev_is_active(timer) && ev_timer_remaining(worker->loop, timer) <= wanted)
        return;
    ev_timer_stop(worker->loop, timer);
    ev_timer_set(timer, wanted, 0.);
    ev_timer_start(worker->loop, timer);
}

void lease_init(struct worker *worker)
{
    ev_init(&worker->lease, on_lease);
    worker->lease.data = worker;
}

void lease_finish(struct worker *worker)
{
    ev_timer_stop(worker->loop, &worker->lease);
}
