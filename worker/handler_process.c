/* SPDX-License-Identifier: MIT */
#include "worker/handler.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/log.h"

/* The process of a handler: how it is started, and what its end means. */
#define COMPLAIN_US   1000000 /* handlers that cannot be started say so once in this time */
#define EXCEPTION_MAX 65536

/* Starting */

static void pause_after_failure(struct handler *handler)
{
    const struct backoff_policy *policy = &handler->host->backoff;
    int64_t pause = backoff_pause(policy, handler->failures, handler->was_ready, arc4random());
    handler->pause_us = pause * 1000;
    handler_set_state(handler, pause > 0 ? HANDLER_PAUSED : HANDLER_OFF);
}

static void complain(struct handler *handler, const char *text)
{
    struct handler_host *host = handler->host;
    int64_t now = handler_now(handler);
    snprintf(host->why, sizeof host->why, "%s", text);
    bool is_new = host->complained_us == 0 || now - host->complained_us > COMPLAIN_US;
    host->complained_us = now;
    log_write(is_new ? LOG_ERROR : LOG_DEBUG, "%s; the next try is in %.1f s", text,
              (double)handler->pause_us / 1e6);
}

/* It could not be started at all. */
static void fail_to_start(struct handler *handler, const char *text)
{
    handler->is_usable = false;
    handler->was_ready = false;
    handler->host->is_boot_known = true;
    handler->failures++;
    pause_after_failure(handler);
    complain(handler, text);
}

static void watch_process(struct handler *handler)
{
    struct ev_loop *loop = handler->host->loop;
    ev_io_set(&handler->exit_watch, handler->child.pidfd, EV_READ);
    ev_io_start(loop, &handler->exit_watch);
    handler->boot_us = handler_now(handler);
    handler->is_asked = handler->is_leaving = handler->has_served = false;
    handler->reason.is_set = false;
    handler_set_state(handler, handler->kind->started);
}

/* Opens what the process prints to, and whatever the kind needs. Returns how many descriptors the
 * child gets, or -1 with err. */
static int open_descriptors(struct handler *handler, const struct attempt *attempt,
                            struct spawn_fd *fds, int to_close[HANDLER_FDS_MAX], struct err *err)
{
    int output = -1, errors = -1;
    int count = -1;
    if (capture_open(&handler->output, &output, err) == 0 &&
        capture_open(&handler->errors, &errors, err) == 0)
        count = handler->kind->open(handler, attempt, fds, err);
    if (count < 0) {
        fd_close(&output);
        fd_close(&errors);
        return -1;
    }
    fds[count++] = (struct spawn_fd){output, STDOUT_FILENO};
    fds[count++] = (struct spawn_fd){errors, STDERR_FILENO};
    for (int i = 0; i < count; i++)
        to_close[i] = fds[i].from;
    return count;
}

static int spawn(struct handler *handler, const struct spawn_fd *fds, int count, struct err *err)
{
    struct spawn_request request = program_request(handler->host->program);
    request.fds = fds;
    request.fd_count = (size_t)count;
    return spawn_start(&request, &handler->child, err);
}

int handler_start(struct handler *handler, const struct attempt *attempt)
{
    struct err err = ERR_INIT;
    struct spawn_fd fds[HANDLER_FDS_MAX];
    int to_close[HANDLER_FDS_MAX];
    program_set_job(handler->host->program, attempt ? attempt->job : NULL);
    int count = open_descriptors(handler, attempt, fds, to_close, &err);
    int result = count < 0 ? -1 : spawn(handler, fds, count, &err);
    for (int i = 0; i < count; i++)
        fd_close(&to_close[i]);
    if (result == 0) {
        watch_process(handler);
        return 0;
    }
    handler->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    handler->kind->close(handler);
    capture_close(&handler->output);
    capture_close(&handler->errors);
    fail_to_start(handler, err.text);
    return -1;
}

void handler_tend(struct handler *handler)
{
    if (handler->state != HANDLER_OFF || handler->is_asked)
        return;
    bool is_exec = handler->kind->started == HANDLER_READY;
    if (is_exec && handler->is_usable)
        return;
    struct err err = ERR_INIT;
    if (program_check(handler->host->program, &err) < 0) {
        fail_to_start(handler, err.text);
    } else if (is_exec) {
        handler->is_usable = handler->host->is_boot_known = handler->host->changed = true;
    } else {
        handler->was_ready = false;
        handler_start(handler, NULL);
    }
}

/* The end of a process */

static void add_tail(struct handler *handler, struct buf *text)
{
    const char *tail = capture_tail(&handler->errors);
    if (*tail && text->length > 0)
        buf_text_append(text, "\n");
    buf_text_append(text, tail);
}

static struct ending ending_of(struct handler *handler, const struct attempt *attempt, int status,
                               struct buf *text)
{
    const struct handler_reason *reason = &handler->reason;
    if (!reason->is_set)
        return handler->kind->judge(handler, status, text);
    if (reason->culprit && reason->culprit != attempt)
        return (struct ending){.kind = ENDING_STOPPED};
    buf_text_append(text, reason->text);
    add_tail(handler, text);
    return (struct ending){.kind = reason->kind, .text = buf_text(text)};
}

static void conclude_with_process(struct handler *handler, struct attempt *attempt, int status)
{
    struct buf text;
    buf_init(&text, EXCEPTION_MAX);
    struct ending ending = ending_of(handler, attempt, status, &text);
    handler_conclude(handler, attempt, &ending, handler_now(handler));
    buf_finish(&text);
}

/* What has not begun goes back from the last to the first, so that the first is the first again. */
static void settle_jobs(struct handler *handler, int status, bool was_started)
{
    struct attempt *attempt, *next;
    for (attempt = TAILQ_FIRST(&handler->jobs); attempt && was_started; attempt = next) {
        next = TAILQ_NEXT(attempt, entry);
        if (attempt->state == ATTEMPT_RUNNING)
            conclude_with_process(handler, attempt, status);
    }
    while ((attempt = TAILQ_LAST(&handler->jobs, attempt_list)))
        handler_give_back(handler, attempt);
}

static void note_ending(struct handler *handler)
{
    const struct handler_reason *reason = &handler->reason;
    int64_t running_ms = (handler_now(handler) - handler->boot_us) / 1000;
    const struct backoff_policy *policy = &handler->host->backoff;
    const struct backoff_ending ending = {
        .was_ready = handler->was_ready,
        .was_expected = handler->is_asked || handler->is_leaving ||
                        (reason->is_set && reason->kind != ENDING_PROTOCOL),
        .running_ms = handler->has_served ? backoff_well_ms(policy) : running_ms,
    };
    handler->failures = backoff_failures(policy, handler->failures, &ending);
}

static void say_why_not_ready(struct handler *handler, int status)
{
    char text[SPAWN_STATUS_SIZE];
    const char *label = handler->host->program->label;
    const char *tail = capture_tail(&handler->errors);
    struct err err = ERR_INIT;
    err_set(&err, ERR_SYSTEM, "%s: its handler ended before it said hello: %s%s%s", label,
            handler->reason.is_set ? handler->reason.text : spawn_status_text(status, text),
            *tail ? ": " : "", tail);
    complain(handler, err.text);
}

static void end_persistent(struct handler *handler, int status)
{
    note_ending(handler);
    pause_after_failure(handler);
    if (handler->was_ready || handler->is_asked)
        return;
    handler->host->is_boot_known = true;
    say_why_not_ready(handler, status);
}

static void after_process(struct handler *handler, int status, bool was_started)
{
    settle_jobs(handler, status, was_started);
    if (handler->persistent && was_started) {
        end_persistent(handler, status);
    } else if (was_started) {
        handler->failures = 0;
        handler_set_state(handler, HANDLER_OFF);
    }
    handler->is_asked = false;
    capture_forget_tail(&handler->errors);
}

void handler_on_exit(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct handler *handler = watch->data;
    struct spawn_child *child = &handler->child;
    struct err err = ERR_INIT;
    int cause = 0, status = 0;
    ev_io_stop(loop, watch);
    /* Its number is still its own until it is reaped, and so is that of its group. */
    spawn_signal_group(child, SIGKILL);
    handler->kind->close(handler);
    capture_close(&handler->output);
    capture_close(&handler->errors);
    bool was_started = spawn_poll(child, &cause) != SPAWN_FAILED;
    if (!was_started)
        program_explain(handler->host->program, child, cause, &err);
    spawn_reap(child, &status);
    spawn_close(child);
    child->pid = -1;
    after_process(handler, status, was_started);
    if (!was_started)
        fail_to_start(handler, err.text);
}
