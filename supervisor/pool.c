/* SPDX-License-Identifier: MIT */
#include "supervisor/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/uuid.h"
#include "supervisor/launch.h"

#define BOOT_MS 30000 /* beside what its handlers may take */
#define KILL_MARGIN_MS                                                                             \
    1000 /* for a worker to give jobs back when its handlers have been killed                      \
          */
#define RETIRE_MS                                                                                  \
    (INT64_C(365) * 24 * 3600 * 1000) /* a job that runs is not ended to have fewer                \
                                       */
#define ID_RANDOM                  10
#define SLOTS_A_PERSISTENT_HANDLER 16

static int launch_worker(struct process *process, int channel_in, int channel_out,
                         struct spawn_child *child, struct err *err)
{
    struct worker *worker = process->data;
    char random[ID_RANDOM + 1];
    uuid_random(random, ID_RANDOM);
    snprintf(worker->id, sizeof worker->id, "worker_%s", random);
    snprintf(worker->name, sizeof worker->name, "%.100s:%s", worker->pool->queue, worker->id);
    snprintf(worker->connection, sizeof worker->connection, "%s", worker->pool->connection);
    worker->heartbeat = (struct heartbeat){0};
    worker->heard_wall_ms = 0;
    worker->launched_ms = clock_monotonic_ms(process->host->clock);
    worker->is_boot_known = false;
    worker->cpu_percent = 0;
    const struct launch launch = {
        .program = process->host->program,
        .queue = worker->pool->queue,
        .id = worker->id,
        .generation = process->generation,
        .snapshot = process->host->snapshot,
        .board_fd = process->board_fd,
        .channel_in = channel_in,
        .channel_out = channel_out,
    };
    return launch_start(&launch, child, err);
}

static uint64_t growth(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

/* Its counters begin anew with every start. */
static void count_work(struct worker *worker, const struct heartbeat *now)
{
    struct pool_counts *counts = &worker->pool->counts;
    const struct heartbeat *before = &worker->heartbeat;
    counts->ended += growth(before->processed, now->processed);
    counts->failed += growth(before->failed, now->failed);
    counts->busy_us += growth(before->busy_us, now->busy_us);
    for (int i = 0; i < RUN_TIMES; i++)
        counts->run_times[i] += growth(before->run_times[i], now->run_times[i]);
    for (int i = 0; i < WAIT_TIMES; i++)
        counts->wait_times[i] += growth(before->wait_times[i], now->wait_times[i]);
    counts->run_us += growth(before->run_us, now->run_us);
    counts->wait_us += growth(before->wait_us, now->wait_us);
    if (worker->is_boot_known || worker->process.ready_ms == 0)
        return;
    worker->pool->boot_ms = worker->process.ready_ms - worker->launched_ms;
    worker->is_boot_known = true;
}

static bool looks_different(const struct heartbeat *before, const struct heartbeat *now)
{
    return before->status != now->status || before->busy != now->busy ||
           before->waiting != now->waiting || before->processed != now->processed ||
           before->failed != now->failed;
}

static void hear_worker(struct process *process, const struct record *record)
{
    struct worker *worker = process->data;
    if (record->type != RECORD_HEARTBEAT)
        return;
    int64_t now_us = clock_monotonic_us(process->host->clock);
    const struct heartbeat *heartbeat = &record->body.heartbeat;
    int64_t passed_us = now_us - worker->heard_us;
    if (worker->heard_wall_ms > 0 && passed_us > 0 && heartbeat->cpu_us >= worker->heartbeat.cpu_us)
        worker->cpu_percent =
            100. * (double)(heartbeat->cpu_us - worker->heartbeat.cpu_us) / (double)passed_us;
    count_work(worker, heartbeat);
    if (looks_different(&worker->heartbeat, heartbeat))
        process->revision = ++process->host->revision;
    worker->heartbeat = *heartbeat;
    worker->heard_us = now_us;
    worker->heard_wall_ms = clock_wall_ms(process->host->clock);
}

/* One that never got ready has reserved nothing. */
static void bury_worker(struct process *process, bool was_ready)
{
    struct worker *worker = process->data;
    if (process->state == PROCESS_UNKNOWN) {
        worker->pool->stalled++;
        worker->pool->stalled_ms = clock_monotonic_ms(process->host->clock);
    }
    if (was_ready)
        returns_add(worker->pool->returns, worker->id, worker->connection, process->board);
}

static const struct process_owner worker_owner = {
    .launch = launch_worker,
    .heard = hear_worker,
    .ended = bury_worker,
};

static struct worker *make_worker(struct pool *pool)
{
    struct worker *worker = mem_new(1, sizeof *worker);
    worker->pool = pool;
    snprintf(worker->name, sizeof worker->name, "%.100s:worker", pool->queue);
    struct process *process = &worker->process;
    process->owner = &worker_owner;
    process->host = pool->host;
    process->data = worker;
    process->name = worker->name;
    process->limits = pool->limits;
    process->board_slots = pool->board_slots;
    process_init(process);
    return worker;
}

static void add_worker(struct pool *pool)
{
    struct worker *worker = make_worker(pool);
    worker->next = pool->workers;
    pool->workers = worker;
    process_handle(&worker->process, EVENT_START);
}

static void remove_stopped(struct pool *pool)
{
    struct worker **link = &pool->workers;
    while (*link) {
        struct worker *worker = *link;
        if (worker->process.state != PROCESS_STOPPED) {
            link = &worker->next;
            continue;
        }
        *link = worker->next;
        process_finish(&worker->process);
        free(worker);
        pool->revision = ++pool->host->revision;
    }
}

bool worker_stays(const struct worker *worker)
{
    return worker->process.state != PROCESS_STOPPING && worker->process.state != PROCESS_STOPPED;
}

int64_t pool_count(const struct pool *pool)
{
    int64_t count = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        count += worker_stays(worker);
    return count;
}

int64_t pool_running(const struct pool *pool)
{
    int64_t count = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        count += worker->process.state == PROCESS_RUNNING;
    return count;
}

bool pool_is_empty(const struct pool *pool)
{
    return !pool->workers;
}

int64_t pool_busy(const struct pool *pool)
{
    int64_t count = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        count += worker_stays(worker) ? worker->heartbeat.busy : 0;
    return count;
}

/* How much is lost when a worker goes: nothing where it does not work yet, then by its jobs. */
static int64_t worth_of(const struct worker *worker)
{
    if (worker->process.state != PROCESS_RUNNING)
        return 0;
    return 1 + (int64_t)worker->heartbeat.busy + (int64_t)worker->heartbeat.waiting;
}

/* The least worth; of equal ones the newest. */
static struct worker *least_worth(const struct pool *pool)
{
    struct worker *found = NULL;
    for (struct worker *worker = pool->workers; worker; worker = worker->next)
        if (worker_stays(worker) && (!found || worth_of(worker) < worth_of(found)))
            found = worker;
    return found;
}

static bool is_retiring(const struct worker *worker)
{
    return worker->process.farewell == RECORD_RETIRE;
}

static void let_retire(struct worker *worker)
{
    struct health_limits limits = worker->pool->limits;
    limits.drain_ms = RETIRE_MS;
    worker->process.farewell = RECORD_RETIRE;
    process_set_limits(&worker->process, &limits);
}

struct worker *pool_resume_worker(struct pool *pool, bool retires)
{
    struct worker *worker = make_worker(pool), **last = &pool->workers;
    while (*last)
        last = &(*last)->next;
    *last = worker;
    if (retires)
        let_retire(worker);
    return worker;
}

static void retire(struct worker *worker)
{
    let_retire(worker);
    process_handle(&worker->process, EVENT_STOP);
}

void pool_tend(struct pool *pool)
{
    remove_stopped(pool);
    int64_t surplus = pool_count(pool) - pool->wanted;
    for (; surplus < 0; surplus++)
        add_worker(pool);
    for (; surplus > 0; surplus--)
        retire(least_worth(pool));
}

void pool_stop(struct pool *pool)
{
    pool->wanted = 0;
    for (struct worker *worker = pool->workers; worker; worker = worker->next) {
        if (is_retiring(worker)) {
            worker->process.farewell = RECORD_DRAIN;
            process_tell(&worker->process, RECORD_DRAIN);
            process_set_limits_anew(&worker->process, &pool->limits);
        }
        process_handle(&worker->process, EVENT_STOP);
    }
}

void pool_replace(struct pool *pool)
{
    pool_handle(pool, EVENT_STOP);
    pool->host->changed = true;
}

void pool_tell(struct pool *pool, enum record_type type)
{
    for (struct worker *worker = pool->workers; worker; worker = worker->next)
        process_tell(&worker->process, type);
}

void pool_measured(struct pool *pool, const struct queue_metrics *metrics)
{
    enum pool_pause pause = metrics->is_paused ? POOL_PAUSED : POOL_GOES_ON;
    if (!pool->has_metrics || memcmp(&pool->metrics, metrics, sizeof *metrics) != 0)
        pool->revision = ++pool->host->revision;
    pool->metrics = *metrics;
    pool->has_metrics = true;
    pool->measured_ms = clock_monotonic_ms(pool->host->clock);
    if (pause == pool->pause)
        return;
    pool->pause = pause;
    pool_tell(pool, metrics->is_paused ? RECORD_PAUSE : RECORD_RESUME);
}

void pool_handle(struct pool *pool, enum process_event event)
{
    for (struct worker *worker = pool->workers; worker; worker = worker->next)
        process_handle(&worker->process, event);
}

static uint32_t slots_for(const struct queue_settings *queue)
{
    int64_t slots = queue->concurrency;
    if (queue->handler != HANDLER_EXEC)
        slots *= SLOTS_A_PERSISTENT_HANDLER;
    return board_slots_for(slots);
}

/* A worker may be silent while it waits for its store. */
void pool_configure(struct pool *pool, const struct settings *settings,
                    const struct queue_settings *queue)
{
    const struct muster_settings *muster = &settings->muster;
    const struct connection_settings *connection = settings_connection_of(settings, queue->name);
    pool->board_slots = slots_for(queue);
    snprintf(pool->connection, sizeof pool->connection, "%s", connection->name);
    pool->limits = (struct health_limits){
        .boot_ms = BOOT_MS + queue->boot_timeout,
        .silence_ms = muster->health_check_interval + connection->timeout,
        .drain_ms = muster->stop_timeout,
        .terminate_ms = muster->kill_timeout + KILL_MARGIN_MS,
    };
    for (struct worker *worker = pool->workers; worker; worker = worker->next)
        if (!is_retiring(worker))
            process_set_limits(&worker->process, &pool->limits);
}

struct pool *pool_create(struct host *host, struct returns *returns, const char *queue)
{
    struct pool *pool = mem_new(1, sizeof *pool);
    pool->host = host;
    pool->returns = returns;
    pool->queue = mem_strdup(queue);
    host->listed = ++host->revision;
    return pool;
}

void pool_destroy(struct pool *pool)
{
    pool->host->listed = ++pool->host->revision;
    free(pool->queue);
    free(pool);
}
