/* SPDX-License-Identifier: MIT */
#include "supervisor/control/openmetrics.h"

#include <stdio.h>
#include <string.h>

#include "supervisor/master.h"

/* What is being written. */
struct writing {
    const struct master *master;
    struct buf *out;
    bool is_open;
    const struct family *family;
    int result;
};

enum family_type { GAUGE, COUNTER, HISTOGRAM };

static const char *const type_names[] = {
    [GAUGE] = "gauge", [COUNTER] = "counter", [HISTOGRAM] = "histogram"};

/* One family: its name without the suffix of a counter. */
struct family {
    const char *name;
    enum family_type type;
    const char *help;
    void (*put)(struct writing *writing);
};

/* A sample; labels is "" or a="b",c="d". */
static void put_sample(struct writing *writing, const char *suffix, const char *labels,
                       double value)
{
    bool has_labels = labels[0] != '\0';
    writing->result |= buf_printf(writing->out, "%s%s%s%s%s %.15g\n", writing->family->name, suffix,
                                  has_labels ? "{" : "", labels, has_labels ? "}" : "", value);
}

static void put(struct writing *writing, const char *labels, double value)
{
    put_sample(writing, writing->family->type == COUNTER ? "_total" : "", labels, value);
}

#define LABELS_SIZE 600

void openmetrics_label(char *labels, size_t size, const char *name, const char *value)
{
    size_t length = strlen(labels);
    int put = snprintf(labels + length, size - length, "%s%s=\"", length > 0 ? "," : "", name);
    length += (size_t)put < size - length ? (size_t)put : size - length - 1;
    for (; *value && length + 4 < size; value++) {
        if (*value == '\\' || *value == '"' || *value == '\n')
            labels[length++] = '\\';
        labels[length++] = *value;
        if (*value == '\n')
            labels[length - 1] = 'n';
    }
    snprintf(labels + length, size - length, "\"");
}

static void put_queue(struct writing *writing, const struct pool *pool, const char *state,
                      double value)
{
    char labels[LABELS_SIZE] = "";
    openmetrics_label(labels, sizeof labels, "queue", pool->queue);
    if (state)
        openmetrics_label(labels, sizeof labels, "state", state);
    put(writing, labels, value);
}

/* Queues: one function a family, called for each pool. */

static void put_jobs(struct writing *writing, const struct pool *pool)
{
    const struct queue_metrics *metrics = &pool->metrics;
    if (!pool->has_metrics)
        return;
    put_queue(writing, pool, "ready", (double)metrics->ready);
    put_queue(writing, pool, "reserved", (double)metrics->reserved);
    put_queue(writing, pool, "delayed", (double)metrics->delayed);
    put_queue(writing, pool, "failed", (double)metrics->failed);
}

static void put_oldest(struct writing *writing, const struct pool *pool)
{
    int64_t oldest_ms = pool->metrics.oldest_ms;
    if (pool->has_metrics)
        put_queue(writing, pool, NULL, oldest_ms > 0 ? (double)oldest_ms / 1000 : 0);
}

static void put_promise(struct writing *writing, const struct pool *pool)
{
    const struct queue_settings *queue = settings_queue(writing->master->settings, pool->queue);
    if (queue)
        put_queue(writing, pool, NULL, (double)queue->scaling.max_wait_time / 1000);
}

static void put_paused(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, NULL, pool->pause == POOL_PAUSED);
}

static void put_workers(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, "wanted", (double)pool->wanted);
    put_queue(writing, pool, "running", (double)pool_running(pool));
}

static void put_busy(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, NULL, (double)pool_busy(pool));
}

static void put_memory(struct writing *writing, const struct pool *pool)
{
    double sum = 0;
    for (const struct worker *worker = pool->workers; worker; worker = worker->next)
        sum += (double)worker->heartbeat.memory;
    put_queue(writing, pool, NULL, sum);
}

static void put_attempts(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, NULL, (double)pool->counts.ended);
}

static void put_failed(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, NULL, (double)pool->counts.failed);
}

static void put_busy_seconds(struct writing *writing, const struct pool *pool)
{
    put_queue(writing, pool, NULL, (double)pool->counts.busy_us / 1e6);
}

/* A distribution of seconds. */
struct distribution {
    const uint64_t *counts; /* counts[i]: below factor^i ms; the last one: all that are longer */
    size_t count;
    double factor;
    uint64_t sum_us;
};

static void put_distribution(struct writing *writing, const struct pool *pool,
                             const struct distribution *distribution)
{
    uint64_t sum = 0;
    double bound = 1e-3;
    char labels[LABELS_SIZE] = "", le[32];
    openmetrics_label(labels, sizeof labels, "queue", pool->queue);
    size_t length = strlen(labels);
    for (size_t i = 0; i < distribution->count; i++, bound *= distribution->factor) {
        bool is_last = i + 1 == distribution->count;
        snprintf(le, sizeof le, is_last ? "+Inf" : "%.15g", bound);
        openmetrics_label(labels, sizeof labels, "le", le);
        sum += distribution->counts[i];
        put_sample(writing, "_bucket", labels, (double)sum);
        labels[length] = '\0';
    }
    put_sample(writing, "_count", labels, (double)sum);
    put_sample(writing, "_sum", labels, (double)distribution->sum_us / 1e6);
}

static void put_run_times(struct writing *writing, const struct pool *pool)
{
    const struct distribution distribution = {pool->counts.run_times, RUN_TIMES, 2,
                                              pool->counts.run_us};
    put_distribution(writing, pool, &distribution);
}

static void put_wait_times(struct writing *writing, const struct pool *pool)
{
    const struct distribution distribution = {pool->counts.wait_times, WAIT_TIMES, 4,
                                              pool->counts.wait_us};
    put_distribution(writing, pool, &distribution);
}

#define EACH_POOL(name, put_one)                                                                   \
    static void name(struct writing *writing)                                                      \
    {                                                                                              \
        for (const struct pool *pool = writing->master->pools; pool; pool = pool->next)            \
            put_one(writing, pool);                                                                \
    }

EACH_POOL(all_jobs, put_jobs)
EACH_POOL(all_oldest, put_oldest)
EACH_POOL(all_promises, put_promise)
EACH_POOL(all_paused, put_paused)
EACH_POOL(all_workers, put_workers)
EACH_POOL(all_busy, put_busy)
EACH_POOL(all_memory, put_memory)
EACH_POOL(all_attempts, put_attempts)
EACH_POOL(all_failed, put_failed)
EACH_POOL(all_busy_seconds, put_busy_seconds)
EACH_POOL(all_run_times, put_run_times)
EACH_POOL(all_wait_times, put_wait_times)

/* The daemon */

static void put_build(struct writing *writing)
{
    put(writing, "version=\"" MUSTER_VERSION "\"", 1);
}

static void put_start(struct writing *writing)
{
    put(writing, "", (double)writing->master->started_wall_ms / 1000);
}

static void put_maintenance(struct writing *writing)
{
    put(writing, "", writing->master->maintenance.process.state == PROCESS_RUNNING);
}

static void put_stores(struct writing *writing)
{
    const struct master *master = writing->master;
    for (size_t i = 0; i < master->settings->connection_count; i++) {
        char labels[LABELS_SIZE] = "";
        const char *name = master->settings->connections[i].name;
        openmetrics_label(labels, sizeof labels, "connection", name);
        put(writing, labels, !alerts_store_is_away(&master->alerts, name));
    }
}

static void put_alerts(struct writing *writing)
{
    static const enum alert_severity all[] = {SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char labels[LABELS_SIZE] = "";
        openmetrics_label(labels, sizeof labels, "severity", alert_severity_name(all[i]));
        put(writing, labels, alerts_count(&writing->master->alerts, all[i]));
    }
}

static const struct family families[] = {
    {"muster_build_info", GAUGE, "The version of the running musterd.", put_build},
    {"muster_start_time_seconds", GAUGE, "When it was started, since the epoch.", put_start},
    {"muster_maintenance_up", GAUGE, "1 where the maintenance process runs.", put_maintenance},
    {"muster_store_up", GAUGE, "1 where the store of a connection can be used.", put_stores},
    {"muster_alerts", GAUGE, "Alerts that are active.", put_alerts},
    {"muster_queue_jobs", GAUGE, "Jobs by their state, in the store.", all_jobs},
    {"muster_queue_oldest_seconds", GAUGE, "How long the oldest ready job has been waiting.",
     all_oldest},
    {"muster_queue_promised_seconds", GAUGE, "How long it may: max_wait_time.", all_promises},
    {"muster_queue_paused", GAUGE, "1 where a queue is paused on this host.", all_paused},
    {"muster_workers", GAUGE, "Worker processes of this host.", all_workers},
    {"muster_handlers_busy", GAUGE, "Handlers that run a job now.", all_busy},
    {"muster_worker_memory_bytes", GAUGE, "Memory of the workers with their handlers.", all_memory},
    {"muster_attempts", COUNTER, "Attempts that have ended on this host.", all_attempts},
    {"muster_attempts_failed", COUNTER, "Those of them that did not succeed.", all_failed},
    {"muster_handlers_busy_seconds", COUNTER, "Time that handlers have spent in jobs.",
     all_busy_seconds},
    {"muster_attempt_run_seconds", HISTOGRAM, "How long attempts ran that ended on this host.",
     all_run_times},
    {"muster_attempt_wait_seconds", HISTOGRAM,
     "How long they had waited, from when the job was due.", all_wait_times},
};

int openmetrics_write(const struct master *master, bool is_open, struct buf *out)
{
    struct writing writing = {.master = master, .out = out, .is_open = is_open};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        const struct family *family = writing.family = &families[i];
        const char *suffix = family->type == COUNTER && !is_open ? "_total" : "";
        writing.result |= buf_printf(out, "# TYPE %s%s %s\n# HELP %s%s %s\n", family->name, suffix,
                                     type_names[family->type], family->name, suffix, family->help);
        family->put(&writing);
    }
    if (is_open)
        writing.result |= buf_text_append(out, "# EOF\n");
    return writing.result;
}

bool openmetrics_is_wanted(const char *accept)
{
    return accept && strstr(accept, "application/openmetrics-text");
}
