/* SPDX-License-Identifier: MIT */
#include "scaler/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "scaler/heap.h"
#include "scaler/random.h"

#define TICK         1.
#define WORKERS_MAX  4096
#define RETRY_BASE   10. /* seconds; doubles with each attempt */
#define RETRY_MAX    300.
#define ATTEMPTS_MAX 5
#define FAILURE_WORK 0.1 /* of its work, until an attempt fails */
#define NOBODY       UINT32_MAX

enum worker_state { WORKER_GONE, WORKER_BOOTING, WORKER_RESTING, WORKER_WORKING };

struct sim_worker {
    enum worker_state state;
    bool leaving; /* let go: ends with its job */
    uint32_t queue;
    uint32_t job;
    double spawned_at; /* and of equal ones, the lower number is the older */
    double let_go_at;
};

/* A job that waits, and since when. */
struct waiting {
    uint32_t job;
    double due;
};

struct sim_queue {
    struct waiting *line; /* ring */
    size_t first, count, capacity;
    struct heap ends;   /* of jobs that run, by the virtual time at which they are done */
    double virtual_now; /* passes as fast as each job is worked on */
    double advanced_at; /* the time that virtual_now belongs to */
    double last_taken;
    double observed_at;
    int64_t workers; /* that stay */
    int64_t leaving;
    int64_t busy; /* with those that leave */
    int last_direction;
    struct load load; /* of the tick that runs */
};

struct simulation {
    const struct workload *workload;
    const struct sim_settings *settings;
    const struct sim_controller *controller;
    struct sim_result *result;
    struct random random;
    double now;
    size_t next_arrival;
    uint8_t *attempts; /* of each job */
    struct heap retries;
    struct heap boots;
    struct sim_worker workers[WORKERS_MAX];
    uint32_t worker_count; /* of the slots in workers that were ever used */
    struct sim_queue queues[WORKLOAD_QUEUES_MAX];
    struct load seen[WORKLOAD_QUEUES_MAX];
    void *memory;
};

/* --- The line of a queue --- */

static void line_add(struct sim_queue *queue, uint32_t job, double due)
{
    if (queue->count == queue->capacity) {
        size_t capacity = queue->capacity ? queue->capacity * 2 : 256;
        struct waiting *line = mem_new(capacity, sizeof *line);
        for (size_t i = 0; i < queue->count; i++)
            line[i] = queue->line[(queue->first + i) % queue->capacity];
        free(queue->line);
        queue->line = line;
        queue->first = 0;
        queue->capacity = capacity;
    }
    queue->line[(queue->first + queue->count++) % queue->capacity] = (struct waiting){job, due};
}

/* Adds the time for which the head of the line was over the promise, since the last head left. */
static void account_over(struct simulation *sim, struct sim_queue *queue)
{
    double begin = queue->line[queue->first].due + sim->settings->promise;
    if (begin < queue->last_taken)
        begin = queue->last_taken;
    if (sim->now > begin)
        sim->result->over += sim->now - begin;
    queue->last_taken = sim->now;
}

static struct waiting line_take(struct simulation *sim, struct sim_queue *queue)
{
    account_over(sim, queue);
    struct waiting head = queue->line[queue->first];
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return head;
}

/* --- Work --- */

static double capacity_of(const struct simulation *sim)
{
    return episodes_at(&sim->workload->downstream, sim->now, INFINITY);
}

static double speed_of(const struct simulation *sim, const struct sim_queue *queue)
{
    double capacity = capacity_of(sim);
    return (double)queue->busy > capacity ? capacity / (double)queue->busy : 1;
}

/* Brings the virtual time of a queue to now; before anything that changes its speed. */
static void advance(struct simulation *sim, struct sim_queue *queue)
{
    double passed = sim->now - queue->advanced_at;
    queue->virtual_now += passed * speed_of(sim, queue);
    queue->load.busy_seconds += passed * (double)queue->busy;
    queue->advanced_at = sim->now;
}

static double next_end(const struct simulation *sim, const struct sim_queue *queue)
{
    double left = heap_next(&queue->ends) - queue->virtual_now;
    return queue->advanced_at + (left > 0 ? left : 0) / speed_of(sim, queue);
}

static bool attempt_fails(struct simulation *sim)
{
    double probability = episodes_at(&sim->workload->outages, sim->now, 0);
    return probability > 0 && random_unit(&sim->random) < probability;
}

/* Failing attempts are told from others by the top bit of the worker's number in the heap. */
#define FAILS 0x80000000u

static void begin_job(struct simulation *sim, uint32_t number, struct waiting waiting)
{
    struct sim_worker *worker = &sim->workers[number];
    struct sim_queue *queue = &sim->queues[worker->queue];
    struct sim_result *result = sim->result;
    double wait = sim->now - waiting.due, work = sim->workload->arrivals[waiting.job].work;
    bool fails = attempt_fails(sim);
    histogram_add(&result->waits, (int64_t)(wait * 1e6));
    result->jobs++;
    result->late += wait > sim->settings->promise;
    advance(sim, queue);
    worker->state = WORKER_WORKING;
    worker->job = waiting.job;
    queue->busy++;
    heap_push(&queue->ends, queue->virtual_now + work * (fails ? FAILURE_WORK : 1),
              number | (fails ? FAILS : 0));
}

static uint32_t find_resting(const struct simulation *sim, uint32_t queue)
{
    for (uint32_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].state == WORKER_RESTING && sim->workers[i].queue == queue)
            return i;
    return NOBODY;
}

/* Gives waiting jobs to resting workers. */
static void match(struct simulation *sim, uint32_t number)
{
    struct sim_queue *queue = &sim->queues[number];
    while (queue->count > 0) {
        uint32_t worker = find_resting(sim, number);
        if (worker == NOBODY)
            return;
        begin_job(sim, worker, line_take(sim, queue));
    }
}

static void end_worker(struct simulation *sim, struct sim_worker *worker)
{
    sim->result->worker_seconds += sim->now - worker->spawned_at;
    if (worker->leaving)
        sim->queues[worker->queue].leaving--;
    worker->state = WORKER_GONE;
    worker->leaving = false;
}

static void retry(struct simulation *sim, uint32_t job)
{
    double delay = RETRY_BASE * pow(2, sim->attempts[job]);
    if (++sim->attempts[job] < ATTEMPTS_MAX)
        heap_push(&sim->retries, sim->now + (delay < RETRY_MAX ? delay : RETRY_MAX), job);
}

static void end_job(struct simulation *sim, uint32_t number)
{
    struct sim_queue *queue = &sim->queues[number];
    advance(sim, queue);
    uint32_t what = heap_pop(&queue->ends).what;
    struct sim_worker *worker = &sim->workers[what & ~FAILS];
    queue->busy--;
    queue->load.completed++;
    if (what & FAILS) {
        queue->load.failed++;
        retry(sim, worker->job);
    }
    worker->state = WORKER_RESTING;
    if (worker->leaving)
        end_worker(sim, worker);
    match(sim, number);
}

/* --- Workers come and go --- */

static void spawn(struct simulation *sim, uint32_t queue)
{
    uint32_t slot = 0;
    while (slot < sim->worker_count && sim->workers[slot].state != WORKER_GONE)
        slot++;
    if (slot == WORKERS_MAX)
        return;
    if (slot == sim->worker_count)
        sim->worker_count++;
    sim->workers[slot] =
        (struct sim_worker){.state = WORKER_BOOTING, .queue = queue, .spawned_at = sim->now};
    heap_push(&sim->boots, sim->now + sim->settings->boot, slot);
    sim->queues[queue].workers++;
    sim->result->spawns++;
}

static void end_boot(struct simulation *sim)
{
    struct sim_worker *worker = &sim->workers[heap_pop(&sim->boots).what];
    worker->state = WORKER_RESTING;
    match(sim, worker->queue);
}

/* How gladly a worker is let go: the lowest first. */
static double value_of(const struct simulation *sim, const struct sim_worker *worker)
{
    if (sim->controller->oldest_first)
        return worker->spawned_at;
    static const double values[] = {
        [WORKER_BOOTING] = 0, [WORKER_RESTING] = 1e9, [WORKER_WORKING] = 2e9};
    return values[worker->state] - worker->spawned_at;
}

static void let_go(struct simulation *sim, uint32_t queue)
{
    struct sim_worker *chosen = NULL;
    for (uint32_t i = 0; i < sim->worker_count; i++) {
        struct sim_worker *worker = &sim->workers[i];
        if (worker->state == WORKER_GONE || worker->leaving || worker->queue != queue)
            continue;
        if (!chosen || value_of(sim, worker) < value_of(sim, chosen))
            chosen = worker;
    }
    if (!chosen)
        return;
    sim->queues[queue].workers--;
    if (chosen->state == WORKER_BOOTING)
        heap_remove(&sim->boots, (uint32_t)(chosen - sim->workers));
    if (chosen->state != WORKER_WORKING) {
        end_worker(sim, chosen);
        return;
    }
    chosen->leaving = true;
    chosen->let_go_at = sim->now;
    sim->queues[queue].leaving++;
}

/* Its job is given to somebody else. */
static void kill_worker(struct simulation *sim, uint32_t number)
{
    struct sim_worker *worker = &sim->workers[number];
    struct sim_queue *queue = &sim->queues[worker->queue];
    advance(sim, queue);
    heap_remove(&queue->ends, number);
    heap_remove(&queue->ends, number | FAILS);
    queue->busy--;
    line_add(queue, worker->job, sim->now);
    sim->result->interrupted++;
    end_worker(sim, worker);
}

static void kill_overdue(struct simulation *sim)
{
    double limit = sim->controller->kill_after;
    for (uint32_t i = 0; limit > 0 && i < sim->worker_count; i++)
        if (sim->workers[i].leaving && sim->now - sim->workers[i].let_go_at >= limit)
            kill_worker(sim, i);
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
        spawn(sim, number);
    while (queue->workers > target)
        let_go(sim, number);
    match(sim, number);
}

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
    advance(sim, queue);
    *seen = queue->load;
    seen->seconds = TICK;
    seen->stale = stale;
    seen->concurrency = 1;
    seen->boot = sim->settings->boot;
    seen->observed = stale ? 0 : sim->now - queue->observed_at;
    if (!stale)
        queue->observed_at = sim->now;
    seen->ready = stale ? before.ready : (double)queue->count;
    seen->reserved = stale ? before.reserved : (double)queue->busy;
    seen->oldest = stale              ? before.oldest
                   : queue->count > 0 ? sim->now - queue->line[queue->first].due
                                      : -1;
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
        .oldest = queue->count > 0 ? (float)(sim->now - queue->line[queue->first].due) : 0,
        .ready = (float)queue->count,
        .workers = (int32_t)(queue->workers + queue->leaving),
    };
}

static void tick(struct simulation *sim)
{
    size_t count = sim->workload->queue_count;
    int64_t targets[WORKLOAD_QUEUES_MAX];
    kill_overdue(sim);
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
    line_add(&sim->queues[number], job, sim->now);
    match(sim, number);
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
        consider(&next, EVENT_END, i, next_end(sim, &sim->queues[i]));
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
        end_boot(sim);
        break;
    case EVENT_END:
        end_job(sim, next->queue);
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
    for (uint32_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].state != WORKER_GONE)
            end_worker(sim, &sim->workers[i]);
    for (uint32_t i = 0; i < sim->workload->queue_count; i++)
        if (sim->queues[i].count > 0)
            account_over(sim, &sim->queues[i]);
    for (size_t i = 0; i < sim->workload->arrival_count; i++)
        sim->result->busy_seconds += sim->workload->arrivals[i].work;
}

static void finish(struct simulation *sim)
{
    for (uint32_t i = 0; i < sim->workload->queue_count; i++) {
        free(sim->queues[i].line);
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
            spawn(sim, i);
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
