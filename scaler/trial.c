/* SPDX-License-Identifier: MIT */
#include "scaler/trial.h"

#include <math.h>

#define FIRST_PAUSE   15. /* seconds */
#define LONGEST_PAUSE 300.
#define LEAST_GAIN    0.2 /* of the throughput that more workers should bring */
#define CERTAINTY     3.  /* standard deviations of chance */
#define SETTLED       5.  /* seconds that a span must last to be compared with */
#define SATURATED     0.9 /* of the slots at work */
#define FEW_FAILURES  0.2 /* of the attempts: one that fails takes another time */

static double working(const struct load *load)
{
    return (double)(load->workers - load->starting);
}

static bool is_saturated(const struct load *load)
{
    double slots = working(load) * load->concurrency;
    return !load->stale && load->ready > 0 && slots > 0 && load->busy >= SATURATED * slots &&
           load->failed <= FEW_FAILURES * load->completed;
}

static void begin_span(struct trial *trial, double workers, double service)
{
    if (trial->now.seconds >= SETTLED && trial->before.seconds <= 0)
        trial->before = trial->now;
    trial->now = (struct span){.workers = workers};
    trial->settling = SETTLED + 2 * service;
}

static void block(struct trial *trial)
{
    trial->pause = trial->pause > 0 ? fmin(trial->pause * 2, LONGEST_PAUSE) : FIRST_PAUSE;
    trial->blocked = trial->pause;
}

/* Compares what came with what should have come; waits while the difference might be chance. */
static void judge(struct trial *trial)
{
    const struct span *before = &trial->before, *now = &trial->now;
    if (before->completed <= 0 || now->workers <= before->workers)
        return;
    double same = before->completed / before->seconds * now->seconds;
    double expected = same * (now->workers / before->workers - 1);
    double chance = sqrt(now->completed + same * same / before->completed);
    if (expected < CERTAINTY * chance)
        return;
    if (now->completed - same < LEAST_GAIN * expected)
        block(trial);
    else
        trial->pause = 0;
    trial->before = *now;
    trial->now = (struct span){.workers = now->workers};
}

void trial_add(struct trial *trial, const struct load *load, double service)
{
    trial->blocked = fmax(trial->blocked - load->seconds, 0);
    if (!is_saturated(load)) {
        *trial = (struct trial){.blocked = trial->blocked, .pause = trial->pause};
        return;
    }
    if (working(load) < trial->now.workers)
        trial->before = trial->now = (struct span){0};
    if (working(load) != trial->now.workers)
        begin_span(trial, working(load), service);
    trial->settling -= load->seconds;
    if (trial->settling > 0)
        return;
    trial->now.seconds += load->seconds;
    trial->now.completed += load->completed;
    judge(trial);
}
