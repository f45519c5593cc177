/* SPDX-License-Identifier: MIT */
#include "worker/intake.h"

#include "worker/hand_out.h"
#include "worker/limits.h"
#include "worker/outcome.h"

/* --- What a reservation brought --- */

static void apply_limits(const struct worker *worker, const struct attempt *attempt,
                         struct job *job)
{
    const struct worker_options options = limits_of(worker, attempt);
    if (job->max_attempts == 0)
        job->max_attempts = (int)options.max_attempts;
    if (job->timeout_ms == 0)
        job->timeout_ms = options.timeout;
}

static void end_unrun(struct worker *worker, struct attempt *attempt, enum ending_kind kind,
                      const struct err *text)
{
    const struct ending ending = {.kind = kind, .text = text->text};
    attempt->ended_us = worker_now(worker);
    outcome_ended(worker, attempt, &ending);
}

/* Killers of workers come to their end here: they are counted before they run. */
static void fail_begun_too_often(struct worker *worker, struct attempt *attempt)
{
    struct err text = ERR_INIT;
    err_set(&text, ERR_LIMIT,
            "it has been begun %d times and never came to an end; it may be %d times",
            attempt->job->attempts - 1, attempt->job->max_attempts);
    end_unrun(worker, attempt, ENDING_ATTEMPTS, &text);
}

static void fail_unhandled(struct worker *worker, struct attempt *attempt)
{
    struct err text = ERR_INIT;
    err_set(&text, ERR_NOT_FOUND, "no handler of %s runs jobs of class %s",
            attempt->route->program.label, attempt->job->name);
    end_unrun(worker, attempt, ENDING_UNHANDLED, &text);
}

static void fail_damaged(struct worker *worker, struct attempt *attempt)
{
    struct err text = ERR_INIT;
    err_set(&text, ERR_INVALID, "its payload cannot be read: %s", attempt->job->damage);
    end_unrun(worker, attempt, ENDING_PAYLOAD, &text);
}

static void accept_job(struct worker *worker, struct attempt *attempt, struct job *job)
{
    attempt->route = routes_find(worker, job->name);
    apply_limits(worker, attempt, job);
    if (job->damage) {
        fail_damaged(worker, attempt);
        return;
    }
    if (job->max_attempts > 0 && job->attempts > job->max_attempts) {
        fail_begun_too_often(worker, attempt);
        return;
    }
    if (classes_lack(&attempt->route->host.classes, job->name)) {
        fail_unhandled(worker, attempt);
        return;
    }
    worker->is_mixed = worker->is_mixed || attempt->route != worker->routes;
    TAILQ_INSERT_TAIL(&worker->waiting, attempt, entry);
    worker->waiting_count++;
}

void intake_accept(struct worker *worker, struct load *load)
{
    size_t count = load->reservation.count;
    if (count == 0) {
        load_give_back(&worker->loads, load);
        return;
    }
    load_fill(load, worker_now(worker));
    worker->held += count;
    worker->taken += count;
    for (size_t i = 0; i < count; i++)
        accept_job(worker, &load->attempts[i], &load->reservation.jobs[i]);
}

/* --- What waits --- */

void intake_take_back(struct worker *worker, struct attempt *attempt)
{
    if (worker->phase != PHASE_WORKING || worker->pause == PAUSE_YES) {
        outcome_untouched(worker, attempt);
        return;
    }
    TAILQ_INSERT_HEAD(&worker->waiting, attempt, entry);
    worker->waiting_count++;
}

static void unlist(struct worker *worker, struct attempt *attempt)
{
    TAILQ_REMOVE(&worker->waiting, attempt, entry);
    worker->waiting_count--;
}

static void give_back(struct worker *worker, struct attempt *attempt)
{
    unlist(worker, attempt);
    outcome_untouched(worker, attempt);
}

void intake_release(struct worker *worker)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&worker->waiting); attempt; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        if (attempt->part == PART_JOB)
            give_back(worker, attempt);
    }
}

void intake_give_up(struct worker *worker)
{
    size_t ready;
    struct attempt *attempt;
    if (worker->waiting_count == 0 || hand_out_slots(worker, &ready) > 0)
        return;
    while ((attempt = TAILQ_FIRST(&worker->waiting)))
        give_back(worker, attempt);
}

void intake_fail_broken(struct worker *worker)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&worker->waiting); attempt; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        struct route *route = attempt->route;
        if (route == worker->routes || !route_is_broken(route))
            continue;
        const struct ending ending = {.kind = ENDING_EXIT, .delay_ms = -1, .text = route->host.why};
        unlist(worker, attempt);
        attempt->ended_us = worker_now(worker);
        outcome_ended(worker, attempt, &ending);
    }
}
