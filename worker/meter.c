/* SPDX-License-Identifier: MIT */
#include "worker/meter.h"

#include <stdio.h>

#include "common/log.h"
#include "queue/metrics_store.h"
#include "worker/pulse.h"

static bool is_metered(const struct worker *worker)
{
    return worker->plan->settings->monitoring.enabled;
}

void meter_init(struct worker *worker)
{
    worker->meter.began_us = worker_now(worker);
}

int64_t meter_wait_us(const struct attempt *attempt)
{
    const struct job *job = attempt->job;
    int64_t before_us = (job->reserved_at_ms - job->available_at_ms) * 1000;
    int64_t here_us =
        attempt->started_us > 0 ? attempt->started_us - attempt->load->reserved_us : 0;
    return (before_us > 0 ? before_us : 0) + here_us;
}

void meter_count(struct worker *worker, const struct attempt *attempt, enum metrics_end end)
{
    if (!is_metered(worker))
        return;
    int64_t run_us = attempt->started_us > 0 ? attempt->ended_us - attempt->started_us : 0;
    metrics_count(&worker->meter.metrics, attempt->job->name, end, run_us, meter_wait_us(attempt));
}

void meter_store_call(struct worker *worker, int64_t us)
{
    worker->meter.metrics.store_us += (uint64_t)us;
    worker->meter.metrics.store_calls++;
}

void meter_memory(struct worker *worker, uint64_t bytes)
{
    if (bytes > worker->meter.metrics.memory)
        worker->meter.metrics.memory = bytes;
}

/* Times of handlers since the last time. */
static void take_times(struct worker *worker, int64_t now_us)
{
    struct meter *meter = &worker->meter;
    uint32_t busy;
    uint64_t busy_us = pulse_busy_us(worker, &busy);
    int64_t capacity_us = (now_us - meter->began_us) * (int64_t)worker->concurrency;
    meter->metrics.busy_us += busy_us > meter->busy_us ? busy_us - meter->busy_us : 0;
    meter->metrics.capacity_us += (uint64_t)capacity_us;
    meter->metrics.memory_limit = (uint64_t)worker_options(worker)->memory;
    meter->busy_us = busy_us;
    meter->began_us = now_us;
}

/* They are those of the minute in the middle of the time that they are of. */
static void store(struct worker *worker, int64_t now_us)
{
    struct meter *meter = &worker->meter;
    struct link *link = &worker->link;
    struct err err = ERR_INIT;
    char who[OWNER_SIZE + 16];
    int64_t middle_ms = (now_us - meter->began_us) / 2000;
    take_times(worker, now_us);
    snprintf(who, sizeof who, "%s.%u", worker->plan->id, meter->written);
    if (metrics_write(&link->connection, worker->plan->queue->name,
                      clock_wall_ms(worker->clock) - middle_ms, who, &meter->metrics, &err) < 0) {
        log_write(LOG_DEBUG, "figures wait for the store: %s", err.text);
        if (err.code == ERR_UNAVAILABLE)
            link_failed(link, &err);
        return;
    }
    meter->written++;
    metrics_reset(&meter->metrics);
}

void meter_step(struct worker *worker)
{
    if (!is_metered(worker) || link_is_away(&worker->link))
        return;
    int64_t now_us = worker_now(worker);
    int64_t pause_us = worker->plan->settings->monitoring.metrics_interval * 1000;
    if (worker->meter.metrics.class_count == 0)
        pause_us *= METER_IDLE_FACTOR;
    if (now_us - worker->meter.began_us >= pause_us && link_is_usable(&worker->link))
        store(worker, now_us);
}

void meter_finish(struct worker *worker)
{
    bool has_news = worker->meter.metrics.class_count > 0 && !worker->gives_up;
    if (is_metered(worker) && has_news && !link_is_away(&worker->link) &&
        link_is_usable(&worker->link))
        store(worker, worker_now(worker));
    metrics_reset(&worker->meter.metrics);
}
