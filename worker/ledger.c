/* SPDX-License-Identifier: MIT */
#include "worker/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/uuid.h"
#include "queue/metrics_store.h"
#include "queue/pause.h"

#define DAY_MS     (INT64_C(24) * 3600 * 1000)
#define LEASE_KIND "lease"
#define LEASE_KEY  "metrics"
#define LEASE_MS   (5 * METRICS_MINUTE_MS)
#define RANDOM     8
#define AGAIN_MS   5000

void ledger_init(struct ledger *ledger, const struct settings *settings)
{
    char host[64] = "", random[RANDOM + 1];
    gethostname(host, sizeof host - 1);
    uuid_random(random, RANDOM);
    *ledger = (struct ledger){.settings = settings};
    snprintf(ledger->who, sizeof ledger->who, "%s-%s", host, random);
    ledger->paused = mem_new(settings->queue_count, sizeof ledger->paused[0]);
    ledger->windows = mem_new(settings->queue_count, sizeof ledger->windows[0]);
    ledger->peaks = mem_new(settings->queue_count, sizeof ledger->peaks[0]);
}

void ledger_finish(struct ledger *ledger)
{
    free(ledger->peaks);
    free(ledger->paused);
    free(ledger->windows);
    ledger->peaks = NULL;
    ledger->paused = NULL;
    ledger->windows = NULL;
}

static void note_pause(void *context, const struct pause *pause)
{
    struct ledger *ledger = context;
    char host[PAUSE_HOST_MAX + 1];
    pause_host(host);
    for (size_t i = 0; i < ledger->settings->queue_count; i++)
        if (pause_holds(pause, ledger->settings->queues[i].name, host))
            ledger->paused[i] = true;
}

int ledger_look_for_pauses(struct ledger *ledger, struct queue_connection *connection,
                           struct err *err)
{
    memset(ledger->paused, 0, ledger->settings->queue_count * sizeof ledger->paused[0]);
    return pause_list(connection, note_pause, ledger, err);
}

void ledger_note(struct ledger *ledger, size_t queue, uint64_t ready)
{
    if (ready > ledger->peaks[queue])
        ledger->peaks[queue] = ready;
}

static int store_peaks(struct ledger *ledger, struct queue_connection *connection, int64_t wall_ms,
                       struct err *err)
{
    char who[sizeof ledger->who + 12];
    snprintf(who, sizeof who, "%s.%u", ledger->who, ledger->written++);
    for (size_t i = 0; i < ledger->settings->queue_count; i++) {
        const struct metrics metrics = {.peak = ledger->peaks[i]};
        if (metrics.peak == 0)
            continue;
        if (metrics_write(connection, ledger->settings->queues[i].name, wall_ms, who, &metrics,
                          err) < 0)
            return -1;
        ledger->peaks[i] = 0;
    }
    return 0;
}

/* How many jobs ended, for the alerts. */
static int look_back(struct ledger *ledger, struct queue_connection *connection, int64_t wall_ms,
                     struct err *err)
{
    const struct settings *settings = ledger->settings;
    int64_t begin_ms = (wall_ms - settings->monitoring.alert_window) / METRICS_MINUTE_MS;
    const struct metrics_range range = {.from_ms = begin_ms * METRICS_MINUTE_MS,
                                        .to_ms = wall_ms + METRICS_MINUTE_MS,
                                        .now_ms = wall_ms};
    for (size_t i = 0; i < settings->queue_count; i++) {
        struct metrics sum = {0};
        struct metrics_class total;
        const char *queue = settings->queues[i].name;
        if (settings_connection_of(settings, queue) != connection->settings)
            continue;
        if (metrics_sum(connection, queue, &range, &sum, err) < 0)
            return -1;
        metrics_total(&sum, &total);
        metrics_reset(&sum);
        ledger->windows[i] = (struct ledger_window){total.processed + total.failed, total.failed};
    }
    return 0;
}

static int sum_up(struct ledger *ledger, struct queue_connection *connection, int64_t wall_ms,
                  struct err *err)
{
    bool held = false;
    const struct note lease = {.kind = LEASE_KIND,
                               .key = LEASE_KEY,
                               .value = "{}",
                               .owner = ledger->who,
                               .ttl_ms = LEASE_MS};
    if (connection->driver->note_claim(connection->store, &lease, &held, err) < 0)
        return -1;
    ledger->is_leader = held;
    int64_t retention_ms = ledger->settings->monitoring.metrics_retention * DAY_MS;
    if (!held)
        return 0;
    if (metrics_roll_up(connection, wall_ms, retention_ms, err) < 0)
        return -1;
    return look_back(ledger, connection, wall_ms, err);
}

int ledger_step(struct ledger *ledger, struct queue_connection *connection, struct err *err)
{
    int64_t now_ms = clock_monotonic_ms(connection->clock);
    if (!ledger->settings->monitoring.enabled || now_ms < ledger->due_ms)
        return 0;
    ledger->due_ms = now_ms + ledger->settings->monitoring.metrics_interval;
    int64_t wall_ms = clock_wall_ms(connection->clock);
    if (store_peaks(ledger, connection, wall_ms, err) == 0 &&
        sum_up(ledger, connection, wall_ms, err) == 0)
        return 1;
    if (ledger->due_ms > now_ms + AGAIN_MS)
        ledger->due_ms = now_ms + AGAIN_MS;
    return -1;
}
