/* SPDX-License-Identifier: MIT */
#include "supervisor/describe.h"

#include <string.h>
#include <unistd.h>

#include "supervisor/master.h"

static const char *const status_names[] = {
    [WORKER_IDLE] = "idle",
    [WORKER_BUSY] = "busy",
    [WORKER_DRAINING] = "draining",
    [WORKER_STORE_AWAY] = "store away",
    [WORKER_NO_HANDLER] = "no handler",
};

#define STATUS_COUNT (sizeof status_names / sizeof status_names[0])

/* null where there is none */
static void put_pid(cJSON *object, const struct process *process)
{
    if (lifecycle_has_process(process->state))
        json_put_number(object, "pid", process->child.pid);
    else
        cJSON_AddNullToObject(object, "pid");
}

static cJSON *describe_metrics(const struct queue_metrics *metrics)
{
    cJSON *object = cJSON_CreateObject();
    json_put_number(object, "ready", (double)metrics->ready);
    json_put_number(object, "reserved", (double)metrics->reserved);
    json_put_number(object, "delayed", (double)metrics->delayed);
    json_put_number(object, "failed", (double)metrics->failed);
    if (metrics->oldest_ms >= 0)
        json_put_number(object, "oldest_ms", (double)metrics->oldest_ms);
    else
        cJSON_AddNullToObject(object, "oldest_ms");
    return object;
}

cJSON *describe_pool(const struct settings *settings, const struct pool *pool)
{
    cJSON *object = cJSON_CreateObject();
    const struct queue_settings *queue = settings_queue(settings, pool->queue);
    cJSON_AddStringToObject(object, "queue", pool->queue);
    json_put_number(object, "wanted", (double)pool->wanted);
    json_put_number(object, "running", (double)pool_running(pool));
    cJSON_AddBoolToObject(object, "paused", pool->pause == POOL_PAUSED);
    if (queue)
        json_put_number(object, "promised_ms", (double)queue->scaling.max_wait_time);
    else
        cJSON_AddNullToObject(object, "promised_ms");
    json_put_number(object, "attempts", (double)pool->counts.ended);
    json_put_number(object, "attempts_failed", (double)pool->counts.failed);
    if (pool->has_metrics)
        cJSON_AddItemToObject(object, "metrics", describe_metrics(&pool->metrics));
    else
        cJSON_AddNullToObject(object, "metrics");
    return object;
}

static cJSON *describe_maintenance(const struct master *master)
{
    const struct process *process = &master->maintenance.process;
    cJSON *object = cJSON_CreateObject();
    put_pid(object, process);
    cJSON_AddStringToObject(object, "state", lifecycle_name(process->state));
    json_put_number(object, "unreturned", (double)master->returns.count);
    return object;
}

void describe_daemon(const struct master *master, cJSON *answer)
{
    json_put_number(answer, "pid", getpid());
    cJSON_AddStringToObject(answer, "version", MUSTER_VERSION);
    cJSON_AddStringToObject(answer, "state", master_phase_name(master->phase));
    json_put_number(answer, "started_at", (double)master->started_wall_ms);
    cJSON_AddStringToObject(answer, "settings", master->settings->file);
    json_put_number(answer, "generation", master->settings->generation);
    cJSON_AddItemToObject(answer, "maintenance", describe_maintenance(master));
}

void describe_master(const struct master *master, cJSON *answer)
{
    describe_daemon(master, answer);
    cJSON *queues = cJSON_AddArrayToObject(answer, "queues");
    for (const struct pool *pool = master->pools; pool; pool = pool->next)
        cJSON_AddItemToArray(queues, describe_pool(master->settings, pool));
}

/* The attempts that run, from the worker's board. */
static cJSON *describe_jobs(const struct process *process)
{
    cJSON *list = cJSON_CreateArray();
    int64_t now_us = clock_monotonic_us(process->host->clock);
    uint32_t slots = process->board ? process->board->slot_count : 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        char uuid[UUID_TEXT_SIZE];
        int64_t started_us;
        int attempt = board_read(process->board, slot, uuid, &started_us);
        if (attempt == 0 || !uuid_valid(uuid, strlen(uuid)))
            continue;
        cJSON *job = cJSON_CreateObject();
        cJSON_AddStringToObject(job, "uuid", uuid);
        json_put_number(job, "attempt", attempt);
        json_put_number(job, "running_ms", (double)((now_us - started_us) / 1000));
        cJSON_AddItemToArray(list, job);
    }
    return list;
}

static void put_heartbeat(cJSON *object, const struct worker *worker)
{
    const struct heartbeat *heartbeat = &worker->heartbeat;
    bool known = worker->heard_wall_ms > 0 && heartbeat->status < STATUS_COUNT;
    cJSON_AddStringToObject(object, "status", known ? status_names[heartbeat->status] : "unknown");
    json_put_number(object, "memory", (double)heartbeat->memory);
    json_put_number(object, "cpu", worker->cpu_percent);
    json_put_number(object, "jobs_processed", (double)heartbeat->processed);
    json_put_number(object, "failed", (double)heartbeat->failed);
    json_put_number(object, "busy", heartbeat->busy);
    json_put_number(object, "waiting", heartbeat->waiting);
    json_put_number(object, "concurrency", heartbeat->concurrency);
    json_put_number(object, "last_heartbeat", (double)worker->heard_wall_ms);
}

static cJSON *describe_worker(const struct worker *worker)
{
    const struct process *process = &worker->process;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "id", worker->id);
    cJSON_AddStringToObject(object, "queue", worker->pool->queue);
    put_pid(object, process);
    cJSON_AddStringToObject(object, "state", lifecycle_name(process->state));
    json_put_number(object, "started_at", (double)process->started_wall_ms);
    put_heartbeat(object, worker);
    cJSON_AddItemToObject(object, "jobs", describe_jobs(process));
    return object;
}

void describe_workers(const struct pool *pool, cJSON *list)
{
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        cJSON_AddItemToArray(list, describe_worker(worker));
}
