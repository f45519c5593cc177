/* SPDX-License-Identifier: MIT */
#include "worker/keeper_parts.h"

#include "common/log.h"

#define MEASURE_SHARE 20 /* a twentieth of the time at most */

int64_t keeper_pause_ms(int64_t took_ms, int64_t period_ms)
{
    int64_t pause = took_ms * (MEASURE_SHARE - 1);
    return pause > period_ms ? pause : period_ms;
}

static int note_due(void *context, const struct job_view *view)
{
    int64_t *at_ms = context;
    *at_ms = view->job.available_at_ms;
    return 1;
}

/* When its first delayed job is due: asked only where no worker may be there to know it. */
static int64_t first_due_ms(struct keeper *keeper, const struct queue_settings *queue,
                            const struct queue_stats *stats)
{
    static const enum job_state delayed = JOB_DELAYED;
    const struct job_filter filter = {.queue = queue->name, .state = &delayed, .limit = 1};
    struct err err = ERR_INIT;
    int64_t at_ms = 0;
    if (stats->delayed == 0 || queue->scaling.min_workers > 0 ||
        !settings_is_scaled(keeper->settings, queue) ||
        keeper->driver->job_list(keeper->store.store, &filter, note_due, &at_ms, &err) < 0 ||
        at_ms == 0)
        return -1;
    int64_t left_ms = at_ms - clock_wall_ms(keeper->clock);
    return left_ms > 0 ? left_ms : 0;
}

static int measure_queue(struct keeper *keeper, size_t index)
{
    struct queue_stats stats;
    struct err err = ERR_INIT;
    if (keeper->driver->stats(keeper->store.store, keeper->settings->queues[index].name, &stats,
                              &err) < 0) {
        keeper_fail(keeper, &err);
        return -1;
    }
    struct record record = {.type = RECORD_METRICS};
    record.body.metrics = (struct queue_metrics){
        .queue = (uint32_t)index,
        .settings_generation = keeper->settings->generation,
        .ready = stats.pending,
        .reserved = stats.reserved,
        .delayed = stats.delayed,
        .failed = stats.failed,
        .oldest_ms = stats.oldest_ms,
        .due_ms = first_due_ms(keeper, &keeper->settings->queues[index], &stats),
        .is_paused = keeper->ledger.paused[index],
        .is_leader = keeper->ledger.is_leader,
        .window_ended = keeper->ledger.windows[index].ended,
        .window_failed = keeper->ledger.windows[index].failed,
    };
    mouth_send(keeper->mouth, &record);
    ledger_note(&keeper->ledger, index, stats.pending);
    return 0;
}

static bool is_ours(const struct keeper *keeper, const struct queue_settings *queue)
{
    return settings_connection_of(keeper->settings, queue->name) == keeper->connection;
}

/* Who decides more often wants fresh figures more often. */
static int64_t measure_period_ms(const struct keeper *keeper)
{
    int64_t interval = keeper->settings->auto_scaling.interval;
    return interval < KEEPER_PERIOD_MS ? interval : KEEPER_PERIOD_MS;
}

/* A store that can be read and not written is away for those who have something to store. */
static void keep_books(struct keeper *keeper)
{
    struct err err = ERR_INIT;
    int result = ledger_step(&keeper->ledger, &keeper->store, &err);
    if (result < 0 && !keeper->is_write_failing)
        log_write(LOG_WARN, "connection %s: the figures cannot be stored: %s",
                  keeper->connection->name, err.text);
    if (result == 0 || (result < 0) == keeper->is_write_failing)
        return;
    keeper->is_write_failing = result < 0;
    keeper_tell_state(keeper);
}

void keeper_measure(struct keeper *keeper)
{
    int64_t began_ms = keeper_now_ms(keeper);
    struct err err = ERR_INIT;
    if (ledger_look_for_pauses(&keeper->ledger, &keeper->store, &err) < 0) {
        keeper_fail(keeper, &err);
        return;
    }
    for (size_t i = 0; i < keeper->settings->queue_count; i++)
        if (is_ours(keeper, &keeper->settings->queues[i]) && measure_queue(keeper, i) < 0)
            return;
    int64_t now = keeper_now_ms(keeper);
    keeper->measure_ms = now + keeper_pause_ms(now - began_ms, measure_period_ms(keeper));
    keep_books(keeper);
}
