/* SPDX-License-Identifier: MIT */
#include "supervisor/scaling/scaling_describe.h"

#include <math.h>
#include <string.h>

#include "scaler/explain.h"
#include "supervisor/master.h"

static void put_number(cJSON *object, const char *name, double value)
{
    cJSON_AddNumberToObject(object, name, round(value * 1000) / 1000);
}

/* null where it is negative: there is none */
static void put_maybe(cJSON *object, const char *name, double value)
{
    if (value >= 0)
        put_number(object, name, value);
    else
        cJSON_AddNullToObject(object, name);
}

static const char *policy_name(enum scaling_policy policy)
{
    static const char *const names[] = {
        [SCALING_AUTO] = "auto",
        [SCALING_LATENCY] = "latency",
        [SCALING_THRESHOLD] = "threshold",
        [SCALING_COMMAND] = "command",
    };
    return names[policy];
}

static bool has_order(const struct scaled *scaled)
{
    return scaled->order.workers != ORDER_NONE;
}

void scaling_describe(const struct scaling *scaling, cJSON *object)
{
    const struct auto_scaling_settings *settings = &scaling->master->settings->auto_scaling;
    cJSON_AddBoolToObject(object, "enabled", settings->enabled);
    cJSON_AddStringToObject(object, "state", scaling_state_name(scaling->state));
    cJSON_AddStringToObject(object, "host", scaling->host);
    cJSON_AddStringToObject(object, "host_full", scaling->host_full);
    cJSON_AddNumberToObject(object, "max_total_workers", (double)settings->max_total_workers);
    cJSON_AddNumberToObject(object, "max_host_workers", (double)settings->max_host_workers);
    cJSON *stores = cJSON_AddArrayToObject(object, "stores");
    for (const struct hosts *hosts = scaling->stores; hosts; hosts = hosts->next) {
        cJSON *store = cJSON_CreateObject();
        const cJSON *other;
        cJSON_AddStringToObject(store, "connection", hosts->connection);
        cJSON_AddBoolToObject(store, "heard", hosts->is_heard);
        cJSON_AddBoolToObject(store, "leads", hosts->leads);
        cJSON *others = cJSON_AddArrayToObject(store, "other_hosts");
        cJSON_ArrayForEach(other, hosts->others)
            cJSON_AddItemToArray(others, cJSON_CreateString(json_get_string(other, "host", "")));
        cJSON_AddItemToArray(stores, store);
    }
}

static cJSON *describe_order(const struct scaled *scaled)
{
    const struct order *order = &scaled->order;
    if (!has_order(scaled))
        return cJSON_CreateNull();
    cJSON *object = cJSON_CreateObject();
    put_number(object, "workers", (double)order->workers);
    put_number(object, "at", (double)order->at_ms);
    if (order->until_ms > 0)
        put_number(object, "until", (double)order->until_ms);
    else
        cJSON_AddNullToObject(object, "until");
    cJSON_AddBoolToObject(object, "force", order->beyond_bounds);
    cJSON_AddStringToObject(object, "reason", order->reason);
    return object;
}

cJSON *scaling_describe_queue(const struct scaled *scaled)
{
    const struct policy *policy = &scaled->policy;
    const struct pool *pool = scaled->pool;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "queue", pool->queue);
    cJSON_AddBoolToObject(object, "scaled", scaled->follows_load);
    cJSON_AddStringToObject(object, "policy",
                            scaled->follows_load ? policy_name(policy->kind) : "fixed");
    put_number(object, "workers", (double)pool->wanted);
    put_number(object, "running", (double)pool_running(pool));
    put_number(object, "target", (double)(scaled->target >= 0 ? scaled->target : pool->wanted));
    put_number(object, "min_workers", (double)policy->min);
    put_number(object, "max_workers", (double)policy->max);
    put_number(object, "max_wait_time", policy->promise);
    cJSON_AddStringToObject(object, "term", term_name(scaled->decision.term));
    cJSON_AddStringToObject(object, "reason", scaled->decision.reason);
    cJSON_AddStringToObject(object, "command_error", scaled->complaint);
    cJSON_AddItemToObject(object, "order", describe_order(scaled));
    cJSON_AddItemToObject(object, "metrics", scaling_describe_metrics(scaled));
    return object;
}

cJSON *scaling_describe_metrics(const struct scaled *scaled)
{
    const struct load_history *history = &scaled->history;
    cJSON *metrics = cJSON_CreateObject();
    put_number(metrics, "queue_size", scaled->load.ready);
    put_number(metrics, "avg_worker_utilization", 100 * rate_of(&history->utilisation));
    put_number(metrics, "processing_rate", rate_of(&history->processing));
    put_number(metrics, "incoming_rate", rate_of(&history->incoming));
    put_number(metrics, "avg_wait_time", load_history_mean_wait(history, &scaled->load));
    return metrics;
}

cJSON *scaling_describe_action(const struct scaled *scaled, int64_t from)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "queue", scaled->pool->queue);
    cJSON_AddStringToObject(object, "action", scaled->target > from ? "scale_up" : "scale_down");
    put_number(object, "from", (double)from);
    put_number(object, "to", (double)scaled->target);
    cJSON_AddStringToObject(object, "reason", scaled->decision.reason);
    cJSON_AddItemToObject(object, "metrics", scaling_describe_metrics(scaled));
    return object;
}

/* --- Why --- */

static uint64_t count_ended(const struct pool *pool)
{
    uint64_t count = 0;
    for (int i = 0; i < RUN_TIMES; i++)
        count += pool->counts.run_times[i];
    return count;
}

/* Seconds that the part q of the attempts did not exceed, by the end of its bucket; negative where
 * none has ended. */
static double run_time(const struct pool *pool, double q)
{
    double wanted = q * (double)count_ended(pool), seen = 0;
    for (int i = 0; i < RUN_TIMES; i++) {
        seen += (double)pool->counts.run_times[i];
        if (seen > 0 && seen >= wanted)
            return ldexp(1e-3, i);
    }
    return -1;
}

static void put_load(cJSON *inputs, const struct scaled *scaled)
{
    const struct load *load = &scaled->load;
    const struct load_history *history = &scaled->history;
    cJSON_AddBoolToObject(inputs, "stale", load->stale);
    put_number(inputs, "ready", load->ready);
    put_number(inputs, "reserved", load->reserved);
    put_number(inputs, "delayed", load->delayed);
    put_maybe(inputs, "oldest_wait", load->oldest);
    put_number(inputs, "workers", (double)load->workers);
    put_number(inputs, "starting", (double)load->starting);
    put_number(inputs, "busy", load->busy);
    put_number(inputs, "concurrency", load->concurrency);
    put_number(inputs, "boot_time", load->boot);
    put_number(inputs, "job_time", load_history_service_time(history));
    put_maybe(inputs, "job_time_p50", run_time(scaled->pool, 0.50));
    put_maybe(inputs, "job_time_p95", run_time(scaled->pool, 0.95));
    put_number(inputs, "sustained_rate", load_history_sustained_rate(history));
    put_number(inputs, "failure_rate", 100 * rate_of(&history->failures));
    cJSON_AddItemToObject(inputs, "last_minute", scaling_describe_metrics(scaled));
}

/* Nothing is decided by the load. */
static bool is_standing(enum term term)
{
    return term == TERM_OFF || term == TERM_FIXED || term == TERM_PAUSED;
}

/* What the queue itself would say, then what everybody together has made of it. */
static void put_binding(cJSON *object, const struct scaled *scaled,
                        const struct explanation *explanation)
{
    const struct decision *last = &scaled->decision;
    bool is_own = last->term != TERM_BUDGET && !is_standing(last->term);
    const struct decision *decision = is_own ? &explanation->decision : last;
    cJSON_AddStringToObject(object, "term", term_name(decision->term));
    cJSON_AddStringToObject(object, "reason", decision->reason);
    cJSON_AddStringToObject(object, "cure", explain_cure(decision->term));
    put_number(object, "steady_workers", (double)explanation->decision.steady);
    put_number(object, "backlog_workers", (double)explanation->decision.backlog);
}

void scaling_describe_why(const struct scaled *scaled, cJSON *object)
{
    struct explanation explanation;
    const struct circumstances circumstances = scaled_circumstances(scaled);
    explain(&scaled->policy, &scaled->history, &scaled->load, &circumstances, &explanation);
    if (is_standing(scaled->decision.term))
        explanation.more_ready = explanation.more_rate = explanation.fewer_in = -1;
    cJSON *queue = scaling_describe_queue(scaled);
    while (queue->child) {
        cJSON *member = cJSON_DetachItemViaPointer(queue, queue->child);
        if (strcmp(member->string, "metrics") == 0 || strcmp(member->string, "term") == 0 ||
            strcmp(member->string, "reason") == 0)
            cJSON_Delete(member);
        else
            cJSON_AddItemToObject(object, member->string, member);
    }
    cJSON_Delete(queue);
    put_binding(object, scaled, &explanation);
    put_load(cJSON_AddObjectToObject(object, "inputs"), scaled);
    cJSON *change = cJSON_AddObjectToObject(object, "change");
    put_maybe(change, "one_more_at_ready", explanation.more_ready);
    put_maybe(change, "one_more_at_rate", explanation.more_rate);
    put_maybe(change, "fewer_in", explanation.fewer_in);
}
