/* SPDX-License-Identifier: MIT */
#include "queue/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/mem.h"

/* The numbers of an object: one row each, for writing and reading. */
struct number {
    const char *name;
    size_t offset;
};

static const struct number metrics_numbers[] = {
    {"busy_us", offsetof(struct metrics, busy_us)},
    {"capacity_us", offsetof(struct metrics, capacity_us)},
    {"memory", offsetof(struct metrics, memory)},
    {"memory_limit", offsetof(struct metrics, memory_limit)},
    {"peak", offsetof(struct metrics, peak)},
    {"store_us", offsetof(struct metrics, store_us)},
    {"store_calls", offsetof(struct metrics, store_calls)},
};

static const struct number class_numbers[] = {
    {"processed", offsetof(struct metrics_class, processed)},
    {"retried", offsetof(struct metrics_class, retried)},
    {"failed", offsetof(struct metrics_class, failed)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int print_numbers(const struct number *numbers, size_t count, const void *values,
                         struct buf *out)
{
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *value = (const uint64_t *)((const char *)values + numbers[i].offset);
        result |= buf_printf(out, "%s\"%s\":%" PRIu64, i ? "," : "", numbers[i].name, *value);
    }
    return result;
}

static int print_histogram(const char *name, const struct histogram *histogram, struct buf *out)
{
    int result = buf_printf(out, ",\"%s\":\"", name);
    result |= histogram_print(histogram, out);
    return result | buf_text_append(out, "\"");
}

static int print_class(const struct metrics_class *printed, struct buf *out)
{
    int result = buf_text_append(out, "{\"name\":");
    result |= json_string_append(out, printed->name, strlen(printed->name));
    result |= buf_text_append(out, ",");
    result |= print_numbers(class_numbers, COUNT_OF(class_numbers), printed, out);
    result |= print_histogram("run", &printed->run, out);
    result |= print_histogram("wait", &printed->wait, out);
    return result | buf_text_append(out, "}");
}

int metrics_print(const struct metrics *metrics, struct buf *out)
{
    int result = buf_text_append(out, "{");
    result |= print_numbers(metrics_numbers, COUNT_OF(metrics_numbers), metrics, out);
    result |= buf_text_append(out, ",\"classes\":[");
    for (size_t i = 0; i < metrics->class_count; i++) {
        result |= buf_text_append(out, i ? "," : "");
        result |= print_class(&metrics->classes[i], out);
    }
    return result | buf_text_append(out, "]}");
}

static void read_numbers(const struct number *numbers, size_t count, const cJSON *object,
                         void *values)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = json_get_integer(object, numbers[i].name, 0);
        *(uint64_t *)((char *)values + numbers[i].offset) = value > 0 ? (uint64_t)value : 0;
    }
}

/* Reads one class as the figures of a queue that has only this one. */
static int read_class(const cJSON *object, struct metrics *metrics, struct err *err)
{
    struct metrics_class read = {0};
    const char *name = json_get_string(object, "name", NULL);
    if (!name)
        return err_set(err, ERR_INVALID, "metrics: a class without a name");
    read_numbers(class_numbers, COUNT_OF(class_numbers), object, &read);
    if (histogram_parse(json_get_string(object, "run", ""), &read.run, err) < 0 ||
        histogram_parse(json_get_string(object, "wait", ""), &read.wait, err) < 0)
        return -1;
    char *owned = mem_strdup(name);
    read.name = owned;
    const struct metrics one = {.classes = &read, .class_count = 1};
    metrics_merge(metrics, &one);
    free(owned);
    return 0;
}

static int read_metrics(const cJSON *object, struct metrics *metrics, struct err *err)
{
    read_numbers(metrics_numbers, COUNT_OF(metrics_numbers), object, metrics);
    const cJSON *classes = json_get(object, "classes");
    const cJSON *item;
    int result = cJSON_IsArray(classes) ? 0 : err_set(err, ERR_INVALID, "metrics: no classes");
    cJSON_ArrayForEach(item, classes)
    {
        if (result == 0)
            result = read_class(item, metrics, err);
    }
    return result;
}

int metrics_parse(const char *text, size_t length, struct metrics *metrics, struct err *err)
{
    cJSON *object = json_parse(text, length, err);
    if (!object)
        return -1;
    struct metrics read = {0};
    int result = read_metrics(object, &read, err);
    cJSON_Delete(object);
    if (result < 0) {
        metrics_reset(&read);
        return -1;
    }
    metrics_reset(metrics);
    *metrics = read;
    return 0;
}
