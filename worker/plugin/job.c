/* SPDX-License-Identifier: MIT */
#include "worker/plugin/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What plugins call. */

#define EXCEPTION_MAX 65536
#define LINE_MAX      8192
#define JSON_MAX      (SIZE_MAX / 4)

#define PLUGIN_API __attribute__((visibility("default")))

/* What a job is */

PLUGIN_API const char *muster_job_uuid(const struct muster_job *job)
{
    return job->job.uuid;
}

PLUGIN_API const char *muster_job_class(const struct muster_job *job)
{
    return job->job.name;
}

PLUGIN_API const char *muster_job_queue(const struct muster_job *job)
{
    return job->job.queue;
}

PLUGIN_API const char *muster_job_batch(const struct muster_job *job)
{
    return job->job.batch_uuid;
}

PLUGIN_API int muster_job_attempts(const struct muster_job *job)
{
    return job->job.attempts;
}

PLUGIN_API int muster_job_max_attempts(const struct muster_job *job)
{
    return job->job.max_attempts;
}

PLUGIN_API int64_t muster_job_timeout_ms(const struct muster_job *job)
{
    return job->job.timeout_ms;
}

PLUGIN_API int muster_job_priority(const struct muster_job *job)
{
    return job->job.priority;
}

PLUGIN_API int64_t muster_job_pushed_at_ms(const struct muster_job *job)
{
    return job->job.created_at_ms;
}

PLUGIN_API const char *muster_job_data(const struct muster_job *job, size_t *length)
{
    if (length)
        *length = job->job.data.length;
    return job->job.data.text;
}

/* Its data's members */

static struct json_slice member_of(const struct muster_job *job, const char *member)
{
    struct json_field field = {.name = member};
    const struct json_slice *data = &job->job.data;
    if (json_scan_object(data->text, data->length, &field, 1, NULL) < 0)
        field.value = (struct json_slice){0};
    return field.value;
}

PLUGIN_API const char *muster_job_text(struct muster_job *job, const char *member,
                                       const char *fallback)
{
    char *text;
    struct json_slice value = member_of(job, member);
    if (!value.text || json_slice_string(&value, member, &job->arena, &text, NULL) < 0)
        return fallback;
    return text;
}

PLUGIN_API int64_t muster_job_integer(struct muster_job *job, const char *member, int64_t fallback)
{
    int64_t number;
    struct json_slice value = member_of(job, member);
    if (!value.text || json_slice_integer(&value, member, INT64_MIN, INT64_MAX, &number, NULL) < 0)
        return fallback;
    return number;
}

PLUGIN_API double muster_job_number(struct muster_job *job, const char *member, double fallback)
{
    double number;
    struct json_slice value = member_of(job, member);
    if (!value.text || json_slice_number(&value, member, &number, NULL) < 0)
        return fallback;
    return number;
}

PLUGIN_API bool muster_job_flag(struct muster_job *job, const char *member, bool fallback)
{
    bool flag;
    struct json_slice value = member_of(job, member);
    if (!value.text || json_slice_bool(&value, member, &flag, NULL) < 0)
        return fallback;
    return flag;
}

PLUGIN_API const char *muster_job_member(struct muster_job *job, const char *member)
{
    struct json_slice value = member_of(job, member);
    return value.text ? arena_strndup(&job->arena, value.text, value.length) : NULL;
}

/* What handle may say */

static void set_exception(struct muster_job *job, const char *format, va_list args)
{
    char text[EXCEPTION_MAX];
    vsnprintf(text, sizeof text, format, args);
    job->exception = arena_strndup(&job->arena, text, strlen(text));
}

PLUGIN_API int muster_job_fail(struct muster_job *job, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_exception(job, format, args);
    va_end(args);
    return -1;
}

PLUGIN_API int muster_job_give_up(struct muster_job *job, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_exception(job, format, args);
    va_end(args);
    job->is_final = true;
    return -1;
}

PLUGIN_API int muster_job_release(struct muster_job *job, int64_t delay_ms)
{
    job->ending = JOB_RELEASED;
    job->delay_ms = delay_ms;
    return 0;
}

/* A frame about a job that runs; the texts are whole JSON values. */
static void send_frame(const struct muster_job *job, const char *type, const char *rest)
{
    if (!job->host)
        return;
    struct buf *out = answers_take(job->host->answers);
    buf_printf(out, "{\"type\":\"%s\",\"uuid\":", type);
    json_string_append(out, job->job.uuid, strlen(job->job.uuid));
    buf_text_append(out, rest);
    buf_text_append(out, "}\n");
    answers_release(job->host->answers);
}

/* The worker checks it again; a wrong one is told here, where it was made. */
static int push(struct muster_job *job, const char *text, size_t length)
{
    struct job pushed;
    struct err err = ERR_INIT;
    struct arena arena = {0};
    int result = job_from_json(text, length, job->job.queue, &arena, &pushed, &err);
    if (result == 0)
        result = job_check(&pushed, &err);
    struct buf frame;
    buf_init(&frame, JSON_MAX);
    buf_text_append(&frame, ",\"push\":");
    if (result == 0)
        result = job_to_json(&pushed, &frame, &err);
    if (result == 0)
        send_frame(job, "push", buf_text(&frame));
    else
        muster_job_fail(job, "it pushed a job that cannot be stored: %s", err.text);
    buf_finish(&frame);
    arena_finish(&arena);
    return result;
}

PLUGIN_API int muster_job_push_json(struct muster_job *job, const char *text)
{
    return push(job, text, strlen(text));
}

PLUGIN_API int muster_job_push(struct muster_job *job, const char *class_name, const char *data,
                               const char *queue, int64_t delay_ms)
{
    struct buf text;
    buf_init(&text, JSON_MAX);
    buf_text_append(&text, "{\"job\":");
    json_string_append(&text, class_name, strlen(class_name));
    if (queue) {
        buf_text_append(&text, ",\"queue\":");
        json_string_append(&text, queue, strlen(queue));
    }
    if (delay_ms > 0)
        buf_printf(&text, ",\"delay\":%lld.%03d", (long long)(delay_ms / 1000),
                   (int)(delay_ms % 1000));
    buf_text_append(&text, ",\"data\":");
    buf_text_append(&text, data ? data : "{}");
    buf_text_append(&text, "}");
    int result = push(job, buf_text(&text), text.length);
    buf_finish(&text);
    return result;
}

static double within(double percent)
{
    if (!(percent > 0.))
        return 0.;
    return percent < 100. ? percent : 100.;
}

PLUGIN_API void muster_job_progress(struct muster_job *job, double percent, const char *text)
{
    struct buf rest;
    buf_init(&rest, JSON_MAX);
    buf_printf(&rest, ",\"progress\":%.2f", within(percent));
    if (text) {
        buf_text_append(&rest, ",\"message\":");
        json_string_append(&rest, text, strlen(text));
    }
    send_frame(job, "progress", buf_text(&rest));
    buf_finish(&rest);
}

PLUGIN_API void muster_job_log(struct muster_job *job, const char *level, const char *format, ...)
{
    char text[LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct buf rest;
    buf_init(&rest, JSON_MAX);
    buf_text_append(&rest, ",\"level\":");
    json_string_append(&rest, level, strlen(level));
    buf_text_append(&rest, ",\"message\":");
    json_string_append(&rest, text, strlen(text));
    send_frame(job, "log", buf_text(&rest));
    buf_finish(&rest);
}

PLUGIN_API bool muster_job_is_cancelled(struct muster_job *job)
{
    if (!job->host)
        return false;
    while (host_read(job->host, false) > 0)
        ;
    return host_has_cancel(job->host, job->job.uuid);
}

/* Texts */

PLUGIN_API char *muster_job_to_json(const struct muster_job *job)
{
    struct buf text;
    struct err err = ERR_INIT;
    buf_init(&text, JSON_MAX);
    job_to_json(&job->job, &text, &err);
    return buf_steal(&text);
}

PLUGIN_API struct muster_job *muster_job_from_json(const char *text, char **error)
{
    struct err err = ERR_INIT;
    struct muster_job *job = mem_new(1, sizeof *job);
    if (job_from_json(text, strlen(text), "default", &job->arena, &job->job, &err) == 0 &&
        job_check(&job->job, &err) == 0)
        return job;
    if (error)
        *error = mem_strdup(err.text);
    muster_job_destroy(job);
    return NULL;
}

PLUGIN_API void muster_job_destroy(struct muster_job *job)
{
    if (!job)
        return;
    arena_finish(&job->arena);
    free(job);
}
