/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "common/mem.h"
#include "scaler/fleet.h"

#define TICK 1.

/* --- The tick --- */

static void count_workers(const struct simulation *sim, uint32_t number, struct load *load)
{
    load->workers = load->starting = 0;
    load->busy = 0;
    for (uint32_t i = 0; i < sim->worker_count; i++) {
        const struct sim_worker *worker = &sim->workers[i];
        if (worker->queue != number || worker->state == WORKER_GONE || worker->leaving)
            continue;
        load->workers++;
        load->starting += worker->state == WORKER_BOOTING;
        load->busy += worker->state == WORKER_WORKING;
    }
}

/* What the controller is told. While the store's figures are lost it has those of before. */
static void observe(struct simulation *sim, uint32_t number)
{
    struct sim_queue *queue = &sim->queues[number];
    struct load *seen = &sim->seen[number];
    bool stale = episodes_at(&sim->workload->blackouts, sim->now, 0) > 0;
    struct load before = *seen;
    fleet_advance(sim, queue);
    *seen = queue->load;
    seen->seconds = TICK;
    seen->stale = stale;
    seen->concurrency = 1;
    seen->boot = sim->settings->boot;
    seen->observed = stale ? 0 : sim->now - queue->observed_at;
    if (!stale)
        queue->observed_at = sim->now;
    seen->ready = stale ? before.ready : (double)queue->line.count;
    seen->reserved = stale ? before.reserved : (double)queue->busy;
    seen->oldest = stale ? before.oldest : line_age(&queue->line, sim->now, -1);
    if (stale)
        seen->arrived = 0;
    count_workers(sim, number, seen);
    queue->load = (struct load){.arrived = stale ? queue->load.arrived : 0};
}

static void take_sample(struct simulation *sim)
{
    struct sim_result *result = sim->result;
    const struct sim_queue *queue = &sim->queues[0];
    if (!result->samples)
        return;
    result->samples[result->sample_count++] = (struct sim_sample){
        .oldest = (float)line_age(&queue->line, sim->now, 0),
        .ready = (float)queue->line.count,
        .workers = (int32_t)(queue->workers + queue->leaving),
    };
}

static void steer(struct simulation *sim, uint32_t number, int64_t target)
{
    struct sim_queue *queue = &sim->queues[number];
    int direction = (target > queue->workers) - (target < queue->workers);
    if (direction && queue->last_direction && direction != queue->last_direction)
        sim->result->reversals++;
    if (direction)
        queue->last_direction = direction;
    while (queue->workers < target && sim->worker_count < WORKERS_MAX)
        fleet_spawn(sim, number);
    while (queue->workers > target)
        fleet_let_go(sim, number);
    fleet_match(sim, number);
}

static void tick(struct simulation *sim)
{
    size_t count = sim->workload->queue_count;
    int64_t targets[WORKLOAD_QUEUES_MAX];
    fleet_kill_overdue(sim);
    for (uint32_t i = 0; i < count; i++) {
        observe(sim, i);
        targets[i] = sim->queues[i].workers;
    }
    const struct sim_view view = {
        .now = sim->now,
        .queue_count = count,
        .loads = sim->seen,
        .settings = sim->settings,
        .total_max = sim->workload->total_max,
    };
    sim->controller->decide(sim->memory, &view, targets);
    for (uint32_t i = 0; i < count; i++)
        steer(sim, i, targets[i]);
    take_sample(sim);
}

/* --- The course of events --- */

static void become_due(struct simulation *sim, uint32_t job)
{
    uint32_t number = sim->workload->arrivals[job].queue;
    sim->queues[number].load.arrived++;
    line_add(&sim->queues[number].line, (struct waiting){job, sim->now});
    fleet_match(sim, number);
}

/* The next thing that happens, and its queue where it has one. */
enum event { EVENT_ARRIVAL, EVENT_RETRY, EVENT_BOOT, EVENT_END, EVENT_TICK };

struct next {
    enum event event;
    uint32_t queue;
    double at;
};

static void consider(struct next *next, enum event event, uint32_t queue, double at)
{
    if (at < next->at)
        *next = (struct next){event, queue, at};
}

static struct next find_next(const struct simulation *sim, double next_tick)
{
    const struct workload *workload = sim->workload;
    struct next next = {EVENT_TICK, 0, next_tick};
    if (sim->next_arrival < workload->arrival_count)
        consider(&next, EVENT_ARRIVAL, 0, workload->arrivals[sim->next_arrival].at);
    consider(&next, EVENT_RETRY, 0, heap_next(&sim->retries));
    consider(&next, EVENT_BOOT, 0, heap_next(&sim->boots));
    for (uint32_t i = 0; i < workload->queue_count; i++)
        consider(&next, EVENT_END, i, fleet_next_end(sim, &sim->queues[i]));
    return next;
}

static void happen(struct simulation *sim, const struct next *next)
{
    sim->now = next->at;
    switch (next->event) {
    case EVENT_ARRIVAL:
        become_due(sim, (uint32_t)sim->next_arrival++);
        break;
    case EVENT_RETRY:
        become_due(sim, heap_pop(&sim->retries).what);
        break;
    case EVENT_BOOT:
        fleet_end_boot(sim);
        break;
    case EVENT_END:
        fleet_end_job(sim, next->queue);
        break;
    case EVENT_TICK:
        tick(sim);
        break;
    }
}

static void run(struct simulation *sim)
{
    double next_tick = TICK;
    for (;;) {
        struct next next = find_next(sim, next_tick);
        if (next.at > sim->workload->length)
            return;
        happen(sim, &next);
        if (next.event == EVENT_TICK)
            next_tick += TICK;
    }
}

/* What is unfinished at the end counts until then. */
static void settle(struct simulation *sim)
{
    sim->now = sim->workload->length;
    fleet_settle(sim);
    for (size_t i = 0; i < sim->workload->arrival_count; i++)
        sim->result->busy_seconds += sim->workload->arrivals[i].work;
}

static void finish(struct simulation *sim)
{
    for (uint32_t i = 0; i < sim->workload->queue_count; i++) {
        line_finish(&sim->queues[i].line);
        heap_finish(&sim->queues[i].ends);
    }
    heap_finish(&sim->retries);
    heap_finish(&sim->boots);
    free(sim->attempts);
    free(sim->memory);
    free(sim);
}

void simulate(const struct workload *workload, const struct sim_settings *settings,
              const struct sim_controller *controller, bool with_samples, struct sim_result *result)
{
    *result = (struct sim_result){0};
    if (with_samples)
        result->samples = mem_new((size_t)workload->length + 1, sizeof *result->samples);
    struct simulation *sim = mem_new(1, sizeof *sim);
    sim->workload = workload;
    sim->settings = settings;
    sim->controller = controller;
    sim->result = result;
    sim->random = random_from(workload->arrival_count);
    sim->attempts = mem_new(workload->arrival_count + 1, 1);
    sim->memory = mem_new(controller->memory + 1, 1);
    for (uint32_t i = 0; i < workload->queue_count; i++)
        while (sim->queues[i].workers < settings->min)
            fleet_spawn(sim, i);
    run(sim);
    settle(sim);
    finish(sim);
}

void sim_result_finish(struct sim_result *result)
{
    free(result->samples);
    *result = (struct sim_result){0};
}

void sim_result_add(struct sim_result *sum, const struct sim_result *other)
{
    sum->jobs += other->jobs;
    sum->late += other->late;
    sum->over += other->over;
    sum->worker_seconds += other->worker_seconds;
    sum->busy_seconds += other->busy_seconds;
    sum->spawns += other->spawns;
    sum->reversals += other->reversals;
    sum->interrupted += other->interrupted;
    histogram_merge(&sum->waits, &other->waits);
}
