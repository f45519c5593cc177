/* SPDX-License-Identifier: MIT */
#include "scaler/workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/nearest.h"
#include "scaler/random.h"

/* A workload that is being made. */
struct maker {
    struct workload *workload;
    struct random random;
    enum workload_set set;
    size_t capacity; /* of arrivals */
};

/* How long jobs take. */
enum service { SERVICE_FIXED, SERVICE_EXPONENTIAL, SERVICE_PARETO };

struct service_kind {
    enum service kind;
    double mean;         /* seconds */
    double shape, limit; /* of SERVICE_PARETO */
};

static double draw_service(struct maker *maker, const struct service_kind *service)
{
    switch (service->kind) {
    case SERVICE_EXPONENTIAL:
        return random_exponential(&maker->random, service->mean);
    case SERVICE_PARETO:
        return random_pareto(&maker->random, service->mean, service->shape, service->limit);
    default:
        return service->mean;
    }
}

static void add_arrival(struct maker *maker, double at, double work, uint32_t queue)
{
    struct workload *workload = maker->workload;
    if (workload->arrival_count >= WORKLOAD_ARRIVALS_MAX || at >= workload->length)
        return;
    if (workload->arrival_count == maker->capacity) {
        maker->capacity = maker->capacity ? maker->capacity * 2 : 1024;
        workload->arrivals =
            mem_resize(workload->arrivals, maker->capacity, sizeof *workload->arrivals);
    }
    workload->arrivals[workload->arrival_count++] = (struct arrival){at, work, queue};
}

static void add_episode(struct episodes *episodes, double from, double to, double value)
{
    episodes->items = mem_resize(episodes->items, episodes->count + 1, sizeof *episodes->items);
    episodes->items[episodes->count++] = (struct episode){from, to, value};
}

/* A parameter: drawn from one range for training, from another for validation. */
static double parameter(struct maker *maker, double low, double high, double other_low,
                        double other_high)
{
    return maker->set == WORKLOAD_TRAINING ? random_between(&maker->random, low, high)
                                           : random_between(&maker->random, other_low, other_high);
}

/* --- Parts that the generators are put together from --- */

/* Independent arrivals at a rate a second. */
static void add_poisson(struct maker *maker, double from, double to, double rate,
                        const struct service_kind *service, uint32_t queue)
{
    for (double at = from + random_exponential(&maker->random, 1 / rate); at < to;
         at += random_exponential(&maker->random, 1 / rate))
        add_arrival(maker, at, draw_service(maker, service), queue);
}

/* The same with a rate that swings between two values. */
static void add_swinging(struct maker *maker, double low, double high, double period,
                         const struct service_kind *service, uint32_t queue)
{
    double phase = random_between(&maker->random, 0, 2 * M_PI);
    for (double at = 0; at < maker->workload->length;
         at += random_exponential(&maker->random, 1 / high)) {
        double rate = low + (high - low) * (1 - cos(2 * M_PI * at / period + phase)) / 2;
        if (random_unit(&maker->random) < rate / high)
            add_arrival(maker, at, draw_service(maker, service), queue);
    }
}

static void add_dump(struct maker *maker, double at, double spread, double count,
                     const struct service_kind *service)
{
    for (double i = 0; i < count; i++)
        add_arrival(maker, at + random_between(&maker->random, 0, spread),
                    draw_service(maker, service), 0);
}

/* Calls part for spans of on_low to on_high seconds, with pauses of off_low to off_high. */
struct spans {
    double on_low, on_high, off_low, off_high;
};

static void each_span(struct maker *maker, const struct spans *spans,
                      void (*part)(struct maker *maker, double from, double to,
                                   const void *context),
                      const void *context)
{
    double at = random_between(&maker->random, 0, spans->off_high);
    while (at < maker->workload->length) {
        double end = at + random_between(&maker->random, spans->on_low, spans->on_high);
        part(maker, at, end, context);
        at = end + random_between(&maker->random, spans->off_low, spans->off_high);
    }
}

static void blackout(struct maker *maker, double from, double to, const void *context)
{
    (void)context;
    add_episode(&maker->workload->blackouts, from, to, 1);
}

static void outage(struct maker *maker, double from, double to, const void *context)
{
    add_episode(&maker->workload->outages, from, to, *(const double *)context);
}

static void slowness(struct maker *maker, double from, double to, const void *context)
{
    add_episode(&maker->workload->downstream, from, to, *(const double *)context);
}

/* --- The generators. Loads are in workers: rate x service time. --- */

static void make_steady(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.5, 1.5, 0.2, 3), 0, 0};
    double load = parameter(maker, 3, 12, 2, 15);
    add_poisson(maker, 0, maker->workload->length, load / service.mean, &service, 0);
}

static void make_diurnal(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.5, 1.5, 0.3, 2), 0, 0};
    double low = parameter(maker, 0.3, 1, 0.2, 2), high = parameter(maker, 10, 15, 8, 17);
    double period = parameter(maker, 3000, 4200, 1800, 5400);
    add_swinging(maker, low / service.mean, high / service.mean, period, &service, 0);
}

struct burst {
    const struct service_kind *service;
    double load; /* that arrives while it lasts, in workers */
};

static void add_burst(struct maker *maker, double from, double to, const void *context)
{
    const struct burst *burst = context;
    add_poisson(maker, from, to, burst->load / burst->service->mean, burst->service, 0);
}

static void make_bursts(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.4, 1, 0.3, 1.5), 0, 0};
    struct burst burst = {&service, parameter(maker, 12, 25, 10, 20)};
    double base = parameter(maker, 1, 3, 0.5, 4);
    add_poisson(maker, 0, maker->workload->length, base / service.mean, &service, 0);
    each_span(maker,
              maker->set == WORKLOAD_TRAINING ? &(struct spans){10, 30, 120, 480}
                                              : &(struct spans){5, 45, 60, 600},
              add_burst, &burst);
}

static void make_on_off(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.5, 1.5, 0.3, 2), 0, 0};
    struct burst on = {&service, parameter(maker, 5, 12, 3, 15)};
    each_span(maker,
              maker->set == WORKLOAD_TRAINING ? &(struct spans){60, 400, 60, 400}
                                              : &(struct spans){30, 600, 30, 900},
              add_burst, &on);
}

static void make_bulk(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.3, 0.6, 0.2, 0.7), 0, 0};
    double base = parameter(maker, 0.5, 2, 0.5, 3);
    add_poisson(maker, 0, maker->workload->length, base / service.mean, &service, 0);
    double pause = parameter(maker, 900, 1500, 600, 2000);
    for (double at = pause / 2; at < maker->workload->length;
         at += random_between(&maker->random, pause * 0.7, pause * 1.3))
        add_dump(maker, at, 1, parameter(maker, 80, 170, 50, 180) / service.mean, &service);
}

static void make_heavy_tail(struct maker *maker)
{
    struct service_kind service = {SERVICE_PARETO, parameter(maker, 1, 2, 0.8, 3),
                                   parameter(maker, 1.3, 1.6, 1.4, 1.9), 600};
    double load = parameter(maker, 3, 8, 2, 9);
    add_poisson(maker, 0, maker->workload->length, load / service.mean, &service, 0);
}

static void make_long_jobs(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 60, 180, 40, 300), 0, 0};
    double load = parameter(maker, 3, 8, 2, 9);
    add_poisson(maker, 0, maker->workload->length, load / service.mean, &service, 0);
}

static void make_slow_downstream(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.4, 1, 0.3, 1.5), 0, 0};
    double load = parameter(maker, 5, 9, 4, 11);
    double capacity = load * parameter(maker, 0.85, 1.1, 0.8, 1.2);
    add_poisson(maker, 0, maker->workload->length, load / service.mean, &service, 0);
    each_span(maker, &(struct spans){120, 600, 600, 1500}, slowness, &capacity);
}

static void make_retry_storm(struct maker *maker)
{
    struct service_kind service = {SERVICE_EXPONENTIAL, parameter(maker, 0.5, 1.2, 0.4, 1.5), 0, 0};
    double load = parameter(maker, 3, 7, 2, 8), probability = parameter(maker, 0.7, 1, 0.5, 1);
    add_poisson(maker, 0, maker->workload->length, load / service.mean, &service, 0);
    each_span(maker, &(struct spans){60, 300, 900, 1500}, outage, &probability);
}

static void make_budget(struct maker *maker)
{
    struct service_kind quick = {SERVICE_EXPONENTIAL, parameter(maker, 0.3, 0.7, 0.2, 0.8), 0, 0};
    struct service_kind slow = {SERVICE_EXPONENTIAL, parameter(maker, 2, 5, 1, 8), 0, 0};
    struct burst burst = {&quick, parameter(maker, 8, 12, 6, 13)};
    double length = maker->workload->length;
    maker->workload->queue_count = 3;
    maker->workload->total_max = 24;
    add_swinging(maker, 1 / quick.mean, parameter(maker, 5, 7, 4, 8) / quick.mean, 2400, &quick, 1);
    add_poisson(maker, 0, length, parameter(maker, 2, 4, 1, 5) / slow.mean, &slow, 2);
    add_poisson(maker, 0, length, 0.5 / quick.mean, &quick, 0);
    each_span(maker, &(struct spans){30, 120, 200, 600}, add_burst, &burst);
}

static void make_metric_loss(struct maker *maker)
{
    make_diurnal(maker);
    each_span(maker,
              maker->set == WORKLOAD_TRAINING ? &(struct spans){20, 90, 200, 600}
                                              : &(struct spans){10, 180, 150, 900},
              blackout, NULL);
}

const char *const workload_generators[] = {
    "steady",    "diurnal",         "bursts",      "on_off", "bulk",        "heavy_tail",
    "long_jobs", "slow_downstream", "retry_storm", "budget", "metric_loss", NULL,
};

static void (*const makers[])(struct maker *maker) = {
    make_steady,      make_diurnal,    make_bursts,      make_on_off,
    make_bulk,        make_heavy_tail, make_long_jobs,   make_slow_downstream,
    make_retry_storm, make_budget,     make_metric_loss,
};

/* --- Making one --- */

static int compare_arrivals(const void *left, const void *right)
{
    const struct arrival *one = left, *other = right;
    return (one->at > other->at) - (one->at < other->at);
}

void workload_sort(struct workload *workload)
{
    if (workload->arrival_count > 0)
        qsort(workload->arrivals, workload->arrival_count, sizeof *workload->arrivals,
              compare_arrivals);
}

static int find_generator(const char *name, struct err *err)
{
    struct nearest nearest = nearest_to(name);
    for (int i = 0; workload_generators[i]; i++) {
        if (strcmp(workload_generators[i], name) == 0)
            return i;
        nearest_consider(&nearest, workload_generators[i]);
    }
    return err_set(err, ERR_NOT_FOUND, "there is no generator \"%.40s\"%s%s", name,
                   nearest.best ? "; did you mean " : "", nearest.best ? nearest.best : "");
}

struct workload *workload_generate(const char *generator, enum workload_set set, uint64_t seed,
                                   double length, struct err *err)
{
    int found = find_generator(generator, err);
    if (found < 0)
        return NULL;
    if (!(length > 0 && length <= WORKLOAD_LENGTH_MAX)) {
        err_set(err, ERR_INVALID, "the length of a workload is more than 0 and at most 31 days");
        return NULL;
    }
    struct workload *workload = mem_new(1, sizeof *workload);
    snprintf(workload->name, sizeof workload->name, "%s", generator);
    workload->length = length;
    workload->queue_count = 1;
    struct maker maker = {
        .workload = workload,
        .random = random_from(seed * 64 + (uint64_t)found * 2 + (uint64_t)set),
        .set = set,
    };
    makers[found](&maker);
    workload_sort(workload);
    return workload;
}

void workload_destroy(struct workload *workload)
{
    if (!workload)
        return;
    free(workload->arrivals);
    free(workload->downstream.items);
    free(workload->outages.items);
    free(workload->blackouts.items);
    free(workload);
}

double episodes_at(const struct episodes *episodes, double at, double fallback)
{
    for (size_t i = 0; i < episodes->count; i++)
        if (at >= episodes->items[i].from && at < episodes->items[i].to)
            return episodes->items[i].value;
    return fallback;
}
