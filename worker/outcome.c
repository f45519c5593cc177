/* SPDX-License-Identifier: MIT */
#include "worker/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "queue/exception.h"
#include "worker/chain.h"
#include "worker/events.h"
#include "worker/failure.h"
#include "worker/limits.h"
#include "worker/meter.h"
#include "worker/slots.h"

#define EXCERPT_MAX 300 /* bytes of an exception in the log */

static double random_part(void)
{
    return (double)arc4random() / 4294967296.;
}

void outcome_enqueue(struct worker *worker, struct attempt *attempt)
{
    attempt_set_state(attempt, ATTEMPT_ENDED);
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
    else if (outcome->kind == OUTCOME_CANCELLED)
        log_about(LOG_WARN, "job", job->uuid, "discarded by a rule at attempt %d (%s): %.*s",
                  job->attempts, outcome->cause, length, text);
    else
        log_about(LOG_WARN, "job", job->uuid, "attempt %d failed (%s), again in %.1f s: %.*s",
                  job->attempts, outcome->cause, (double)outcome->delay_ms / 1000., length, text);
}

static void count_times(struct worker *worker, int64_t run_us, int64_t wait_us)
{
    worker->run_times[run_time_bucket(run_us)]++;
    worker->wait_times[wait_time_bucket(wait_us)]++;
    worker->run_us += (uint64_t)run_us;
    worker->wait_us += (uint64_t)wait_us;
}

static void count(struct worker *worker, const struct attempt *attempt, const struct ending *ending)
{
    int64_t run_us = attempt->started_us > 0 ? attempt->ended_us - attempt->started_us : 0;
    worker->busy_us += (uint64_t)run_us;
    if (ending->kind == ENDING_STOPPED)
        return;
    if (attempt->started_us > 0)
        count_times(worker, run_us, meter_wait_us(attempt));
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

static struct verdict judge(const struct worker *worker, const struct attempt *attempt,
                            const struct ending *ending, const struct policy_settings *rule,
                            struct decision decision)
{
    struct worker_options options = limits_of(worker, attempt);
    struct verdict_view view = {
        .attempts = attempt->job->attempts,
        .max_attempts = attempt->job->max_attempts,
        .is_cancelled = attempt->wish == WISH_CANCELLED,
        .random = ending->kind == ENDING_DONE ? 0. : random_part(),
        .decision = decision,
    };
    if (rule) {
        settings_policy_apply(rule, &options);
        if (rule->max_attempts != KEY_UNSET)
            view.max_attempts = (int)rule->max_attempts;
    }
    return verdict_of(ending, &view, &options);
}

static void set_outcome(struct attempt *attempt, const struct ending *ending,
                        const struct verdict *verdict)
{
    struct outcome *outcome = &attempt->outcome;
    *outcome = (struct outcome){.lease = attempt_lease(attempt),
                                .kind = verdict->kind,
                                .delay_ms = verdict->delay_ms,
                                .cause = verdict->cause};
    if (verdict->cause && (ending->text || verdict->kind == OUTCOME_FAIL))
        outcome->exception = attempt_set_exception(attempt, ending->text ? ending->text : "");
    if (verdict->kind == OUTCOME_DONE && attempt->details) {
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

static void drop_lost(struct worker *worker, struct attempt *attempt)
{
    log_about(LOG_WARN, "job", attempt->job->uuid,
              "attempt %d ended without effect: its lease was lost", attempt->job->attempts);
    worker->held--;
    attempt_settle(&worker->loads, attempt);
}

void outcome_judge(struct worker *worker, struct attempt *attempt, const struct ending *ending,
                   const struct policy_settings *rule, struct decision decision)
{
    if (attempt->wish == WISH_LOST) {
        drop_lost(worker, attempt);
        return;
    }
    const struct verdict verdict = judge(worker, attempt, ending, rule, decision);
    set_outcome(attempt, ending, &verdict);
    meter_outcome(worker, attempt);
    events_add(worker, attempt);
    if (verdict_is_failure(ending) && verdict.cause)
        log_failure(attempt, &attempt->outcome);
    if (verdict.kind == OUTCOME_FAIL) {
        failure_is_final(worker, attempt, ending);
        return;
    }
    if (verdict.kind == OUTCOME_CANCELLED)
        attempt->outcome.cause = attempt->outcome.exception = NULL;
    outcome_enqueue(worker, attempt);
}

/* A rule whose command cannot be asked is as if it were not there. */
static void apply_policy(struct worker *worker, struct attempt *attempt,
                         const struct ending *ending)
{
    struct decision decision = DECISION_NONE;
    const struct policy_settings *rule = policy_find(&worker->policy, ending, attempt->job);
    bool is_to_be_asked = rule && rule->action == POLICY_COMMAND;
    if (is_to_be_asked && !ending->never_again && attempt->wish == WISH_NONE &&
        failure_ask(worker, attempt, ending, rule))
        return;
    if (is_to_be_asked)
        rule = NULL;
    if (rule)
        decision = policy_decision(rule);
    outcome_judge(worker, attempt, ending, rule, decision);
}

void outcome_ended(struct worker *worker, struct attempt *attempt, const struct ending *ending)
{
    if (attempt->part == PART_FAILURE) {
        failure_is_told(worker, attempt, ending);
        return;
    }
    struct err err = ERR_INIT;
    struct ending whole = with_consequences(worker, attempt, ending, &err);
    count(worker, attempt, &whole);
    apply_policy(worker, attempt, &whole);
}

void outcome_untouched(struct worker *worker, struct attempt *attempt)
{
    if (attempt->part == PART_FAILURE) {
        failure_is_untold(worker, attempt);
        return;
    }
    attempt->ended_us = worker_now(worker);
    attempt->outcome = (struct outcome){.lease = attempt_lease(attempt), .kind = OUTCOME_UNTOUCHED};
    if (attempt->wish == WISH_CANCELLED)
        attempt->outcome.kind = OUTCOME_CANCELLED;
    worker->taken--;
    outcome_enqueue(worker, attempt);
}

bool outcome_degrade(struct attempt *attempt, const struct err *err)
{
    struct outcome *outcome = &attempt->outcome;
    log_about(LOG_ERROR, "job", attempt->job->uuid, "its outcome cannot be stored: %s", err->text);
    if (outcome->push_count == 0)
        return false;
    if (outcome->kind != OUTCOME_FAIL) {
        outcome->kind = OUTCOME_FAIL;
        outcome->cause = "push";
        outcome->exception = attempt_set_exception(attempt, err->text);
    }
    outcome->pushes = NULL;
    outcome->push_count = 0;
    return true;
}
