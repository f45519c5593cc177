/* SPDX-License-Identifier: MIT */
#include "scaler/decide.h"

#include <stdio.h>
#include <string.h>

#include "scaler/latency.h"
#include "scaler/threshold.h"

#define FAILING_PART 0.5 /* of the attempts: more workers would fail faster */
#define FAILING_TIME 2.  /* seconds with attempts that tell */

static void command_decide(const struct circumstances *circumstances, const struct load *load,
                           struct decision *decision)
{
    if (circumstances->answer)
        decision_set(decision, circumstances->answered, TERM_COMMAND, "%s", circumstances->answer);
    else
        decision_set(decision, load->workers, TERM_ENOUGH, "The scaling command has not answered");
}

static void ask_policy(const struct policy *policy, struct load_history *history,
                       const struct load *load, const struct circumstances *circumstances,
                       struct decision *decision)
{
    switch (policy->kind) {
    case SCALING_THRESHOLD:
        threshold_decide(policy, history, load, decision);
        break;
    case SCALING_COMMAND:
        command_decide(circumstances, load, decision);
        break;
    default:
        latency_decide(policy, history, load, decision);
    }
}

/* --- What holds a change back --- */

static void stay(struct decision *decision, enum term term, const char *why)
{
    char wanted[REASON_SIZE];
    memcpy(wanted, decision->reason, sizeof wanted);
    decision_set(decision, decision->from, term, "%s; it was: %.120s", why, wanted);
}

static bool most_fail(const struct load_history *history)
{
    return history->failures.of >= FAILING_TIME && rate_of(&history->failures) > FAILING_PART;
}

static void guard_growth(const struct load_history *history,
                         const struct circumstances *circumstances, struct decision *decision)
{
    if (decision->to <= decision->from)
        return;
    if (circumstances->host_full)
        stay(decision, TERM_HOST, circumstances->host_full);
    else if (trial_blocks(&history->trial))
        stay(decision, TERM_BOTTLENECK,
             "More workers brought nothing: the bottleneck is elsewhere");
    else if (most_fail(history))
        stay(decision, TERM_FAILURES, "Most attempts fail: no worker is added");
}

static void cool_down(const struct policy *policy, const struct load_history *history,
                      struct decision *decision)
{
    double pause = decision->to > decision->from ? policy->up_cooldown : policy->down_cooldown;
    if (decision->to == decision->from || !history->has_changed || history->since_change >= pause)
        return;
    char why[80];
    snprintf(why, sizeof why, "Cooldown: %.0f of %.4g s have passed since the last change",
             history->since_change, pause);
    stay(decision, TERM_COOLDOWN, why);
}

static void bound(int64_t min, int64_t max, struct decision *decision)
{
    char wanted[REASON_SIZE];
    memcpy(wanted, decision->reason, sizeof wanted);
    if (decision->to > max)
        decision_set(decision, max, TERM_MAX, "%.150s; max_workers is %lld", wanted,
                     (long long)max);
    else if (decision->to < min)
        decision_set(decision, min, TERM_MIN, "%.150s; min_workers is %lld", wanted,
                     (long long)min);
}

/* A person's order passes over the policy, guards and cooldowns. */
static void obey(const struct circumstances *circumstances, struct decision *decision)
{
    decision_set(decision, circumstances->ordered, TERM_FORCED, "%s", circumstances->order);
}

void decide(const struct policy *policy, struct load_history *history, const struct load *given,
            const struct circumstances *circumstances, struct decision *decision)
{
    const struct load load = load_sane(given);
    *decision = (struct decision){.from = load.workers};
    load_history_add(history, &load);
    if (circumstances->order) {
        obey(circumstances, decision);
        if (circumstances->beyond_bounds)
            return;
    } else if (load.stale) {
        decision_set(decision, load.workers, TERM_STALE,
                     "The store's figures are not known: all stays as it is");
    } else {
        ask_policy(policy, history, &load, circumstances, decision);
        guard_growth(history, circumstances, decision);
        cool_down(policy, history, decision);
    }
    bound(policy->min, policy->max, decision);
}
