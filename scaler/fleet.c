/* SPDX-License-Identifier: MIT */
#include "scaler/fleet.h"

#include <math.h>

#define RETRY_BASE   10. /* seconds; doubles with each attempt */
#define RETRY_MAX    300.
#define ATTEMPTS_MAX 5
#define FAILURE_WORK 0.1 /* of its work, until an attempt fails */
#define NOBODY       UINT32_MAX

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

void fleet_advance(struct simulation *sim, struct sim_queue *queue)
{
    double passed = sim->now - queue->advanced_at;
    queue->virtual_now += passed * speed_of(sim, queue);
    queue->load.busy_seconds += passed * (double)queue->busy;
    queue->advanced_at = sim->now;
}

double fleet_next_end(const struct simulation *sim, const struct sim_queue *queue)
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
    fleet_advance(sim, queue);
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

/* Adds the time for which the head of the line was over the promise, since the last head left. */
static void account_over(struct simulation *sim, struct sim_queue *queue)
{
    double begin = queue->line.items[queue->line.first].due + sim->settings->promise;
    if (begin < queue->last_taken)
        begin = queue->last_taken;
    if (sim->now > begin)
        sim->result->over += sim->now - begin;
    queue->last_taken = sim->now;
}

static struct waiting take_job(struct simulation *sim, struct sim_queue *queue)
{
    account_over(sim, queue);
    return line_take(&queue->line);
}

void fleet_match(struct simulation *sim, uint32_t number)
{
    struct sim_queue *queue = &sim->queues[number];
    while (queue->line.count > 0) {
        uint32_t worker = find_resting(sim, number);
        if (worker == NOBODY)
            return;
        begin_job(sim, worker, take_job(sim, queue));
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

void fleet_end_job(struct simulation *sim, uint32_t number)
{
    struct sim_queue *queue = &sim->queues[number];
    fleet_advance(sim, queue);
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
    fleet_match(sim, number);
}

/* --- Workers come and go --- */

void fleet_spawn(struct simulation *sim, uint32_t queue)
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

void fleet_end_boot(struct simulation *sim)
{
    struct sim_worker *worker = &sim->workers[heap_pop(&sim->boots).what];
    worker->state = WORKER_RESTING;
    fleet_match(sim, worker->queue);
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

void fleet_let_go(struct simulation *sim, uint32_t queue)
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
    fleet_advance(sim, queue);
    heap_remove(&queue->ends, number);
    heap_remove(&queue->ends, number | FAILS);
    queue->busy--;
    line_add(&queue->line, (struct waiting){worker->job, sim->now});
    sim->result->interrupted++;
    end_worker(sim, worker);
}

void fleet_kill_overdue(struct simulation *sim)
{
    double limit = sim->controller->kill_after;
    for (uint32_t i = 0; limit > 0 && i < sim->worker_count; i++)
        if (sim->workers[i].leaving && sim->now - sim->workers[i].let_go_at >= limit)
            kill_worker(sim, i);
}

void fleet_settle(struct simulation *sim)
{
    for (uint32_t i = 0; i < sim->worker_count; i++)
        if (sim->workers[i].state != WORKER_GONE)
            end_worker(sim, &sim->workers[i]);
    for (uint32_t i = 0; i < sim->workload->queue_count; i++)
        if (sim->queues[i].line.count > 0)
            account_over(sim, &sim->queues[i]);
}
