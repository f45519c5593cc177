/* SPDX-License-Identifier: MIT */
#include "queue/job.h"

#include <string.h>

#include "queue/job_class.h"
#include "queue/job_text.h"

/* Jobs as people and programs write them: queue:bulk, pushes of handlers, chains, callbacks. */

enum {
    JOB,
    DATA,
    UUID,
    QUEUE,
    DELAY,
    PRIORITY,
    TIMEOUT,
    CHAIN,
    TRACEPARENT,
    MAX_ATTEMPTS,
    BATCH_UUID,
    UNIQUE_KEY,
    UNTIL,
    DURATION,
    /* the same five in the guide's other spelling, in the same order */
    MAX_ATTEMPTS_CAMEL,
    BATCH_UUID_CAMEL,
    UNIQUE_KEY_CAMEL,
    UNTIL_CAMEL,
    DURATION_CAMEL,
    FIELD_COUNT,
};

#define CAMEL_COUNT (FIELD_COUNT - MAX_ATTEMPTS_CAMEL)

static const char *const names[FIELD_COUNT] = {
    [JOB] = "job",
    [DATA] = "data",
    [UUID] = "uuid",
    [QUEUE] = "queue",
    [DELAY] = "delay",
    [PRIORITY] = "priority",
    [TIMEOUT] = "timeout",
    [CHAIN] = "chain",
    [TRACEPARENT] = "traceparent",
    [MAX_ATTEMPTS] = "max_attempts",
    [BATCH_UUID] = "batch_uuid",
    [UNIQUE_KEY] = "unique_key",
    [UNTIL] = "unique_until",
    [DURATION] = "unique_for",
    [MAX_ATTEMPTS_CAMEL] = "maxAttempts",
    [BATCH_UUID_CAMEL] = "batchUuid",
    [UNIQUE_KEY_CAMEL] = "uniqueKey",
    [UNTIL_CAMEL] = "uniqueUntil",
    [DURATION_CAMEL] = "uniqueFor",
};

/* Moves values from the one spelling to the other. */
static int merge_spellings(struct json_field *fields, struct err *err)
{
    for (int i = 0; i < CAMEL_COUNT; i++) {
        struct json_field *field = &fields[MAX_ATTEMPTS + i];
        struct json_field *camel = &fields[MAX_ATTEMPTS_CAMEL + i];
        if (!camel->value.text)
            continue;
        if (field->value.text)
            return err_set(err, ERR_INVALID, "give %s or %s, not both", field->name, camel->name);
        *field = *camel;
    }
    return 0;
}

/* The guide has the priority inside the data. There it is the application's, so what is not one of
 * ours is passed over. */
static bool read_priority_of_data(const struct json_slice *data, struct job *job)
{
    struct json_field field = {.name = "priority"};
    int64_t priority;
    if (data->kind != JSON_OBJECT ||
        json_scan_object(data->text, data->length, &field, 1, NULL) < 0 ||
        json_slice_integer(&field.value, "priority", -JOB_PRIORITY_MAX, JOB_PRIORITY_MAX, &priority,
                           NULL) < 0)
        return false;
    job->priority = (int)priority;
    return true;
}

static struct json_slice copy_slice(const struct json_slice *slice, struct arena *arena)
{
    struct json_slice copy = *slice;
    if (!slice->text)
        return copy;
    char *text = arena_strndup(arena, slice->text, slice->length);
    json_join_lines(text, slice->length);
    copy.text = text;
    return copy;
}

static int read_texts(const struct json_field *fields, struct arena *arena, struct job *job,
                      struct err *err)
{
    if (job_read_text(&fields[JOB], arena, &job->name, err) < 0 ||
        job_read_text(&fields[UUID], arena, &job->uuid, err) < 0 ||
        job_read_text(&fields[QUEUE], arena, &job->queue, err) < 0 ||
        job_read_text(&fields[BATCH_UUID], arena, &job->batch_uuid, err) < 0 ||
        job_read_text(&fields[TRACEPARENT], arena, &job->traceparent, err) < 0)
        return -1;
    return job->name ? 0 : err_set(err, ERR_INVALID, "the member \"job\" (the class) is missing");
}

static int read_numbers(const struct json_field *fields, struct job *job, struct err *err)
{
    if (job_read_integer(&fields[PRIORITY], -JOB_PRIORITY_MAX, JOB_PRIORITY_MAX, &job->priority,
                         err) < 0 ||
        job_read_integer(&fields[MAX_ATTEMPTS], 0, JOB_ATTEMPTS_MAX, &job->max_attempts, err) < 0 ||
        job_read_seconds(&fields[DELAY], JOB_DELAY_MAX, &job->delay_ms, err) < 0 ||
        job_read_seconds(&fields[TIMEOUT], JOB_TIMEOUT_MAX, &job->timeout_ms, err) < 0)
        return -1;
    return 0;
}

static const struct json_slice no_data = {.text = "{}", .length = 2, .kind = JSON_OBJECT};

static bool is_empty(const struct json_slice *data)
{
    return data->length == no_data.length && memcmp(data->text, no_data.text, data->length) == 0;
}

static struct json_slice read_data(const struct json_field *field,
                                   const struct job_defaults *defaults, struct arena *arena)
{
    bool is_given = field->value.text && !is_empty(&field->value);
    if (!is_given && defaults->data.text)
        return defaults->data;
    return field->value.text ? copy_slice(&field->value, arena) : no_data;
}

int job_read(const char *text, size_t length, const struct job_defaults *defaults,
             struct arena *arena, struct job *job, struct err *err)
{
    struct json_field fields[FIELD_COUNT];
    for (int i = 0; i < FIELD_COUNT; i++)
        fields[i].name = names[i];
    *job = (struct job){0};
    if (json_scan_object_only(text, length, fields, FIELD_COUNT, err) < 0 ||
        merge_spellings(fields, err) < 0 || read_texts(fields, arena, job, err) < 0 ||
        read_numbers(fields, job, err) < 0 ||
        job_read_unique(&fields[UNIQUE_KEY], &fields[UNTIL], &fields[DURATION], arena, job, err) <
            0)
        return -1;
    bool is_prioritised =
        job_field_given(&fields[PRIORITY]) || read_priority_of_data(&fields[DATA].value, job);
    job->data = read_data(&fields[DATA], defaults, arena);
    if (job_field_given(&fields[CHAIN]))
        job->chain = copy_slice(&fields[CHAIN].value, arena);
    if (job_apply_defaults(job, is_prioritised, defaults, arena, err) < 0)
        return -1;
    job->queue = arena_strndup(arena, job->queue, strlen(job->queue));
    return 0;
}

int job_from_json(const char *text, size_t length, const char *fallback_queue, struct arena *arena,
                  struct job *job, struct err *err)
{
    const struct job_defaults defaults = {.queue = fallback_queue};
    return job_read(text, length, &defaults, arena, job, err);
}

static const struct job_unique_names unique_names = {"unique_key", "unique_until", "unique_for"};

int job_to_json(const struct job *job, struct buf *out, struct err *err)
{
    struct job_writer writer;
    job_write_begin(&writer, out);
    job_write_text(&writer, names[JOB], job->name);
    job_write_text(&writer, names[UUID], job->uuid);
    job_write_text(&writer, names[QUEUE], job->queue);
    job_write_slice(&writer, names[DATA], &job->data);
    job_write_integer(&writer, names[PRIORITY], job->priority);
    job_write_integer(&writer, names[MAX_ATTEMPTS], job->max_attempts);
    job_write_seconds(&writer, names[TIMEOUT], job->timeout_ms);
    job_write_seconds(&writer, names[DELAY], job->delay_ms);
    job_write_text(&writer, names[BATCH_UUID], job->batch_uuid);
    job_write_unique(&writer, &unique_names, job);
    job_write_slice(&writer, names[CHAIN], &job->chain);
    job_write_text(&writer, names[TRACEPARENT], job->traceparent);
    return job_write_end(&writer, err);
}
