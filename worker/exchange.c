/* SPDX-License-Identifier: MIT */
#include "worker/exchange.h"

#include "common/log.h"
#include "worker/failure.h"
#include "worker/intake.h"
#include "worker/meter.h"
#include "worker/outcome.h"

#define RETRY_MS 1 /* nothing was there, though something should be */

/* --- The outcomes that it takes along --- */

size_t exchange_batch(const struct worker *worker)
{
    return (size_t)worker->link.settings->batch_size;
}

static size_t collect_outcomes(struct worker *worker)
{
    size_t most = worker->is_isolating ? 1 : exchange_batch(worker), count = 0;
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

/* --- The jobs that it brings --- */

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
    intake_accept(worker, load);
}

/* --- The call --- */

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

int exchange(struct worker *worker, size_t reserve)
{
    if (give_back_strays(worker) < 0)
        return -1;
    return make_turn(worker, reserve);
}
