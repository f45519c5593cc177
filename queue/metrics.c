/* SPDX-License-Identifier: MIT */
#include "queue/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

void metrics_reset(struct metrics *metrics)
{
    for (size_t i = 0; i < metrics->class_count; i++)
        free(metrics->classes[i].name);
    free(metrics->classes);
    *metrics = (struct metrics){0};
}

static struct metrics_class *find_class(struct metrics *metrics, const char *name)
{
    for (size_t i = 0; i < metrics->class_count; i++)
        if (strcmp(metrics->classes[i].name, name) == 0)
            return &metrics->classes[i];
    return NULL;
}

static struct metrics_class *add_class(struct metrics *metrics, const char *name)
{
    metrics->classes =
        mem_resize(metrics->classes, metrics->class_count + 1, sizeof *metrics->classes);
    struct metrics_class *added = &metrics->classes[metrics->class_count++];
    *added = (struct metrics_class){.name = mem_strdup(name)};
    return added;
}

/* The last place is kept for all the others. */
static struct metrics_class *class_of(struct metrics *metrics, const char *name)
{
    struct metrics_class *found = find_class(metrics, name);
    if (!found && metrics->class_count >= METRICS_CLASSES_MAX - 1) {
        name = METRICS_OTHERS;
        found = find_class(metrics, name);
    }
    return found ? found : add_class(metrics, name);
}

static void merge_class(struct metrics_class *into, const struct metrics_class *other)
{
    into->processed += other->processed;
    into->retried += other->retried;
    into->failed += other->failed;
    histogram_merge(&into->run, &other->run);
    histogram_merge(&into->wait, &other->wait);
}

void metrics_count(struct metrics *metrics, const char *name, enum metrics_end end, int64_t run_us,
                   int64_t wait_us)
{
    struct metrics_class *counted = class_of(metrics, name);
    uint64_t *const counters[] = {
        [METRICS_PROCESSED] = &counted->processed,
        [METRICS_RETRIED] = &counted->retried,
        [METRICS_FAILED] = &counted->failed,
    };
    ++*counters[end];
    histogram_add(&counted->run, run_us);
    histogram_add(&counted->wait, wait_us);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void metrics_merge(struct metrics *metrics, const struct metrics *other)
{
    for (size_t i = 0; i < other->class_count; i++)
        merge_class(class_of(metrics, other->classes[i].name), &other->classes[i]);
    metrics->busy_us += other->busy_us;
    metrics->capacity_us += other->capacity_us;
    metrics->memory = larger(metrics->memory, other->memory);
    metrics->memory_limit = larger(metrics->memory_limit, other->memory_limit);
    metrics->peak = larger(metrics->peak, other->peak);
    metrics->store_us += other->store_us;
    metrics->store_calls += other->store_calls;
}

void metrics_total(const struct metrics *metrics, struct metrics_class *total)
{
    *total = (struct metrics_class){0};
    for (size_t i = 0; i < metrics->class_count; i++)
        merge_class(total, &metrics->classes[i]);
}

bool metrics_is_empty(const struct metrics *metrics)
{
    return metrics->class_count == 0 && metrics->capacity_us == 0 && metrics->peak == 0 &&
           metrics->store_calls == 0;
}
