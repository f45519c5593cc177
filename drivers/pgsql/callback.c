/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/callback.h"

#include <inttypes.h>
#include <string.h>

static void put_text(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    buf_printf(out, ",\"%s\":", name);
    json_string_append(out, text, strlen(text));
}

static int put_payload(struct buf *out, const struct job *job, int64_t now_ms, struct err *err)
{
    struct job pushed = *job;
    struct buf payload;
    buf_init(&payload, out->cap);
    pushed.created_at_ms = now_ms;
    int done = job_payload_encode(&pushed, &payload, NULL, err);
    buf_text_append(out, "{\"payload\":");
    if (done == 0 && json_string_append(out, buf_text(&payload), payload.length) < 0)
        done = err_set(err, ERR_LIMIT, "the callback's job is too large");
    buf_finish(&payload);
    return done;
}

int pg_callback_encode(const struct job *job, int64_t now_ms, struct buf *out, struct err *err)
{
    if (put_payload(out, job, now_ms, err) < 0)
        return -1;
    put_text(out, "uuid", job->uuid);
    put_text(out, "queue", job->queue);
    put_text(out, "batch", job->batch_uuid);
    put_text(out, "key", job->unique_key);
    buf_printf(out, ",\"priority\":%d,\"delay\":%" PRId64, job->priority, job->delay_ms);
    if (job->unique_until == UNIQUE_TIME || job->unique_until == UNIQUE_STARTED)
        buf_printf(out, ",\"until\":%" PRId64,
                   job->unique_until == UNIQUE_TIME ? job->unique_ms : 0);
    if (buf_text_append(out, "}") < 0)
        return err_set(err, ERR_LIMIT, "the callback's job is too large");
    return 0;
}

int pg_callback_decode(const char *text, size_t length, struct arena *arena, struct job *job,
                       struct err *err)
{
    struct json_field fields[] = {{.name = "payload"}, {.name = "queue"}, {.name = "delay"}};
    char *payload, *queue;
    *job = (struct job){0};
    if (json_scan_object(text, length, fields, 3, err) < 0 ||
        json_slice_string(&fields[0].value, "payload", arena, &payload, err) < 0 ||
        json_slice_string(&fields[1].value, "queue", arena, &queue, err) < 0 ||
        json_slice_integer(&fields[2].value, "delay", 0, INT64_C(1000) * JOB_DELAY_MAX,
                           &job->delay_ms, err) < 0 ||
        job_payload_decode(payload, strlen(payload), arena, job, err) < 0)
        return -1;
    job->queue = queue;
    return 0;
}
