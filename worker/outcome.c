/* SPDX-License-Identifier: MIT */
#include "worker/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "queue/exception.h"
#include "worker/chain.h"
#include "worker/limits.h"
#include "worker/meter.h"
#include "worker/slots.h"

#define EXCERPT_MAX 300 /* bytes of an exception in the log */

static double random_part(void)
{
    return (double)arc4random() / 4294967296.;
}

static void enqueue(struct worker *worker, struct attempt *attempt)
{
    attempt->state = ATTEMPT_ENDED;
    if (attempt->outcome.kind == OUTCOME_UNTOUCHED)
        slots_release(attempt);
    TAILQ_INSERT_TAIL(&worker->ended, attempt, entry);
    worker->ended_count++;
    worker->held--;
}

static void log_failure(const struct attempt *attempt, const struct outcome *outcome)
{
    const struct job *job = attempt->job;
    const char *text = outcome->exception ? outcome->exception : "";
    size_t line = exception_line(&text);
    int length = line < EXCERPT_MAX ? (int)line : EXCERPT_MAX;
    if (outcome->kind == OUTCOME_FAIL)
        log_about(LOG_ERROR, "job", job->uuid, "failed for good at attempt %d (%s): %.*s",
                  job->attempts, outcome->cause, length, text);
    else
        log_about(LOG_WARN, "job", job->uuid, "attempt %d failed (%s), again in %.1f s: %.*s",
                  job->attempts, outcome->cause, (double)outcome->delay_ms / 1000., length, text);
}

static void count(struct worker *worker, const struct attempt *attempt, const struct ending *ending)
{
    int64_t run_us = attempt->started_us > 0 ? attempt->ended_us - attempt->started_us : 0;
    worker->busy_us += (uint64_t)run_us;
    if (ending->kind == ENDING_STOPPED)
        return;
    if (attempt->started_us > 0)
        worker->run_times[run_time_bucket(run_us)]++;
    worker->processed++;
    worker->failed += verdict_is_failure(ending);
}

/* Done is only what could be stored with all that hangs on it. */
static struct ending with_consequences(const struct worker *worker, struct attempt *attempt,
                                       const struct ending *ending, struct err *err)
{
    if (ending->kind != ENDING_DONE)
        return *ending;
    if (attempt->details && attempt->details->push_error)
        err_set(err, ERR_INVALID, "it pushed a job that cannot be stored: %s",
                attempt->details->push_error);
    else if (attempt->job->chain.text && chain_push_next(attempt, worker->plan->settings, err) < 0)
        err_prefix(err, "its chain cannot go on");
    if (err->code == ERR_NONE)
        return *ending;
    return (struct ending){.kind = ENDING_EXCEPTION, .delay_ms = -1, .text = err->text};
}

static void set_outcome(struct worker *worker, struct attempt *attempt, const struct ending *ending)
{
    const struct verdict_view view = {
        .attempts = attempt->job->attempts,
        .max_attempts = attempt->job->max_attempts,
        .is_cancelled = attempt->wish == WISH_CANCELLED,
        .random = ending->kind == ENDING_DONE ? 0. : random_part(),
    };
    const struct worker_options options = limits_of(worker, attempt->job->name);
    struct verdict verdict = verdict_of(ending, &view, &options);
    struct outcome *outcome = &attempt->outcome;
    *outcome = (struct outcome){.lease = attempt_lease(attempt),
                                .kind = verdict.kind,
                                .delay_ms = verdict.delay_ms,
                                .cause = verdict.cause};
    if (verdict.cause && (ending->text || verdict.kind == OUTCOME_FAIL))
        outcome->exception = attempt_set_exception(attempt, ending->text ? ending->text : "");
    if (verdict.kind == OUTCOME_DONE && attempt->details) {
        outcome->pushes = attempt->details->pushes;
        outcome->push_count = attempt->details->push_count;
    }
}

static void meter_outcome(struct worker *worker, const struct attempt *attempt)
{
    if (attempt->outcome.kind == OUTCOME_DONE)
        meter_count(worker, attempt, METRICS_PROCESSED);
    else if (attempt->outcome.kind == OUTCOME_FAIL)
        meter_count(worker, attempt, METRICS_FAILED);
    else if (attempt->outcome.kind == OUTCOME_RELEASE)
        meter_count(worker, attempt, METRICS_RETRIED);
}

void outcome_ended(struct worker *worker, struct attempt *attempt, const struct ending *ending)
{
    struct err err = ERR_INIT;
    struct ending whole = with_consequences(worker, attempt, ending, &err);
    count(worker, attempt, &whole);
    if (attempt->wish == WISH_LOST) {
        log_about(LOG_WARN, "job", attempt->job->uuid,
                  "attempt %d ended without effect: its lease was lost", attempt->job->attempts);
        worker->held--;
        attempt_settle(&worker->loads, attempt);
        return;
    }
    set_outcome(worker, attempt, &whole);
    meter_outcome(worker, attempt);
    if (verdict_is_failure(&whole) && attempt->outcome.cause)
        log_failure(attempt, &attempt->outcome);
    enqueue(worker, attempt);
}

void outcome_untouched(struct worker *worker, struct attempt *attempt)
{
    attempt->ended_us = worker_now(worker);
    attempt->outcome = (struct outcome){.lease = attempt_lease(attempt), .kind = OUTCOME_UNTOUCHED};
    if (attempt->wish == WISH_CANCELLED)
        attempt->outcome.kind = OUTCOME_CANCELLED;
    worker->taken--;
    enqueue(worker, attempt);
}

bool outcome_degrade(struct attempt *attempt, const struct err *err)
{
    struct outcome *outcome = &attempt->outcome;
    log_about(LOG_ERROR, "job", attempt->job->uuid, "its outcome cannot be stored: %s", err->text);
    if (outcome->push_count == 0)
        return false;
    outcome->kind = OUTCOME_FAIL;
    outcome->cause = "push";
    outcome->exception = attempt_set_exception(attempt, err->text);
    outcome->pushes = NULL;
    outcome->push_count = 0;
    return true;
}
