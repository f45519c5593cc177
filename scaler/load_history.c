/* SPDX-License-Identifier: MIT */
#include "scaler/load_history.h"

#define SERVICE_MEMORY  600. /* seconds */
#define RULES_MEMORY    60.
#define FAILURES_MEMORY 5.
#define SHORTEST_SCALE  8.
#define MARGIN          2. /* standard deviations of chance */

#define FIGURE_MAX  1e9
#define SECONDS_MAX 3600.
#define SECONDS_MIN 1e-3
#define WORKERS_MAX 1000000
#define SLOTS_MAX   1000. /* a worker */

static double scale_of(int i)
{
    return SHORTEST_SCALE * (double)(1 << i);
}

static void add_figures(struct load_history *history, const struct load *load)
{
    for (int i = 0; i < HISTORY_SCALES; i++)
        rate_add(&history->arrivals[i], load->arrived, load->observed, load->observed, scale_of(i));
    rate_add(&history->incoming, load->arrived, load->observed, load->observed, RULES_MEMORY);
    rate_add(&history->waiting, load->ready * load->observed, load->observed, load->observed,
             RULES_MEMORY);
}

/* By time, not by attempts: those that fail are often quick, and would outvote those that do not.
 */
static void add_failures(struct load_history *history, const struct load *load)
{
    double part = load->completed > 0 ? load->failed / load->completed : 0;
    double seconds = load->completed > 0 ? load->seconds : 0;
    rate_add(&history->failures, part * seconds, seconds, load->seconds, FAILURES_MEMORY);
}

void load_history_add(struct load_history *history, const struct load *load)
{
    double seconds = load->seconds;
    double slots = (double)(load->workers - load->starting) * load->concurrency;
    rate_add(&history->service, load->busy_seconds, load->completed, seconds, SERVICE_MEMORY);
    rate_add(&history->processing, load->completed, seconds, seconds, RULES_MEMORY);
    rate_add(&history->utilisation, load->busy_seconds, slots * seconds, seconds, RULES_MEMORY);
    add_failures(history, load);
    if (!load->stale)
        add_figures(history, load);
    bool is_idle = !load->stale && load->ready <= 0 && load->busy <= 0;
    history->idle = is_idle ? history->idle + seconds : 0;
    history->since_change += seconds;
    trial_add(&history->trial, load, load_history_service_time(history));
}

void load_history_changed(struct load_history *history)
{
    history->since_change = 0;
    history->has_changed = true;
    history->surplus = (struct surplus){0};
}

double load_history_service_time(const struct load_history *history)
{
    return (history->service.sum + 1) / (history->service.of + 1);
}

/* What a rate over a scale is at most, but for chance. */
static double upper_bound(double rate, double scale)
{
    double seen = 2 * scale; /* seconds that a fading memory is worth */
    return rate + MARGIN * sqrt(rate / seen + 1 / (seen * seen));
}

double load_history_sustained_rate(const struct load_history *history)
{
    int longest = HISTORY_SCALES - 1;
    double least = rate_of(&history->arrivals[longest]);
    for (int i = 0; i < longest; i++) {
        double bound = upper_bound(rate_of(&history->arrivals[i]), scale_of(i));
        least = bound < least ? bound : least;
    }
    return least;
}

double load_history_mean_wait(const struct load_history *history, const struct load *load)
{
    double oldest = load->oldest > 0 ? load->oldest : 0;
    double rate = rate_of(&history->incoming), waiting = rate_of(&history->waiting);
    double wait = rate > 0 ? waiting / rate : oldest;
    return wait < oldest ? wait : oldest;
}

static double within(double value, double least, double most)
{
    return value >= least ? (value <= most ? value : most) : least; /* a NaN becomes the least */
}

static int64_t workers_within(int64_t workers, int64_t most)
{
    return workers < 0 ? 0 : workers > most ? most : workers;
}

struct load load_sane(const struct load *load)
{
    struct load sane = *load;
    sane.seconds = within(load->seconds, SECONDS_MIN, SECONDS_MAX);
    sane.ready = within(load->ready, 0, FIGURE_MAX);
    sane.reserved = within(load->reserved, 0, FIGURE_MAX);
    sane.delayed = within(load->delayed, 0, FIGURE_MAX);
    sane.oldest = within(load->oldest, -1, FIGURE_MAX);
    sane.due = within(load->due, 0, FIGURE_MAX);
    sane.arrived = within(load->arrived, 0, FIGURE_MAX);
    sane.observed = within(load->observed, 0, SECONDS_MAX);
    sane.completed = within(load->completed, 0, FIGURE_MAX);
    sane.failed = within(load->failed, 0, sane.completed);
    sane.workers = workers_within(load->workers, WORKERS_MAX);
    sane.starting = workers_within(load->starting, sane.workers);
    sane.concurrency = within(load->concurrency, 1, SLOTS_MAX);
    sane.busy_seconds = within(load->busy_seconds, 0, FIGURE_MAX);
    sane.busy = within(load->busy, 0, (double)sane.workers * sane.concurrency);
    sane.boot = within(load->boot, 0, SECONDS_MAX);
    return sane;
}
