/* SPDX-License-Identifier: MIT */
#include "supervisor/state_parts.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/control/web.h"
#include "supervisor/master.h"

/* The master itself */

static const struct state_number host_rows[] = {
    STATE_NUMBER(struct host, generation, STATE_UINT32),
    {.name = NULL},
};

static void save_strangers(const struct strangers *strangers, cJSON *list)
{
    for (size_t i = 0; i < strangers->count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(strangers->pids[i]));
}

static void load_strangers(struct reaper *reaper, const cJSON *list)
{
    pid_t *pids = mem_new((size_t)cJSON_GetArraySize(list) + 1, sizeof *pids);
    size_t count = 0;
    const cJSON *pid;
    cJSON_ArrayForEach(pid, list) pids[count++] = (pid_t)pid->valueint;
    reaper_resume(reaper, pids, count);
    free(pids);
}

static void save_master(struct master *master, struct state_out *out, cJSON *into)
{
    (void)out;
    state_put_numbers(into, host_rows, &master->host);
    json_put_number(into, "started_wall_ms", (double)master->started_wall_ms);
    json_put_number(into, "upgrades", master->upgrade.count + 1);
    save_strangers(&master->reaper.strangers, cJSON_AddArrayToObject(into, "strangers"));
}

static void load_master(struct master *master, struct state_in *in, const cJSON *from)
{
    (void)in;
    state_get_numbers(from, host_rows, &master->host);
    master->started_wall_ms = json_get_integer(from, "started_wall_ms", master->started_wall_ms);
    upgrade_note_done(&master->upgrade, (unsigned)json_get_integer(from, "upgrades", 1));
    load_strangers(&master->reaper, json_get(from, "strangers"));
}

/* Sockets */

static void save_listener(void *context, const char *place, int descriptor)
{
    struct state_out *out = context;
    state_put_fd(out, cJSON_GetObjectItemCaseSensitive(out->root, "listeners"), place, descriptor);
}

static void save_listeners(struct master *master, struct state_out *out, cJSON *into)
{
    (void)into;
    web_listeners(master->web, save_listener, out);
}

static void save_control(struct master *master, struct state_out *out, cJSON *into)
{
    state_put_fd(out, into, "socket", control_listener(master->control));
}

int state_control_listener(struct state_in *in)
{
    return in ? state_take_fd(in, json_get(in->root, "control"), "socket") : -1;
}

int state_web_listener(void *context, const char *place)
{
    struct state_in *in = context;
    return in ? state_take_fd(in, json_get(in->root, "listeners"), place) : -1;
}

/* What people have ordered */

#define ROW(member, kind) STATE_NUMBER(struct order, member, STATE_##kind)

static const struct state_number order_rows[] = {
    ROW(workers, INT64),      ROW(at_ms, INT64), ROW(until_ms, INT64),
    ROW(beyond_bounds, BOOL), {.name = NULL},
};

static void save_scaling(struct master *master, struct state_out *out, cJSON *into)
{
    (void)out;
    json_put_number(into, "state", master->scaling.state);
    json_put_number(into, "state_ms", (double)master->scaling.state_ms);
    cJSON *orders = cJSON_AddObjectToObject(into, "orders");
    for (const struct scaled *one = master->scaling.queues; one; one = one->next) {
        cJSON *order = cJSON_AddObjectToObject(orders, one->pool->queue);
        state_put_numbers(order, order_rows, &one->order);
        json_put_text(order, "reason", one->order.reason);
    }
}

static void load_scaling(struct master *master, struct state_in *in, const cJSON *from)
{
    (void)in;
    master->scaling.state = (enum scaling_state)json_get_integer(from, "state", 0);
    master->scaling.state_ms = json_get_integer(from, "state_ms", 0);
    for (struct scaled *one = master->scaling.queues; one; one = one->next) {
        const cJSON *order = json_get(json_get(from, "orders"), one->pool->queue);
        state_get_numbers(order, order_rows, &one->order);
        order_set_reason(&one->order, json_get_string(order, "reason", ""));
    }
    scaling_follow(&master->scaling);
}

static void load_nothing(struct master *master, struct state_in *in, const cJSON *from)
{
    (void)master, (void)in, (void)from; /* its sockets were taken when they were needed */
}

/* In the order that they are taken over in. */
static const struct state_part parts[] = {
    {"master", save_master, load_master},
    {"control", save_control, load_nothing},
    {"listeners", save_listeners, load_nothing},
    {"programs", state_save_programs, state_load_programs},
    {"returns", state_save_returns, state_load_returns},
    {"workers", state_save_workers, state_load_workers},
    {"scaling", save_scaling, load_scaling},
};

#define PART_COUNT (sizeof parts / sizeof parts[0])

void state_save(struct master *master, struct state_out *out)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        parts[i].save(master, out, cJSON_AddObjectToObject(out->root, parts[i].name));
}

void state_load(struct master *master, struct state_in *in)
{
    for (size_t i = 0; i < PART_COUNT; i++)
        parts[i].load(master, in, json_get(in->root, parts[i].name));
    size_t left = state_in_finish(in);
    if (left > 0)
        log_write(LOG_WARN, "%zu descriptors that were handed over are not needed", left);
}
