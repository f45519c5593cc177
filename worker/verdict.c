/* SPDX-License-Identifier: MIT */
#include "worker/verdict.h"

#include <stddef.h>

static const char *const causes[ENDING_KIND_COUNT] = {
    [ENDING_RELEASED] = "released",   [ENDING_EXCEPTION] = "exception",
    [ENDING_EXIT] = "exit",           [ENDING_SIGNAL] = "signal",
    [ENDING_TIMEOUT] = "timeout",     [ENDING_MEMORY] = "memory",
    [ENDING_PROTOCOL] = "protocol",   [ENDING_ATTEMPTS] = "attempts",
    [ENDING_UNHANDLED] = "unhandled", [ENDING_PAYLOAD] = "payload",
};

const char *verdict_cause(enum ending_kind kind)
{
    return causes[kind];
}

static struct verdict settled(enum outcome_kind kind)
{
    return (struct verdict){.kind = kind};
}

static bool has_attempts_left(const struct verdict_view *view)
{
    return view->max_attempts == 0 || view->attempts < view->max_attempts;
}

static struct verdict retried(const struct ending *ending, const struct verdict_view *view,
                              const struct worker_options *options)
{
    struct verdict verdict = {.kind = OUTCOME_RELEASE, .cause = causes[ending->kind]};
    bool may_tell = ending->kind == ENDING_RELEASED || ending->kind == ENDING_EXCEPTION;
    bool is_told = may_tell && ending->delay_ms >= 0;
    if (is_told)
        verdict.delay_ms = ending->delay_ms;
    else if (view->decision.delay_ms >= 0)
        verdict.delay_ms = view->decision.delay_ms;
    else
        verdict.delay_ms = job_backoff_ms(options, view->attempts, view->random);
    return verdict;
}

static bool was_not_run(const struct ending *ending)
{
    return ending->kind == ENDING_ATTEMPTS || ending->kind == ENDING_UNHANDLED ||
           ending->kind == ENDING_PAYLOAD;
}

bool verdict_may_differ(const struct ending *ending)
{
    return causes[ending->kind] && !was_not_run(ending);
}

struct verdict verdict_of(const struct ending *ending, const struct verdict_view *view,
                          const struct worker_options *options)
{
    if (ending->kind == ENDING_DONE)
        return settled(OUTCOME_DONE);
    if (view->is_cancelled || ending->kind == ENDING_CANCELLED)
        return settled(OUTCOME_CANCELLED);
    if (ending->kind == ENDING_STOPPED)
        return settled(OUTCOME_UNTOUCHED);
    enum policy_action action = verdict_may_differ(ending) ? view->decision.action : POLICY_RETRY;
    if (action == POLICY_DISCARD)
        return (struct verdict){.kind = OUTCOME_CANCELLED, .cause = causes[ending->kind]};
    bool is_final = was_not_run(ending) || ending->never_again || action == POLICY_FAIL;
    if (!is_final && has_attempts_left(view))
        return retried(ending, view, options);
    return (struct verdict){.kind = OUTCOME_FAIL, .cause = causes[ending->kind]};
}

bool verdict_is_failure(const struct ending *ending)
{
    return causes[ending->kind] && ending->kind != ENDING_RELEASED;
}
