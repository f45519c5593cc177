/* SPDX-License-Identifier: MIT */
#include "worker/protocol.h"

#include <inttypes.h>
#include <string.h>

#define NUMBER_SIZE 24

static int put_text(struct buf *out, const char *text)
{
    return buf_append(out, text, strlen(text));
}

/* Of a name that is known here: no length is counted at run time. */
#define PUT(out, literal) buf_append(out, literal, sizeof(literal) - 1)

static int put_number(struct buf *out, int64_t number)
{
    char text[NUMBER_SIZE];
    char *at = text + sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        *--at = '-';
    return buf_append(out, at, (size_t)(text + sizeof text - at));
}

/* Milliseconds as seconds, with a fraction only where there is one. */
static int put_seconds(struct buf *out, int64_t ms)
{
    int64_t fraction = ms % 1000;
    if (put_number(out, ms / 1000) < 0 || fraction == 0)
        return fraction == 0 ? 0 : -1;
    const char digits[] = {'.', (char)('0' + fraction / 100), (char)('0' + fraction / 10 % 10),
                           (char)('0' + fraction % 10)};
    return buf_append(out, digits, sizeof digits);
}

static int put_string(struct buf *out, const char *text)
{
    return json_string_append(out, text, strlen(text));
}

static int put_names(const struct job *job, struct buf *out)
{
    if (put_string(out, job->uuid) < 0 || PUT(out, ",\"job\":") < 0 ||
        put_string(out, job->name) < 0 || PUT(out, ",\"queue\":") < 0 ||
        put_string(out, job->queue) < 0)
        return -1;
    if (job->batch_uuid &&
        (PUT(out, ",\"batch_uuid\":") < 0 || put_string(out, job->batch_uuid) < 0))
        return -1;
    if (job->traceparent &&
        (PUT(out, ",\"traceparent\":") < 0 || put_string(out, job->traceparent) < 0))
        return -1;
    return 0;
}

static int put_numbers(const struct job *job, int64_t timeout_ms, int max_attempts, struct buf *out)
{
    if (PUT(out, ",\"attempts\":") < 0 || put_number(out, job->attempts) < 0 ||
        PUT(out, ",\"max_attempts\":") < 0 || put_number(out, max_attempts) < 0 ||
        PUT(out, ",\"timeout\":") < 0 || put_seconds(out, timeout_ms) < 0 ||
        PUT(out, ",\"priority\":") < 0 || put_number(out, job->priority) < 0 ||
        PUT(out, ",\"pushed_at\":") < 0 || put_seconds(out, job->created_at_ms) < 0)
        return -1;
    return 0;
}

static int put_data(const struct job *job, struct buf *out)
{
    if (PUT(out, ",\"data\":") < 0)
        return -1;
    int result =
        job->data.text ? buf_append(out, job->data.text, job->data.length) : PUT(out, "null");
    return result < 0 ? -1 : PUT(out, "}\n");
}

int protocol_encode_job(const struct job *job, int64_t timeout_ms, int max_attempts,
                        struct buf *out)
{
    size_t before = out->length;
    if (PUT(out, "{\"type\":\"job\",\"uuid\":") == 0 && put_names(job, out) == 0 &&
        put_numbers(job, timeout_ms, max_attempts, out) == 0 && put_data(job, out) == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

int protocol_encode_failed(const struct job *job, const char *cause, const char *exception,
                           struct buf *out)
{
    size_t before = out->length;
    if (PUT(out, "{\"type\":\"failed\",\"uuid\":") == 0 && put_names(job, out) == 0 &&
        put_numbers(job, job->timeout_ms, job->max_attempts, out) == 0 &&
        PUT(out, ",\"cause\":") == 0 && put_string(out, cause) == 0 &&
        PUT(out, ",\"exception\":") == 0 && put_string(out, exception) == 0 &&
        put_data(job, out) == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

int protocol_encode_cancel(const char *uuid, struct buf *out)
{
    size_t before = out->length;
    if (PUT(out, "{\"type\":\"cancel\",\"uuid\":") == 0 && put_string(out, uuid) == 0 &&
        PUT(out, "}\n") == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

static int put_counters(const struct batch *batch, struct buf *out)
{
    return buf_printf(out,
                      ",\"state\":\"%s\",\"total\":%" PRIu64 ",\"completed\":%" PRIu64
                      ",\"failed\":%" PRIu64 ",\"pending\":%" PRIu64 ",\"cancelled\":%" PRIu64
                      ",\"progress_percentage\":%.1f,\"success_rate\":%.1f}\n",
                      batch_state_names[batch_state(batch)], batch->total, batch->completed,
                      batch->failed, batch->pending, batch->cancelled, batch_progress(batch),
                      batch_success_rate(batch));
}

int protocol_encode_batch(const char *uuid, const struct batch *batch, struct buf *out)
{
    size_t before = out->length;
    if (PUT(out, "{\"type\":\"batch\",\"uuid\":") == 0 && put_string(out, uuid) == 0 &&
        PUT(out, ",\"batch_uuid\":") == 0 && put_string(out, batch->uuid) == 0 &&
        PUT(out, ",\"name\":") == 0 && put_string(out, batch->name) == 0 &&
        put_counters(batch, out) == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

int protocol_encode_batch_error(const char *uuid, const char *error, struct buf *out)
{
    size_t before = out->length;
    if (PUT(out, "{\"type\":\"batch\",\"uuid\":") == 0 && put_string(out, uuid) == 0 &&
        PUT(out, ",\"error\":") == 0 && put_string(out, error) == 0 && PUT(out, "}\n") == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

int protocol_encode_drain(struct buf *out)
{
    return put_text(out, "{\"type\":\"drain\"}\n");
}

int protocol_encode_ping(struct buf *out)
{
    return put_text(out, "{\"type\":\"ping\"}\n");
}
