/* SPDX-License-Identifier: MIT */
#include "worker/plugin/host.h"

#include <math.h>
#include <string.h>

#include "common/uuid.h"

/* One job: from the worker's frame to the answer. */

#define SECONDS_MAX  1e12 /* of a time; in milliseconds it is still exact */
#define DELAY_MS_MAX (1000 * (int64_t)JOB_DELAY_MAX) /* the worker takes none that is longer */

/* The members of the frame that make a job. */
enum {
    TYPE,
    UUID,
    JOB,
    QUEUE,
    DATA,
    BATCH_UUID,
    TRACEPARENT,
    ATTEMPTS,
    MAX_ATTEMPTS,
    TIMEOUT,
    PRIORITY,
    PUSHED_AT,
    EXCEPTION,
    FIELD_COUNT,
};

static const char *const names[] = {
    "type",     "uuid",         "job",     "queue",    "data",      "batch_uuid", "traceparent",
    "attempts", "max_attempts", "timeout", "priority", "pushed_at", "exception"};
_Static_assert(sizeof names / sizeof names[0] == FIELD_COUNT, "a name each");

static int read_text(const struct json_field *field, struct arena *arena, const char **out,
                     struct err *err)
{
    char *text;
    if (!field->value.text)
        return 0;
    if (json_slice_string(&field->value, field->name, arena, &text, err) < 0)
        return -1;
    *out = text;
    return 0;
}

static int read_integer(const struct json_field *field, int64_t min, int64_t max, int *out,
                        struct err *err)
{
    int64_t number;
    if (!field->value.text)
        return 0;
    if (json_slice_integer(&field->value, field->name, min, max, &number, err) < 0)
        return -1;
    *out = (int)number;
    return 0;
}

static int read_seconds(const struct json_field *field, int64_t *out_ms, struct err *err)
{
    double seconds;
    if (!field->value.text)
        return 0;
    if (json_slice_number(&field->value, field->name, &seconds, err) < 0)
        return -1;
    if (!(fabs(seconds) <= SECONDS_MAX))
        return err_set(err, ERR_INVALID, "%s is out of range", field->name);
    *out_ms = llround(seconds * 1000.);
    return 0;
}

static int read_texts(struct muster_job *job, const struct json_field *fields, struct err *err)
{
    struct arena *arena = &job->arena;
    if (read_text(&fields[UUID], arena, &job->job.uuid, err) < 0 ||
        read_text(&fields[JOB], arena, &job->job.name, err) < 0 ||
        read_text(&fields[QUEUE], arena, &job->job.queue, err) < 0 ||
        read_text(&fields[BATCH_UUID], arena, &job->job.batch_uuid, err) < 0 ||
        read_text(&fields[TRACEPARENT], arena, &job->job.traceparent, err) < 0)
        return -1;
    if (!job->job.uuid || !job->job.name || !job->job.queue || !fields[DATA].value.text)
        return err_set(err, ERR_INVALID, "uuid, job, queue or data is missing");
    if (!uuid_valid(job->job.uuid, strlen(job->job.uuid)))
        return err_set(err, ERR_INVALID, "uuid is none");
    const struct json_slice *data = &fields[DATA].value;
    job->job.data = *data;
    job->job.data.text = arena_strndup(arena, data->text, data->length);
    return 0;
}

static int read_numbers(struct job *job, const struct json_field *fields, struct err *err)
{
    if (read_integer(&fields[ATTEMPTS], 0, INT32_MAX, &job->attempts, err) < 0 ||
        read_integer(&fields[MAX_ATTEMPTS], 0, INT32_MAX, &job->max_attempts, err) < 0 ||
        read_integer(&fields[PRIORITY], -JOB_PRIORITY_MAX, JOB_PRIORITY_MAX, &job->priority, err) <
            0 ||
        read_seconds(&fields[TIMEOUT], &job->timeout_ms, err) < 0)
        return -1;
    return read_seconds(&fields[PUSHED_AT], &job->created_at_ms, err);
}

static int read_job(struct muster_job *job, const struct json_field *fields, struct err *err)
{
    return read_texts(job, fields, err) < 0 || read_numbers(&job->job, fields, err) < 0 ? -1 : 0;
}

/* Running it */

static const struct muster_job_class *find_class(const struct muster_job_plugin *plugin,
                                                 const char *name)
{
    const struct muster_job_class *any = NULL;
    for (size_t i = 0; i < plugin->class_count; i++) {
        if (strcmp(plugin->classes[i].name, name) == 0)
            return &plugin->classes[i];
        if (strcmp(plugin->classes[i].name, "*") == 0)
            any = &plugin->classes[i];
    }
    return any;
}

/* The beginning of an answer, which end_answer sends on its way. */
static struct buf *begin_answer(const char *type, const struct muster_job *job)
{
    struct buf *out = answers_take(job->host->answers);
    buf_text_append(out, "{\"type\":\"");
    buf_text_append(out, type);
    buf_text_append(out, "\",\"uuid\":");
    json_string_append(out, job->job.uuid, strlen(job->job.uuid));
    return out;
}

static void end_answer(const struct muster_job *job, struct buf *out)
{
    buf_text_append(out, "}\n");
    answers_release(job->host->answers);
}

static void put_delay(struct buf *out, int64_t delay_ms)
{
    if (delay_ms > DELAY_MS_MAX)
        delay_ms = DELAY_MS_MAX;
    if (delay_ms >= 0)
        buf_printf(out, ",\"delay\":%lld.%03d", (long long)(delay_ms / 1000),
                   (int)(delay_ms % 1000));
}

static void answer_released(const struct muster_job *job)
{
    struct buf *out = begin_answer("release", job);
    put_delay(out, job->delay_ms);
    end_answer(job, out);
}

static void answer_failed(const struct muster_job *job, bool is_retried, int64_t delay_ms)
{
    struct buf *out = begin_answer("fail", job);
    buf_text_append(out, ",\"exception\":");
    json_string_append(out, job->exception, strlen(job->exception));
    if (!is_retried)
        buf_text_append(out, ",\"retry\":false");
    put_delay(out, delay_ms);
    end_answer(job, out);
}

static void fail(const struct muster_job_class *class, struct muster_job *job, int result)
{
    if (!job->exception)
        muster_job_fail(job, "its function returned %d", result);
    bool is_last = job->job.max_attempts > 0 && job->job.attempts >= job->job.max_attempts;
    bool is_retried =
        !job->is_final && !is_last && (!class->should_retry || class->should_retry(job));
    bool has_delay = is_retried && class->backoff;
    answer_failed(job, is_retried, has_delay ? class->backoff(job) : MUSTER_BACKOFF);
}

static void run(struct muster_job *job)
{
    const struct muster_job_class *class = find_class(job->host->plugin, job->job.name);
    if (!class) {
        muster_job_give_up(job, "the plugin has no class %s", job->job.name);
        answer_failed(job, false, MUSTER_BACKOFF);
        return;
    }
    int result = class->handle(job);
    if (job->ending == JOB_RELEASED)
        answer_released(job);
    else if (result == 0)
        end_answer(job, begin_answer("done", job));
    else
        fail(class, job, result);
}

/* It has failed for good: whatever its class wants to do about that. */
static void tell(struct muster_job *job, const char *exception)
{
    const struct muster_job_class *class = find_class(job->host->plugin, job->job.name);
    if (class && class->failed)
        class->failed(job, exception);
    end_answer(job, begin_answer("done", job));
}

/* Frames that are no jobs */

static int take_ping(struct host *host)
{
    buf_text_append(answers_take(host->answers), "{\"type\":\"pong\"}\n");
    answers_release(host->answers);
    return 0;
}

static int take_job(struct host *host, const struct json_field *fields, bool has_failed,
                    struct err *err)
{
    const char *exception = "";
    struct muster_job job = {.host = host, .arena = host->arena};
    int result = read_job(&job, fields, err);
    if (result == 0 && has_failed)
        result = read_text(&fields[EXCEPTION], &job.arena, &exception, err);
    if (result == 0 && has_failed)
        tell(&job, exception);
    else if (result == 0)
        run(&job);
    arena_reset(&job.arena);
    host->arena = job.arena;
    return result;
}

int host_run(struct host *host, const char *line, size_t length, struct err *err)
{
    struct json_field fields[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++)
        fields[i].name = names[i];
    if (json_scan_object(line, length, fields, FIELD_COUNT, err) < 0)
        return -1;
    const struct json_slice *type = &fields[TYPE].value;
    if (type->text && json_slice_is(type, "job"))
        return take_job(host, fields, false, err);
    if (type->text && json_slice_is(type, "failed"))
        return take_job(host, fields, true, err);
    if (type->text && json_slice_is(type, "ping"))
        return take_ping(host);
    host->is_draining = host->is_draining || (type->text && json_slice_is(type, "drain"));
    return 0; /* a cancel comes too late here: whoever runs looks for it itself */
}
