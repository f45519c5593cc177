/* SPDX-License-Identifier: MIT */

/* What the control socket takes about scaling (docs/control.md). */
#include "supervisor/command.h"

#include <string.h>

#include "scaler/bounds.h"
#include "scaler/explain.h"
#include "supervisor/master.h"
#include "supervisor/scaling/diary.h"
#include "supervisor/scaling/scaling_describe.h"

#define HISTORY_DEFAULT 100
#define FOR_MAX_MS      (INT64_C(366) * 24 * 3600 * 1000)

/* The queue that a request names. NULL with err. */
static struct scaled *queue_of(struct master *master, const cJSON *request, struct err *err)
{
    const char *name = json_get_string(request, "queue", NULL);
    struct scaled *scaled = name ? scaling_queue(&master->scaling, name) : NULL;
    if (!name)
        err_set(err, ERR_INVALID, "queue: the name of a queue is missing");
    else if (!scaled)
        err_set(err, ERR_NOT_FOUND, "there is no queue %.100s in the configuration", name);
    return scaled;
}

/* The queue that it names, or NULL where it names none. Returns 0, or -1 with err. */
static int maybe_queue(struct master *master, const cJSON *request, struct scaled **scaled,
                       struct err *err)
{
    *scaled = NULL;
    if (!json_get(request, "queue"))
        return 0;
    *scaled = queue_of(master, request, err);
    return *scaled ? 0 : -1;
}

static int run_status(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct scaled *only;
    if (maybe_queue(master, request, &only, err) < 0)
        return -1;
    const struct scaling *scaling = &master->scaling;
    scaling_describe(scaling, answer);
    cJSON *list = cJSON_AddArrayToObject(answer, "queues");
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (!only || scaled == only)
            cJSON_AddItemToArray(list, scaling_describe_queue(scaled));
    return 0;
}

/* --- Orders --- */

static int read_number(const cJSON *request, const char *name, int64_t max, int64_t *value,
                       struct err *err)
{
    const cJSON *item = json_get(request, name);
    *value = 0;
    if (!item)
        return 0;
    double number = cJSON_IsNumber(item) ? item->valuedouble : -1;
    if (!(number >= 0 && number <= (double)max) || number != (double)(int64_t)number)
        return err_set(err, ERR_INVALID, "%s: must be a whole number from 0 to %lld", name,
                       (long long)max);
    *value = (int64_t)number;
    return 0;
}

/* Later than the last order, whatever the clocks of other hosts say: the newest counts. */
static int64_t order_time(const struct master *master, const struct scaled *scaled)
{
    int64_t now_ms = clock_wall_ms(master->host.clock);
    return now_ms > scaled->order.at_ms ? now_ms : scaled->order.at_ms + 1;
}

static int read_order(const struct master *master, const cJSON *request,
                      const struct scaled *scaled, struct order *order, struct err *err)
{
    int64_t for_ms;
    if (!json_get(request, "workers"))
        return err_set(err, ERR_INVALID, "workers: a number is missing");
    if (read_number(request, "workers", BOUNDS_TOTAL_MAX, &order->workers, err) < 0 ||
        read_number(request, "for_ms", FOR_MAX_MS, &for_ms, err) < 0)
        return -1;
    order->at_ms = order_time(master, scaled);
    order->until_ms = for_ms > 0 ? clock_wall_ms(master->host.clock) + for_ms : 0;
    order->beyond_bounds = json_get_bool(request, "force", false);
    order_set_reason(order, json_get_string(request, "reason", "Ordered"));
    return 0;
}

static int check_can_scale(const struct master *master, const struct scaled *scaled,
                           struct err *err)
{
    const struct queue_settings *queue = settings_queue(master->settings, scaled->pool->queue);
    if (master_check_running(master, "scaling", err) < 0)
        return -1;
    if (queue->command[0])
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "queue %s has no command: nobody here could run its jobs; write one in "
                   "[queue:%s]",
                   queue->name, queue->name);
}

static int64_t present(const struct scaled *scaled)
{
    return scaled->target >= 0 ? scaled->target : scaled->pool->wanted;
}

/* What comes of an order; where another host decides, it will hear of it in a moment. */
static void put_outcome(const struct master *master, const struct scaled *scaled, cJSON *answer)
{
    const struct hosts *hosts = scaling_hosts_of(&master->scaling, scaled);
    const struct order *order = &scaled->order;
    const struct bounds bounds = {.min = scaled->policy.min, .max = scaled->policy.max};
    bool is_done = !hosts || hosts->leads;
    int64_t to = is_done                ? scaled->target
                 : order->beyond_bounds ? order->workers
                                        : bounds_clamp(&bounds, order->workers, 0);
    cJSON_AddNumberToObject(answer, "to", (double)to);
    cJSON_AddStringToObject(answer, "reason", is_done ? scaled->decision.reason : order->reason);
}

static int run_scale(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct order order = {0};
    struct scaled *scaled = queue_of(master, request, err);
    if (!scaled || check_can_scale(master, scaled, err) < 0 ||
        read_order(master, request, scaled, &order, err) < 0)
        return -1;
    int64_t from = present(scaled);
    scaling_order(&master->scaling, scaled, &order);
    cJSON_AddStringToObject(answer, "queue", scaled->pool->queue);
    cJSON_AddNumberToObject(answer, "from", (double)from);
    put_outcome(master, scaled, answer);
    return 0;
}

/* On: the policy decides again. Off: it stays as it is now. */
static void switch_queue(struct master *master, struct scaled *scaled, bool on)
{
    struct order order = {.workers = on ? ORDER_NONE : present(scaled),
                          .at_ms = order_time(master, scaled),
                          .beyond_bounds = true,
                          .reason = "Scaling of this queue is switched off"};
    scaling_order(&master->scaling, scaled, &order);
}

static int run_switch(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct scaled *scaled;
    const char *state = json_get_string(request, "state", "");
    bool on = strcmp(state, "on") == 0;
    if (!on && strcmp(state, "off") != 0)
        return err_set(err, ERR_INVALID, "state: must be on or off");
    if (master_check_running(master, "scaling", err) < 0 ||
        maybe_queue(master, request, &scaled, err) < 0)
        return -1;
    if (scaled)
        switch_queue(master, scaled, on);
    else
        scaling_switch(&master->scaling, on ? SCALING_ON : SCALING_OFF);
    scaling_describe(&master->scaling, answer);
    return 0;
}

static int run_decide(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    (void)request;
    if (master_check_running(master, "scaling", err) < 0)
        return -1;
    struct scaling *scaling = &master->scaling;
    cJSON *actions = cJSON_AddArrayToObject(answer, "actions");
    for (struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        scaled->before = scaled->target;
    scaling_decide(scaling);
    for (const struct scaled *scaled = scaling->queues; scaled; scaled = scaled->next)
        if (scaled->before >= 0 && scaled->target != scaled->before)
            cJSON_AddItemToArray(actions, scaling_describe_action(scaled, scaled->before));
    return 0;
}

/* --- Looking --- */

static int run_history(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    int64_t limit;
    const char *queue = json_get_string(request, "queue", NULL);
    if (read_number(request, "limit", DIARY_LINES_MAX, &limit, err) < 0)
        return -1;
    cJSON *list = diary_read(master->settings->muster.datadir, queue,
                             limit > 0 ? (size_t)limit : HISTORY_DEFAULT, err);
    if (!list)
        return -1;
    cJSON_AddItemToObject(answer, "history", list);
    return 0;
}

static int run_explain(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct scaled *scaled = queue_of(master, request, err);
    if (!scaled)
        return -1;
    if (!ev_is_active(&master->scaling.tick)) /* nothing is scaled: nobody has measured it yet */
        scaling_decide(&master->scaling);
    scaling_describe_why(scaled, answer);
    return 0;
}

static int run_figures(struct master *master, const cJSON *request, cJSON *answer, struct err *err)
{
    struct scaled *scaled = queue_of(master, request, err);
    if (!scaled)
        return -1;
    if (!ev_is_active(&master->scaling.tick))
        scaling_decide(&master->scaling);
    const struct pool *pool = scaled->pool;
    cJSON_AddNumberToObject(answer, "at_ms", (double)pool->measured_ms);
    cJSON_AddNumberToObject(answer, "arrived", scaled->arrived);
    cJSON *times = cJSON_AddArrayToObject(answer, "run_times");
    for (int i = 0; i < RUN_TIMES; i++)
        cJSON_AddItemToArray(times, cJSON_CreateNumber((double)pool->counts.run_times[i]));
    return 0;
}

const struct command scaling_commands[] = {
    {"scaling", run_status},          {"scale", run_scale},
    {"scaling-switch", run_switch},   {"scaling-run", run_decide},
    {"scaling-history", run_history}, {"explain", run_explain},
    {"scaling-figures", run_figures}, {NULL, NULL},
};
