/* SPDX-License-Identifier: MIT */

/* Who decides in a simulation: the production policies, and what others do by their textbooks. */
#include "scaler/simulate.h"

#include <math.h>

#include "scaler/budget.h"
#include "scaler/decide.h"

static int64_t lower(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t higher(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* --- The production policies --- */

struct production {
    struct load_history histories[WORKLOAD_QUEUES_MAX];
};

static void divide(const struct sim_view *view, const struct production *memory, int64_t *targets)
{
    struct claim claims[WORKLOAD_QUEUES_MAX];
    for (size_t i = 0; i < view->queue_count; i++) {
        double jobs = view->loads[i].ready + view->loads[i].busy;
        claims[i] = (struct claim){
            .min = view->settings->min,
            .wanted = targets[i],
            .work = jobs * load_history_service_time(&memory->histories[i]),
            .promise = view->settings->promise,
            .weight = 1,
        };
    }
    budget_divide(claims, view->queue_count, view->total_max);
    for (size_t i = 0; i < view->queue_count; i++)
        targets[i] = claims[i].given;
}

static void run_production(void *state, const struct sim_view *view, const struct policy *policy,
                           int64_t *targets)
{
    struct production *memory = state;
    const struct circumstances nothing = {0};
    for (size_t i = 0; i < view->queue_count; i++) {
        struct decision decision;
        decide(policy, &memory->histories[i], &view->loads[i], &nothing, &decision);
        targets[i] = decision.to;
    }
    if (view->total_max > 0)
        divide(view, memory, targets);
    for (size_t i = 0; i < view->queue_count; i++)
        if (targets[i] != view->loads[i].workers)
            load_history_changed(&memory->histories[i]);
}

static void decide_latency(void *state, const struct sim_view *view, int64_t *targets)
{
    const struct policy policy = {
        .kind = SCALING_LATENCY,
        .min = view->settings->min,
        .max = view->settings->max,
        .promise = view->settings->promise,
        .weight = 1,
    };
    run_production(state, view, &policy, targets);
}

/* With the guide's defaults. */
static void decide_threshold(void *state, const struct sim_view *view, int64_t *targets)
{
    const struct policy policy = {
        .kind = SCALING_THRESHOLD,
        .min = view->settings->min,
        .max = view->settings->max,
        .promise = view->settings->promise,
        .up_threshold = 100,
        .down_threshold = 10,
        .up_step = 2,
        .down_step = 1,
        .up_cooldown = 300,
        .down_cooldown = 300,
        .weight = 1,
    };
    run_production(state, view, &policy, targets);
}

/* --- Laravel Horizon, balance = auto: every three seconds one worker (balanceMaxShift) towards the
 * queue's part of maxProcesses, by the time that it takes to clear the queues. --- */

#define HORIZON_COOLDOWN 3.
#define HORIZON_MEMORY   600.

struct horizon {
    struct rate runtimes[WORKLOAD_QUEUES_MAX];
    double next;
};

static void horizon_shift(const struct sim_view *view, size_t queue, double part, int64_t most,
                          int64_t *all, int64_t *targets)
{
    int64_t have = view->loads[queue].workers, min = view->settings->min;
    int64_t wanted = lower((int64_t)ceil(part), view->settings->max);
    if (wanted > have && *all < most)
        targets[queue] = have + 1;
    else if (wanted < have && have > min)
        targets[queue] = have - 1;
    *all += targets[queue] - have;
}

static void decide_horizon(void *state, const struct sim_view *view, int64_t *targets)
{
    struct horizon *memory = state;
    int64_t most = view->total_max > 0 ? view->total_max : view->settings->max, all = 0;
    double clearing[WORKLOAD_QUEUES_MAX], sum = 0;
    for (size_t i = 0; i < view->queue_count; i++) {
        const struct load *load = &view->loads[i];
        rate_add(&memory->runtimes[i], load->busy_seconds, load->completed, load->seconds,
                 HORIZON_MEMORY);
        clearing[i] = load->ready * rate_of(&memory->runtimes[i]);
        sum += clearing[i];
        all += load->workers;
    }
    if (view->now < memory->next)
        return;
    memory->next = view->now + HORIZON_COOLDOWN;
    for (size_t i = 0; i < view->queue_count; i++) {
        double whole = (double)most;
        double part = sum > 0                    ? clearing[i] / sum * whole
                      : view->loads[i].ready > 0 ? whole
                                                 : (double)view->settings->min;
        horizon_shift(view, i, part, most, &all, targets);
    }
}

/* --- Celery's --autoscale: as many processes as jobs that it holds, fewer at the earliest 30 s
 * after the last growth. --- */

#define CELERY_KEEPALIVE 30.

struct celery {
    double grown[WORKLOAD_QUEUES_MAX];
};

static int64_t share_of(const struct sim_view *view)
{
    int64_t share = view->total_max / (int64_t)view->queue_count;
    return share > 0 ? lower(share, view->settings->max) : view->settings->max;
}

static void decide_celery(void *state, const struct sim_view *view, int64_t *targets)
{
    struct celery *memory = state;
    for (size_t i = 0; i < view->queue_count; i++) {
        const struct load *load = &view->loads[i];
        int64_t jobs = (int64_t)(load->ready + load->reserved);
        int64_t up = lower(jobs, share_of(view)), down = higher(jobs, view->settings->min);
        bool may_shrink = view->now - memory->grown[i] > CELERY_KEEPALIVE;
        if (up > load->workers) {
            targets[i] = up;
            memory->grown[i] = view->now;
        } else if (down < load->workers && may_shrink) {
            targets[i] = down;
        }
    }
}

/* --- A Kubernetes HPA with an external metric, the length of the queue, at KEDA's default of five
 * jobs a pod: every 15 s, a tenth of tolerance, at most twice the pods or four more at once, down
 * to the highest recommendation of five minutes. --- */

#define HPA_PERIOD    15.
#define HPA_TARGET    5.
#define HPA_TOLERANCE 0.1
#define HPA_WINDOW    20 /* periods: 300 s */
#define HPA_PODS      4

struct hpa {
    double next;
    size_t count;
    int64_t recommended[WORKLOAD_QUEUES_MAX][HPA_WINDOW];
};

static int64_t hpa_recommend(const struct sim_view *view, const struct load *load)
{
    double ratio = load->workers > 0 ? load->ready / HPA_TARGET / (double)load->workers : 2;
    if (fabs(ratio - 1) <= HPA_TOLERANCE)
        return load->workers;
    int64_t wanted = (int64_t)ceil(load->ready / HPA_TARGET);
    return higher(lower(wanted, share_of(view)), view->settings->min);
}

static void decide_hpa(void *state, const struct sim_view *view, int64_t *targets)
{
    struct hpa *memory = state;
    if (view->now < memory->next)
        return;
    memory->next = view->now + HPA_PERIOD;
    size_t slot = memory->count++ % HPA_WINDOW;
    for (size_t i = 0; i < view->queue_count; i++) {
        int64_t have = view->loads[i].workers, highest = 0;
        int64_t wanted = memory->recommended[i][slot] = hpa_recommend(view, &view->loads[i]);
        for (size_t k = 0; k < HPA_WINDOW; k++)
            highest = higher(highest, memory->recommended[i][k]);
        if (wanted > have)
            targets[i] = lower(wanted, higher(have * 2, have + HPA_PODS));
        else if (highest < have)
            targets[i] = highest;
    }
}

const struct sim_controller sim_controllers[] = {
    {"latency", sizeof(struct production), false, 0, decide_latency},
    {"threshold", sizeof(struct production), false, 0, decide_threshold},
    {"horizon", sizeof(struct horizon), true, 0, decide_horizon},
    {"horizon-timeout", sizeof(struct horizon), true, 60, decide_horizon},
    {"celery", sizeof(struct celery), false, 0, decide_celery},
    {"hpa", sizeof(struct hpa), true, 0, decide_hpa},
    {0},
};
