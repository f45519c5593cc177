/* SPDX-License-Identifier: MIT */
#include "scaler/explain.h"

#include <math.h>

#define READY_MAX    1e6
#define RATE_MAX     1e6
#define LOOK_AHEAD   600. /* seconds */
#define STEP         1.   /* second */
#define SEARCH_STEPS 40
#define NEVER        (-1.)

/* Everything that a decision depends on. */
struct case_of {
    const struct policy *policy;
    const struct load_history *history;
    const struct load *load;
    const struct circumstances *circumstances;
};

static int64_t target_with(const struct case_of *given, struct load_history history,
                           const struct load *load)
{
    struct decision decision;
    decide(given->policy, &history, load, given->circumstances, &decision);
    return decision.to;
}

static bool grows_with_ready(const struct case_of *given, double ready)
{
    struct load load = *given->load;
    load.ready = ready;
    return target_with(given, *given->history, &load) > load.workers;
}

static void set_rate(struct rate *rate, double value)
{
    rate->of = rate->of > 0 ? rate->of : 1;
    rate->sum = value * rate->of;
}

static bool grows_with_rate(const struct case_of *given, double value)
{
    struct load_history history = *given->history;
    struct load load = *given->load;
    for (int i = 0; i < HISTORY_SCALES; i++)
        set_rate(&history.arrivals[i], value);
    set_rate(&history.incoming, value);
    load.arrived = value * load.observed;
    return target_with(given, history, &load) > load.workers;
}

/* The lowest value from which on it grows, from least up. */
static double search(const struct case_of *given, double least, double most,
                     bool (*grows)(const struct case_of *given, double value))
{
    if (!grows(given, most))
        return NEVER;
    for (int i = 0; i < SEARCH_STEPS && most - least > 1e-3 * most; i++) {
        double middle = (least + most) / 2;
        if (grows(given, middle))
            most = middle;
        else
            least = middle;
    }
    return most;
}

/* The same load over at least a second, so that looking ahead takes few steps. */
static struct load stretched(const struct load *load)
{
    struct load longer = *load;
    double times = load->seconds < STEP ? STEP / load->seconds : 1;
    longer.seconds *= times;
    longer.observed *= times;
    longer.arrived *= times;
    longer.completed *= times;
    longer.failed *= times;
    longer.busy_seconds *= times;
    return longer;
}

static double seconds_until_fewer(const struct case_of *given)
{
    struct load_history history = *given->history;
    const struct load load = stretched(given->load);
    for (double passed = 0; passed < LOOK_AHEAD; passed += load.seconds) {
        struct decision decision;
        decide(given->policy, &history, &load, given->circumstances, &decision);
        if (decision.to < load.workers)
            return passed;
    }
    return NEVER;
}

const char *explain_cure(enum term term)
{
    switch (term) {
    case TERM_MIN:
        return "min_workers binds: a smaller one lets workers go";
    case TERM_MAX:
        return "max_workers binds: a larger one lets workers be added";
    case TERM_BUDGET:
        return "max_total_workers binds: a larger one, or a larger weight of this queue";
    case TERM_COOLDOWN:
        return "the cooldown binds: it ends by itself; queue:scale passes over it";
    case TERM_STALE:
        return "the maintenance process tells no figures: see queue:health for the store";
    case TERM_HOST:
        return "the host binds: see max_memory, max_load, max_pressure of [auto_scaling]";
    case TERM_BOTTLENECK:
        return "what the jobs wait for binds (a database, an API); it is tried again by itself";
    case TERM_FAILURES:
        return "most attempts fail: see queue:failed";
    case TERM_OFF:
        return "scaling is switched off: queue:autoscale on lets the policies decide again";
    case TERM_PAUSED:
        return "the queue is paused: queue:resume lets it go on";
    case TERM_FIXED:
        return "the number is fixed: see enabled of [auto_scaling], and auto_scale and workers of "
               "the queue";
    case TERM_FORCED:
        return "an order binds: queue:autoscale on QUEUE ends it";
    default:
        return "";
    }
}

void explain(const struct policy *policy, const struct load_history *history,
             const struct load *load, const struct circumstances *circumstances,
             struct explanation *explanation)
{
    const struct load sane = load_sane(load);
    const struct case_of given = {policy, history, &sane, circumstances};
    struct load_history copy = *history;
    *explanation = (struct explanation){.more_ready = NEVER, .more_rate = NEVER, .fewer_in = NEVER};
    decide(policy, &copy, &sane, circumstances, &explanation->decision);
    explanation->cure = explain_cure(explanation->decision.term);
    if (explanation->decision.to != sane.workers)
        return;
    double ready = search(&given, sane.ready, READY_MAX, grows_with_ready);
    explanation->more_ready = ready < 0 ? NEVER : ceil(ready);
    explanation->more_rate = search(&given, 0, RATE_MAX, grows_with_rate);
    explanation->fewer_in = seconds_until_fewer(&given);
}
