/* SPDX-License-Identifier: MIT */
#include "worker/events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"
#include "queue/exception.h"

#define EXCERPT_MAX 500 /* bytes of an exception */

static const char *const names[] = {
    [OUTCOME_DONE] = "processed",      [OUTCOME_RELEASE] = "retried",
    [OUTCOME_FAIL] = "failed",         [OUTCOME_UNTOUCHED] = "given_back",
    [OUTCOME_CANCELLED] = "cancelled",
};

void events_open(struct worker *worker)
{
    const char *path = worker->plan->settings->monitoring.events_log;
    if (!*path)
        return;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) {
        log_write(LOG_ERROR, "the log of events %s cannot be opened: %s", path, strerror(errno));
        return;
    }
    fd_close(&worker->events.fd);
    worker->events.fd = fd;
}

static int put_text(struct buf *out, const char *name, const char *text)
{
    int result = buf_printf(out, ",\"%s\":", name);
    return result | json_string_append(out, text, strlen(text));
}

static int put_failure(struct buf *out, const struct outcome *outcome)
{
    if (!outcome->cause)
        return 0;
    const char *text = outcome->exception ? outcome->exception : "";
    size_t length = exception_line(&text);
    int result = put_text(out, "cause", outcome->cause);
    result |= buf_text_append(out, ",\"exception\":");
    return result | json_string_append(out, text, length < EXCERPT_MAX ? length : EXCERPT_MAX);
}

static int put_event(struct worker *worker, const struct attempt *attempt, struct buf *out)
{
    const struct job *job = attempt->job;
    bool has_begun = attempt->started_us > 0;
    int64_t run_us = has_begun ? attempt->ended_us - attempt->started_us : 0;
    int result = buf_printf(out, "{\"time\":%" PRId64 ",\"event\":\"%s\"",
                            clock_wall_ms(worker->clock), names[attempt->outcome.kind]);
    result |= put_text(out, "queue", worker->plan->queue->name);
    result |= put_text(out, "job", job->name);
    result |= put_text(out, "uuid", job->uuid);
    result |= put_text(out, "worker", worker->plan->id);
    result |= buf_printf(out, ",\"attempt\":%d,\"run_ms\":%.3f,\"pushed_at\":%" PRId64,
                         job->attempts, (double)run_us / 1000, job->created_at_ms);
    if (job->batch_uuid)
        result |= put_text(out, "batch_uuid", job->batch_uuid);
    if (job->traceparent)
        result |= put_text(out, "traceparent", job->traceparent);
    result |= put_failure(out, &attempt->outcome);
    return result | buf_text_append(out, "}\n");
}

void events_init(struct worker *worker)
{
    worker->events.fd = -1;
    buf_init(&worker->events.waiting, EVENTS_MAX);
    events_open(worker);
}

void events_add(struct worker *worker, const struct attempt *attempt)
{
    struct buf *out = &worker->events.waiting;
    size_t before = out->length;
    if (worker->events.fd < 0)
        return;
    if (put_event(worker, attempt, out) < 0)
        buf_truncate(out, before);
}

/* A file takes it at once; what a full disk does not take is gone. */
void events_flush(struct worker *worker)
{
    struct buf *out = &worker->events.waiting;
    if (out->length == 0)
        return;
    ssize_t put = write(worker->events.fd, buf_data(out), out->length);
    bool is_whole = put == (ssize_t)out->length;
    if (!is_whole && !worker->events.is_failing)
        log_write(LOG_ERROR, "the log of events cannot be written, and misses some: %s",
                  put < 0 ? strerror(errno) : "the disk is full");
    worker->events.is_failing = !is_whole;
    buf_clear(out);
}

void events_finish(struct worker *worker)
{
    events_flush(worker);
    buf_finish(&worker->events.waiting);
    fd_close(&worker->events.fd);
}
