/* SPDX-License-Identifier: MIT */
#include "worker/supply.h"

#include <stdlib.h>

#include "common/log.h"
#include "worker/failure.h"
#include "worker/hand_out.h"
#include "worker/limits.h"
#include "worker/meter.h"
#include "worker/outcome.h"
#include "worker/turn.h"

#define ROUNDS_MAX 4      /* of calls in one step */
#define STALE_US   200000 /* no job waits longer for a handler here, while others might have one */
#define RETRY_MS   1      /* nothing was there, though something should be */

/* What waits here */

static size_t batch_size(const struct worker *worker)
{
    return (size_t)worker->link.settings->batch_size;
}

static size_t jobs_ahead(const struct worker *worker, size_t slots)
{
    if (worker->is_mixed)
        return 0;
    return prefetch_ahead(&worker->prefetch, slots, worker_options(worker)->rest * 1000,
                          batch_size(worker));
}

void supply_take_back(struct worker *worker, struct attempt *attempt)
{
    if (worker->phase != PHASE_WORKING || worker->pause == PAUSE_YES) {
        outcome_untouched(worker, attempt);
        return;
    }
    TAILQ_INSERT_HEAD(&worker->waiting, attempt, entry);
    worker->waiting_count++;
}

static void stop_waiting(struct worker *worker, struct attempt *attempt)
{
    TAILQ_REMOVE(&worker->waiting, attempt, entry);
    worker->waiting_count--;
    outcome_untouched(worker, attempt);
}

void supply_release_waiting(struct worker *worker)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&worker->waiting); attempt; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        if (attempt->part == PART_JOB)
            stop_waiting(worker, attempt);
    }
}

void supply_give_up_waiting(struct worker *worker)
{
    size_t ready;
    struct attempt *attempt;
    if (worker->waiting_count == 0 || hand_out_slots(worker, &ready) > 0)
        return;
    while ((attempt = TAILQ_FIRST(&worker->waiting)))
        stop_waiting(worker, attempt);
}

/* What a reservation brought */

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

static void set_poll(struct worker *worker, int64_t after_ms)
{
    ev_timer_stop(worker->loop, &worker->poll);
    if (worker->link.wake_fd < 0 && (after_ms < 0 || after_ms > worker_options(worker)->sleep))
        after_ms = worker_options(worker)->sleep;
    if (after_ms < 0)
        return;
    ev_now_update(worker->loop);
    ev_timer_set(&worker->poll, (double)after_ms / 1000., 0.);
    ev_timer_start(worker->loop, &worker->poll);
}

static void accept_load(struct worker *worker, struct load *load)
{
    size_t count = load->reservation.count;
    int64_t next_due_ms = load->reservation.next_due_ms;
    worker->has_news = count > 0 && next_due_ms == 0;
    if (!worker->has_news)
        set_poll(worker, count == 0 && next_due_ms == 0 ? RETRY_MS : next_due_ms);
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

/* Calls */

static size_t collect_outcomes(struct worker *worker)
{
    size_t most = worker->is_isolating ? 1 : batch_size(worker), count = 0;
    struct attempt *attempt = TAILQ_FIRST(&worker->ended);
    for (; attempt && count < most; attempt = TAILQ_NEXT(attempt, entry))
        worker->outcomes[count++] = attempt->outcome;
    return count;
}

static void settle_one(struct worker *worker, struct attempt *attempt)
{
    TAILQ_REMOVE(&worker->ended, attempt, entry);
    worker->ended_count--;
    attempt_settle(&worker->loads, attempt);
}

static bool goes_back(const struct outcome *outcome)
{
    return outcome->kind == OUTCOME_RELEASE || outcome->kind == OUTCOME_UNTOUCHED;
}

/* What was repeated because its reply was lost may have been applied before. What went back may be
 * ready again at once. */
static void settle(struct worker *worker, size_t count)
{
    bool is_repetition = link_is_away(&worker->link);
    for (size_t i = 0; i < count; i++) {
        struct attempt *attempt = TAILQ_FIRST(&worker->ended);
        if (goes_back(&worker->outcomes[i]))
            worker->has_news = true;
        if (!worker->outcomes[i].applied)
            log_about(is_repetition ? LOG_DEBUG : LOG_WARN, "job", attempt->job->uuid,
                      "the outcome of attempt %d had no effect: its lease was lost",
                      attempt->job->attempts);
        else if (worker->outcomes[i].kind == OUTCOME_FAIL)
            failure_is_stored(worker, attempt);
        settle_one(worker, attempt);
    }
    if (worker->ended_count == 0)
        worker->is_isolating = false;
}

static bool is_passing(const struct err *err)
{
    return err->code == ERR_UNAVAILABLE || err->code == ERR_FULL || err->code == ERR_SYSTEM;
}

/* One outcome that the store refuses must not hold up the others. */
static void after_refusal(struct worker *worker, size_t count, const struct err *err)
{
    if (count == 0 || is_passing(err)) {
        link_failed(&worker->link, err);
        worker->has_news = true;
        return;
    }
    struct attempt *first = TAILQ_FIRST(&worker->ended);
    if (count == 1 && !outcome_degrade(first, err))
        settle_one(worker, first);
    worker->is_isolating = true;
}

static int call(struct worker *worker, size_t outcome_count, size_t reserve, struct load *load,
                struct err *err)
{
    const struct reserve_request request = {
        .queue = worker->plan->queue->name,
        .owner = worker->plan->id,
        .count = reserve,
        .lease_ms = worker->link.settings->retry_after,
    };
    return worker->link.driver->turn(worker->link.connection.store, worker->plan->id,
                                     worker->outcomes, outcome_count, load ? &request : NULL,
                                     load ? &load->reservation : NULL, err);
}

static int make_turn(struct worker *worker, size_t reserve)
{
    struct err err = ERR_INIT;
    size_t count = collect_outcomes(worker);
    struct load *load = reserve > 0 && !worker->is_isolating ? load_take(&worker->loads) : NULL;
    int64_t began_us = worker_now(worker);
    int result = call(worker, count, reserve, load, &err);
    meter_store_call(worker, worker_now(worker) - began_us);
    if (result < 0) {
        worker->may_have_strays = worker->may_have_strays || load;
        if (load)
            load_give_back(&worker->loads, load);
        after_refusal(worker, count, &err);
        return -1;
    }
    settle(worker, count);
    link_succeeded(&worker->link);
    if (load)
        accept_load(worker, load);
    return 0;
}

/* A reservation whose answer was lost may have made us the owner of jobs that we do not know. While
 * we hold none, all that is ours is such. */
static int give_back_strays(struct worker *worker)
{
    uint64_t returned;
    struct err err = ERR_INIT;
    if (!worker->may_have_strays || worker->held > 0 || worker->ended_count > 0)
        return 0;
    struct link *link = &worker->link;
    if (link->driver->return_owner(link->connection.store, worker->plan->id, NULL, 0, &returned,
                                   &err) < 0) {
        link_failed(link, &err);
        return -1;
    }
    worker->may_have_strays = false;
    return 0;
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
        .batch_size = batch_size(worker),
        .ended = worker->ended_count,
        .ended_for_us = oldest ? worker_now(worker) - oldest->ended_us : 0,
        .budget = budget,
        .may_reserve = worker->phase == PHASE_WORKING && worker->pause == PAUSE_NO && budget > 0,
        .has_news = worker->has_news,
    };
    return turn_decide(&view);
}

/* Waiting for what comes next */

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

/* The handlers of a class cannot be started: its jobs do not hold up those of others. */
static void fail_broken(struct worker *worker)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&worker->waiting); attempt; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        struct route *route = attempt->route;
        if (route == worker->routes || !route_is_broken(route))
            continue;
        const struct ending ending = {
            .kind = ENDING_EXIT, .delay_ms = -1, .text = route->host.why};
        TAILQ_REMOVE(&worker->waiting, attempt, entry);
        worker->waiting_count--;
        attempt->ended_us = worker_now(worker);
        outcome_ended(worker, attempt, &ending);
    }
}

static void place(struct worker *worker, size_t slots, size_t ahead, size_t ready)
{
    if (worker->is_mixed) {
        routes_tend(worker);
        fail_broken(worker);
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
        if (give_back_strays(worker) < 0 || make_turn(worker, plan.reserve) < 0)
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
    supply_release_waiting(worker);
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
    worker->outcomes = mem_new(batch_size(worker), sizeof worker->outcomes[0]);
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
