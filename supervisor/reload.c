/* SPDX-License-Identifier: MIT */
#include "supervisor/reload.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

/* A comparison under way. */
struct comparison {
    const struct settings *before, *after;
    struct reload_plan *plan;
    bool replace_all; /* something changed that all workers work by */
};

static void note_muster_key(void *context, const struct key *key)
{
    struct comparison *comparison = context;
    struct reload_plan *plan = comparison->plan;
    plan->differs = true;
    if (key->reload == RELOAD_RESTART) {
        plan->unserved = mem_resize(plan->unserved, plan->unserved_count + 1, sizeof(char *));
        plan->unserved[plan->unserved_count++] = key->name;
    }
    /* The default connection counts where a queue is on it: its own connection has changed then. */
    bool is_default = key->offset == offsetof(struct muster_settings, connection);
    if (key->reload == RELOAD_WORKERS && !is_default)
        comparison->replace_all = true;
}

static bool connection_differs(const struct comparison *comparison, const char *name)
{
    const struct connection_settings *before = settings_connection(comparison->before, name);
    const struct connection_settings *after = settings_connection(comparison->after, name);
    if (!before || !after)
        return before != after;
    return keys_compare(&settings_connection_table, before, after, NULL, NULL) >= 0;
}

static void compare_connections(struct comparison *comparison)
{
    const struct settings *before = comparison->before, *after = comparison->after;
    for (size_t i = 0; i < before->connection_count; i++)
        if (connection_differs(comparison, before->connections[i].name))
            comparison->plan->differs = true;
    for (size_t i = 0; i < after->connection_count; i++)
        if (connection_differs(comparison, after->connections[i].name))
            comparison->plan->differs = true;
}

/* What is said of classes of jobs holds in all queues. */
static bool jobs_differ(const struct settings *before, const struct settings *after)
{
    if (before->job_count != after->job_count)
        return true;
    for (size_t i = 0; i < after->job_count; i++)
        if (strcmp(before->jobs[i].name, after->jobs[i].name) != 0 ||
            keys_compare(&settings_job_table, &before->jobs[i], &after->jobs[i], NULL, NULL) >= 0)
            return true;
    return false;
}

/* The first rule that holds decides, so their order counts too. */
static bool policies_differ(const struct settings *before, const struct settings *after)
{
    if (before->policy_count != after->policy_count)
        return true;
    for (size_t i = 0; i < after->policy_count; i++)
        if (strcmp(before->policies[i].name, after->policies[i].name) != 0 ||
            keys_compare(&settings_policy_table, &before->policies[i], &after->policies[i], NULL,
                         NULL) >= 0)
            return true;
    return false;
}

/* Nobody but the scaler looks at these: the next decision is made by the new ones. */
static bool scaling_differs(const struct settings *before, const struct settings *after)
{
    if (keys_compare(&settings_auto_scaling_table, &before->auto_scaling, &after->auto_scaling,
                     NULL, NULL) >= 0 ||
        before->schedule_count != after->schedule_count)
        return true;
    for (size_t i = 0; i < after->schedule_count; i++)
        if (strcmp(before->schedules[i].name, after->schedules[i].name) != 0 ||
            keys_compare(&settings_schedule_table, &before->schedules[i], &after->schedules[i],
                         NULL, NULL) >= 0)
            return true;
    return false;
}

static bool notifies_differ(const struct settings *before, const struct settings *after)
{
    if (before->notify_count != after->notify_count)
        return true;
    for (size_t i = 0; i < after->notify_count; i++)
        if (strcmp(before->notifies[i].name, after->notifies[i].name) != 0 ||
            keys_compare(&settings_notify_table, &before->notifies[i], &after->notifies[i], NULL,
                         NULL) >= 0)
            return true;
    return false;
}

static void compare_monitoring(struct comparison *comparison)
{
    int need = keys_compare(&settings_monitoring_table, &comparison->before->monitoring,
                            &comparison->after->monitoring, NULL, NULL);
    if (need >= 0 || notifies_differ(comparison->before, comparison->after))
        comparison->plan->differs = true;
    if (need >= RELOAD_WORKERS)
        comparison->replace_all = true;
}

static enum queue_change compare_queue(const struct comparison *comparison,
                                       const struct queue_settings *after)
{
    const struct queue_settings *before = settings_queue(comparison->before, after->name);
    if (!before)
        return QUEUE_ADDED;
    int need = keys_compare(&settings_queue_table, before, after, NULL, NULL);
    if (need >= RELOAD_WORKERS || comparison->replace_all ||
        connection_differs(comparison, after->connection))
        return QUEUE_REPLACED;
    return need < 0 ? QUEUE_KEPT : QUEUE_RESIZED;
}

static void note_queue(struct reload_plan *plan, const char *name, enum queue_change change)
{
    plan->queues[plan->queue_count++] = (struct reload_queue){name, change};
    if (change != QUEUE_KEPT)
        plan->differs = true;
}

struct reload_plan *reload_compare(const struct settings *before, const struct settings *after)
{
    struct reload_plan *plan = mem_new(1, sizeof *plan);
    struct comparison comparison = {.before = before, .after = after, .plan = plan};
    plan->queues = mem_new(before->queue_count + after->queue_count, sizeof *plan->queues);
    keys_compare(&settings_muster_table, &before->muster, &after->muster, note_muster_key,
                 &comparison);
    compare_connections(&comparison);
    if (jobs_differ(before, after) || policies_differ(before, after))
        plan->differs = comparison.replace_all = true;
    compare_monitoring(&comparison);
    if (scaling_differs(before, after))
        plan->differs = true;
    for (size_t i = 0; i < after->queue_count; i++)
        note_queue(plan, after->queues[i].name, compare_queue(&comparison, &after->queues[i]));
    for (size_t i = 0; i < before->queue_count; i++)
        if (!settings_queue(after, before->queues[i].name))
            note_queue(plan, before->queues[i].name, QUEUE_REMOVED);
    return plan;
}

void reload_plan_destroy(struct reload_plan *plan)
{
    if (!plan)
        return;
    free(plan->queues);
    free(plan->unserved);
    free(plan);
}

const char *reload_change_name(enum queue_change change)
{
    static const char *const names[] = {
        [QUEUE_KEPT] = "kept",   [QUEUE_RESIZED] = "resized", [QUEUE_REPLACED] = "replaced",
        [QUEUE_ADDED] = "added", [QUEUE_REMOVED] = "removed",
    };
    return names[change];
}
