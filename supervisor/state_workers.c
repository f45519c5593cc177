/* SPDX-License-Identifier: MIT */

/* What workers and the maintenance process are to a master that follows. They go on with the binary
 * that they were started from; the maintenance process is replaced when it has been taken over. */
#include "supervisor/state_parts.h"

#include <stdio.h>

#include "common/log.h"
#include "supervisor/master.h"

/* One process */

#define ROW(member, kind) STATE_NUMBER(struct process, member, STATE_##kind)

static const struct state_number process_rows[] = {
    ROW(since_ms, INT64),        ROW(ready_ms, INT64),
    ROW(alive_ms, INT64),        ROW(pause_ms, INT64),
    ROW(started_wall_ms, INT64), ROW(failures, UINT32),
    ROW(generation, UINT32),     {.name = NULL},
};

#undef ROW

static void save_process(const struct process *process, struct state_out *out, cJSON *into)
{
    state_put_numbers(into, process_rows, process);
    json_put_number(into, "state", lifecycle_number(process->state));
    json_put_number(into, "stage", process->stage);
    if (!lifecycle_has_process(process->state))
        return;
    json_put_number(into, "pid", process->child.pid);
    state_put_fd(out, into, "pidfd", process->child.pidfd);
    state_put_fd(out, into, "error", process->child.error_fd);
    state_put_fd(out, into, "in", process->channel.in);
    state_put_fd(out, into, "out", process->channel.out);
    state_put_fd(out, into, "board", process->board_fd);
}

static void load_process(struct process *process, struct state_in *in, const cJSON *from)
{
    struct err err = ERR_INIT;
    state_get_numbers(from, process_rows, process);
    process->stage = (enum stop_stage)json_get_integer(from, "stage", STOP_DRAIN);
    int pid = (int)json_get_integer(from, "pid", 0);
    process->child.pid = pid > 0 ? pid : -1;
    process->child.pidfd = state_take_fd(in, from, "pidfd");
    process->child.error_fd = state_take_fd(in, from, "error");
    process->channel.in = state_take_fd(in, from, "in");
    process->channel.out = state_take_fd(in, from, "out");
    process->board_fd = state_take_fd(in, from, "board");
    if (process->board_fd >= 0 && !(process->board = board_open(process->board_fd, &err)))
        log_write(LOG_ERROR, "%s: %s", process->name, err.text);
    process_resume(process, lifecycle_of_number(json_get_integer(from, "state", 0)));
}

/* Workers */

#define ROW(member, kind) STATE_NUMBER(struct heartbeat, member, STATE_##kind)

static const struct state_number heartbeat_rows[] = {
    ROW(status, UINT32),    ROW(busy, UINT32),   ROW(concurrency, UINT32), ROW(waiting, UINT32),
    ROW(processed, UINT64), ROW(failed, UINT64), ROW(busy_us, UINT64),     ROW(memory, UINT64),
    ROW(largest, UINT64),   ROW(cpu_us, UINT64), {.name = NULL},
};

#undef ROW
#define ROW(member, kind) STATE_NUMBER(struct worker, member, STATE_##kind)

static const struct state_number worker_rows[] = {
    ROW(launched_ms, INT64),   ROW(is_boot_known, BOOL), ROW(heard_us, INT64),
    ROW(heard_wall_ms, INT64), {.name = NULL},
};

static void save_worker(const struct worker *worker, struct state_out *out, cJSON *into)
{
    json_put_text(into, "id", worker->id);
    json_put_text(into, "name", worker->name);
    json_put_text(into, "connection", worker->connection);
    cJSON_AddBoolToObject(into, "retires", worker->process.farewell == RECORD_RETIRE);
    state_put_numbers(into, worker_rows, worker);
    cJSON *heartbeat = cJSON_AddObjectToObject(into, "heartbeat");
    state_put_numbers(heartbeat, heartbeat_rows, &worker->heartbeat);
    cJSON *times = cJSON_AddArrayToObject(heartbeat, "run_times");
    for (int i = 0; i < RUN_TIMES; i++)
        cJSON_AddItemToArray(times, cJSON_CreateNumber(worker->heartbeat.run_times[i]));
    save_process(&worker->process, out, cJSON_AddObjectToObject(into, "process"));
}

static void load_heartbeat(struct heartbeat *heartbeat, const cJSON *from)
{
    const cJSON *time;
    int place = 0;
    state_get_numbers(from, heartbeat_rows, heartbeat);
    cJSON_ArrayForEach(time, json_get(from, "run_times"))
    {
        if (place < RUN_TIMES)
            heartbeat->run_times[place++] = (uint32_t)time->valuedouble;
    }
}

static void load_worker(struct pool *pool, struct state_in *in, const cJSON *from)
{
    struct worker *worker = pool_resume_worker(pool, json_get_bool(from, "retires", false));
    snprintf(worker->id, sizeof worker->id, "%s", json_get_string(from, "id", ""));
    snprintf(worker->name, sizeof worker->name, "%s", json_get_string(from, "name", ""));
    snprintf(worker->connection, sizeof worker->connection, "%s",
             json_get_string(from, "connection", ""));
    state_get_numbers(from, worker_rows, worker);
    load_heartbeat(&worker->heartbeat, json_get(from, "heartbeat"));
    load_process(&worker->process, in, json_get(from, "process"));
}

/* Pools */

static void save_pool(const struct pool *pool, struct state_out *out, cJSON *into)
{
    json_put_text(into, "queue", pool->queue);
    json_put_number(into, "wanted", (double)pool->wanted);
    json_put_number(into, "pause", pool->pause);
    json_put_number(into, "boot_ms", (double)pool->boot_ms);
    cJSON *list = cJSON_AddArrayToObject(into, "workers");
    for (const struct worker *worker = pool->workers; worker; worker = worker->next) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(list, object);
        save_worker(worker, out, object);
    }
}

/* A queue that was taken out of the configuration may still have workers. */
static void load_pool(struct master *master, struct state_in *in, const cJSON *from)
{
    const char *queue = json_get_string(from, "queue", "");
    struct pool *pool = master_pool(master, queue);
    const cJSON *worker;
    if (!pool)
        pool = master_add_pool(master, queue);
    pool->wanted = json_get_integer(from, "wanted", pool->wanted);
    pool->pause = (enum pool_pause)json_get_integer(from, "pause", POOL_PAUSE_UNKNOWN);
    pool->boot_ms = json_get_integer(from, "boot_ms", 0);
    cJSON_ArrayForEach(worker, json_get(from, "workers")) load_worker(pool, in, worker);
}

void state_save_workers(struct master *master, struct state_out *out, cJSON *into)
{
    cJSON *pools = cJSON_AddArrayToObject(into, "pools");
    for (const struct pool *pool = master->pools; pool; pool = pool->next) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(pools, object);
        save_pool(pool, out, object);
    }
    save_process(&master->maintenance.process, out, cJSON_AddObjectToObject(into, "maintenance"));
}

void state_load_workers(struct master *master, struct state_in *in, const cJSON *from)
{
    const cJSON *pool;
    cJSON_ArrayForEach(pool, json_get(from, "pools")) load_pool(master, in, pool);
    struct process *maintenance = &master->maintenance.process;
    load_process(maintenance, in, json_get(from, "maintenance"));
    process_handle(maintenance, EVENT_STOP);
}

void state_save_returns(struct master *master, struct state_out *out, cJSON *into)
{
    (void)out;
    returns_save(&master->returns, cJSON_AddArrayToObject(into, "dead"));
}

void state_load_returns(struct master *master, struct state_in *in, const cJSON *from)
{
    (void)in;
    returns_load(&master->returns, json_get(from, "dead"));
}
