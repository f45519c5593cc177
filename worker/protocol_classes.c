/* SPDX-License-Identifier: MIT */
#include "common/settings.h"
#include "worker/protocol_classes.h"

#include <string.h>

/* A limit in an object: its name, and the most that it can be. */
struct limit {
    const char *name;
    double max;
    bool is_time; /* seconds there, milliseconds here */
    size_t offset;
};

static const struct limit limits[] = {
    {"timeout", JOB_TIMEOUT_MAX, true, offsetof(struct protocol_class, timeout_ms)},
    {"max_attempts", JOB_ATTEMPTS_MAX, false, offsetof(struct protocol_class, max_attempts)},
    {"backoff_delay", JOB_DELAY_MAX, true, offsetof(struct protocol_class, backoff_delay_ms)},
    {"backoff_max", JOB_DELAY_MAX, true, offsetof(struct protocol_class, backoff_max_ms)},
};

static int read_limit(const cJSON *object, const struct limit *limit, struct protocol_class *class,
                      struct err *err)
{
    const cJSON *member = json_get(object, limit->name);
    if (!member || cJSON_IsNull(member))
        return 0;
    double number = member->valuedouble;
    if (!cJSON_IsNumber(member) || number < 0 || number > limit->max ||
        (!limit->is_time && number != (double)(int64_t)number))
        return err_set(err, ERR_INVALID, "%s must be a%s number from 0 to %.0f", limit->name,
                       limit->is_time ? "" : " whole", limit->max);
    int64_t *out = (int64_t *)((char *)class + limit->offset);
    *out = (int64_t)(limit->is_time ? number * 1000 + 0.5 : number);
    return 0;
}

static int read_backoff(const cJSON *object, struct protocol_class *class, struct err *err)
{
    const cJSON *member = json_get(object, "backoff");
    if (!member || cJSON_IsNull(member))
        return 0;
    for (int i = 0; cJSON_IsString(member) && settings_backoff_names[i]; i++) {
        if (strcmp(settings_backoff_names[i], member->valuestring) != 0)
            continue;
        class->backoff = i;
        return 0;
    }
    return err_set(err, ERR_INVALID, "backoff must be none, fixed, linear or exponential");
}

static int read_object(const cJSON *object, struct protocol_class *class, struct err *err)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (read_limit(object, &limits[i], class, err) < 0)
            return err_prefix(err, "%s", class->name);
    return read_backoff(object, class, err) < 0 ? err_prefix(err, "%s", class->name) : 0;
}

static int read_class(const cJSON *element, struct arena *arena, struct protocol_class *class,
                      struct err *err)
{
    const char *name =
        cJSON_IsString(element) ? element->valuestring : json_get_string(element, "job", "");
    size_t length = strlen(name);
    if (length == 0 || length > JOB_NAME_MAX)
        return err_set(err, ERR_INVALID,
                       "each of jobs must be a name, or an object with one in \"job\", of 1 to %d "
                       "bytes",
                       JOB_NAME_MAX);
    *class = (struct protocol_class){
        .name = arena_strndup(arena, name, length),
        .timeout_ms = PROTOCOL_UNSET,
        .max_attempts = PROTOCOL_UNSET,
        .backoff = PROTOCOL_UNSET,
        .backoff_delay_ms = PROTOCOL_UNSET,
        .backoff_max_ms = PROTOCOL_UNSET,
    };
    return cJSON_IsObject(element) ? read_object(element, class, err) : 0;
}

static int read_all(const cJSON *array, struct arena *arena, struct frame *frame, struct err *err)
{
    int count = cJSON_GetArraySize(array);
    if (!cJSON_IsArray(array) || count < 1 || count > PROTOCOL_CLASSES_MAX)
        return err_set(err, ERR_INVALID, "jobs must be an array of 1 to %d classes",
                       PROTOCOL_CLASSES_MAX);
    struct protocol_class *classes = arena_alloc(arena, (size_t)count * sizeof *classes);
    const cJSON *element;
    cJSON_ArrayForEach(element,
                       array) if (read_class(element, arena, &classes[frame->class_count++], err) <
                                  0) return -1;
    frame->classes = classes;
    return 0;
}

int protocol_read_classes(const struct json_slice *jobs, struct arena *arena, struct frame *frame,
                          struct err *err)
{
    cJSON *array = json_parse(jobs->text, jobs->length, err);
    int result = array ? read_all(array, arena, frame, err) : -1;
    cJSON_Delete(array);
    return result;
}
