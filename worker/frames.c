/* SPDX-License-Identifier: MIT */
#include "worker/frames.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "worker/persistent.h"

/* Its answer to a job that it was given in vain is of no interest any more. */
static bool is_ending(const struct handler *handler)
{
    return handler->state >= HANDLER_TERMINATED;
}

static struct attempt *find(const struct handler *handler, const char *uuid)
{
    struct attempt *attempt;
    TAILQ_FOREACH(attempt, &handler->jobs, entry)
    if (strcmp(attempt->job->uuid, uuid) == 0)
        return attempt;
    return NULL;
}

/* The running attempt that a frame is about. NULL with err where there is none. */
static struct attempt *find_running(const struct handler *handler, const struct frame *frame,
                                    struct err *err)
{
    struct attempt *attempt = find(handler, frame->uuid);
    if (!attempt)
        err_set(err, ERR_INVALID, "the handler spoke of job %s, which it does not have",
                frame->uuid);
    else if (attempt->state != ATTEMPT_RUNNING)
        err_set(err, ERR_INVALID,
                "the handler spoke of job %s before it has answered the ones it got earlier",
                frame->uuid);
    return attempt && attempt->state == ATTEMPT_RUNNING ? attempt : NULL;
}

/* An answer makes room for the next one that it has. */
static void begin_next(struct handler *handler)
{
    struct attempt *attempt;
    TAILQ_FOREACH(attempt, &handler->jobs, entry)
    {
        if (attempt->state == ATTEMPT_RUNNING)
            continue;
        handler_begin(handler, attempt);
        return;
    }
}

/* Nothing more is heard of a handler that has said goodbye and answered everything. */
static void leave_without_jobs(struct handler *handler)
{
    if (handler->running_count == 0 && handler->state < HANDLER_LEAVING)
        handler_set_state(handler, HANDLER_LEAVING);
}

static int take_answer(struct handler *handler, const struct frame *frame,
                       const struct ending *ending, struct err *err)
{
    struct attempt *attempt = find_running(handler, frame, err);
    if (!attempt)
        return -1;
    handler_conclude(handler, attempt, ending, handler_now(handler));
    if (handler->is_leaving)
        leave_without_jobs(handler);
    else if (handler->running_count < handler->concurrency && !is_ending(handler))
        begin_next(handler);
    return 0;
}

static int take_done(struct handler *handler, const struct frame *frame, struct err *err)
{
    const struct ending ending = {.kind = ENDING_DONE};
    return take_answer(handler, frame, &ending, err);
}

static int take_release(struct handler *handler, const struct frame *frame, struct err *err)
{
    const struct ending ending = {.kind = ENDING_RELEASED, .delay_ms = frame->delay_ms};
    return take_answer(handler, frame, &ending, err);
}

static int take_fail(struct handler *handler, const struct frame *frame, struct err *err)
{
    const struct ending ending = {.kind = ENDING_EXCEPTION,
                                  .never_again = !frame->retry,
                                  .delay_ms = frame->delay_ms,
                                  .text = frame->exception};
    return take_answer(handler, frame, &ending, err);
}

static int take_hello(struct handler *handler, const struct frame *frame, struct err *err)
{
    if (handler->state != HANDLER_BOOTING)
        return err_set(err, ERR_INVALID, "the handler said hello twice");
    if (frame->version != PROTOCOL_VERSION)
        return err_set(err, ERR_INVALID, "the handler speaks version %d of the protocol, not %d",
                       frame->version, PROTOCOL_VERSION);
    const struct handler_host *host = handler->host;
    int most = host->concurrency_max;
    handler->concurrency = frame->concurrency < most ? frame->concurrency : most;
    /* a pause after each job leaves nothing to be taken ahead */
    handler->window = host->queue->options.rest > 0 ? 0 : frame->window;
    classes_set(&handler->host->classes, frame);
    handler->host->tells_failed = frame->tells_failed;
    handler->was_ready = true;
    handler->host->is_boot_known = true;
    handler_set_state(handler, HANDLER_READY);
    log_write(LOG_DEBUG, "handler %d (%s) is ready", (int)handler->child.pid,
              frame->name ? frame->name : "no name");
    return 0;
}

static int take_progress(struct handler *handler, const struct frame *frame, struct err *err)
{
    struct attempt *attempt = find_running(handler, frame, err);
    if (!attempt)
        return -1;
    attempt_set_progress(attempt, frame->progress, frame->message);
    handler->host->has_progress = true;
    return 0;
}

static int take_log(struct handler *handler, const struct frame *frame, struct err *err)
{
    (void)handler, (void)err;
    enum log_level level = LOG_INFO;
    for (int i = 0; frame->level && log_level_names[i]; i++)
        if (strcmp(log_level_names[i], frame->level) == 0)
            level = (enum log_level)i;
    if (frame->uuid)
        log_about(level, "job", frame->uuid, "%s", frame->message);
    else
        log_write(level, "%s", frame->message);
    return 0;
}

/* A job that cannot be pushed makes its attempt fail at the end, not the handler: the frame was
 * well formed. */
static int take_push(struct handler *handler, const struct frame *frame, struct err *err)
{
    struct attempt *attempt = find_running(handler, frame, err);
    if (!attempt)
        return -1;
    attempt_push(attempt, handler->host->settings, &frame->push);
    return 0;
}

/* The answer to a question about a batch. */
struct batch_answer {
    const char *uuid; /* of the job */
    struct buf *out;
    bool is_given;
};

static int tell_batch(void *context, const struct batch *batch)
{
    struct batch_answer *answer = context;
    answer->is_given = protocol_encode_batch(answer->uuid, batch, answer->out) == 0;
    return 0;
}

static int find_batch(struct handler_host *host, const char *uuid, struct batch_answer *answer,
                      struct err *err)
{
    if (!uuid)
        return err_set(err, ERR_INVALID, "the job is in no batch");
    if (host->find_batch(host->context, uuid, tell_batch, answer, err) < 0)
        return -1;
    return answer->is_given ? 0 : err_set(err, ERR_NOT_FOUND, "there is no batch %s", uuid);
}

static int take_batch(struct handler *handler, const struct frame *frame, struct err *err)
{
    struct attempt *attempt = find_running(handler, frame, err);
    if (!attempt)
        return -1;
    const struct job *job = attempt->job;
    struct batch_answer answer = {.uuid = job->uuid, .out = persistent_begin(handler)};
    struct err cause = ERR_INIT;
    if (!answer.out)
        return 0;
    if (find_batch(handler->host, frame->batch_uuid ? frame->batch_uuid : job->batch_uuid, &answer,
                   &cause) < 0)
        protocol_encode_batch_error(job->uuid, cause.text, answer.out);
    persistent_send(handler);
    return 0;
}

static int take_pong(struct handler *handler, const struct frame *frame, struct err *err)
{
    (void)handler, (void)frame, (void)err;
    return 0;
}

/* One that leaves without having run anything would do so again and again: that is no good end. */
static int take_leaving(struct handler *handler, const struct frame *frame, struct err *err)
{
    (void)frame, (void)err;
    handler->is_leaving = handler->running_count > 0;
    handler_give_back_waiting(handler);
    leave_without_jobs(handler);
    return 0;
}

static int (*const takers[])(struct handler *, const struct frame *, struct err *) = {
    [FRAME_HELLO] = take_hello,       [FRAME_DONE] = take_done,
    [FRAME_RELEASE] = take_release,   [FRAME_FAIL] = take_fail,
    [FRAME_PROGRESS] = take_progress, [FRAME_LOG] = take_log,
    [FRAME_PUSH] = take_push,         [FRAME_BATCH] = take_batch,
    [FRAME_PONG] = take_pong,         [FRAME_LEAVING] = take_leaving,
};

int frames_take(struct handler *handler, const struct frame *frame, struct err *err)
{
    bool is_early = handler->state == HANDLER_BOOTING && frame->type != FRAME_HELLO;
    if (is_early && frame->type != FRAME_LOG)
        return err_set(err, ERR_INVALID, "the handler spoke of jobs before it said hello");
    /* it was told to end: that a job was done all the same is good to know, and nothing else is */
    if (is_ending(handler) && frame->type != FRAME_DONE && frame->type != FRAME_LOG)
        return 0;
    return takers[frame->type](handler, frame, err);
}
