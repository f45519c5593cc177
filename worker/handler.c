/* SPDX-License-Identifier: MIT */
#include "worker/handler.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "worker/persistent.h"

#define KILL_AGAIN_US 1000000 /* a process that the kernel holds does not end at once */
#define COMPLAIN_US   1000000 /* handlers that cannot be started say so once in this time */
#define EXCEPTION_MAX 65536
#define NEVER         INT64_MAX

int64_t handler_now(const struct handler *handler)
{
    return clock_monotonic_us(handler->host->clock);
}

bool handler_has_process(const struct handler *handler)
{
    return handler->child.pid > 0;
}

/* Limits */

static int64_t nearest_due(const struct handler *handler)
{
    int64_t due = NEVER;
    const struct attempt *attempt;
    TAILQ_FOREACH(attempt, &handler->jobs, entry)
    if (attempt->state == ATTEMPT_RUNNING && attempt->due_us < due)
        due = attempt->due_us;
    return due;
}

/* Of a state without a limit of its own. */
static int64_t work_due(const struct handler *handler)
{
    int64_t due = nearest_due(handler);
    int64_t rest = handler->rest_until_us;
    return rest > 0 && rest < due ? rest : due;
}

static int64_t due_us(const struct handler *handler)
{
    switch (handler->state) {
    case HANDLER_PAUSED:
        return handler->since_us + handler->pause_us;
    case HANDLER_BOOTING:
        return handler->since_us + handler->host->queue->boot_timeout * 1000;
    case HANDLER_LEAVING:
    case HANDLER_TERMINATED:
        return handler->since_us + handler->host->kill_us;
    case HANDLER_KILLED:
        return handler->since_us + KILL_AGAIN_US;
    default:
        return work_due(handler);
    }
}

/* Sets the timer. A limit that moves away does not touch it: it is set again when it fires. */
static void arm_at(struct handler *handler, int64_t due)
{
    ev_timer_stop(handler->host->loop, &handler->limit);
    handler->armed_us = due;
    if (due == NEVER)
        return;
    int64_t left = due - handler_now(handler);
    ev_timer_set(&handler->limit, left > 0 ? (double)left / 1e6 : 0., 0.);
    ev_timer_start(handler->host->loop, &handler->limit);
}

static void arm_no_later_than(struct handler *handler, int64_t due)
{
    if (due < handler->armed_us)
        arm_at(handler, due);
}

void handler_set_state(struct handler *handler, enum handler_state state)
{
    handler->state = state;
    handler->since_us = handler_now(handler);
    handler->host->changed = true;
    arm_no_later_than(handler, due_us(handler));
}

/* Ending */

static void terminate(struct handler *handler)
{
    handler_set_state(handler, HANDLER_TERMINATED);
    spawn_signal_group(&handler->child, SIGTERM);
}

static void kill_group(struct handler *handler)
{
    handler_set_state(handler, HANDLER_KILLED);
    spawn_signal_group(&handler->child, SIGKILL);
}

void handler_end(struct handler *handler, enum ending_kind kind, const struct attempt *culprit,
                 const char *format, ...)
{
    if (!handler_has_process(handler) || handler->reason.is_set)
        return;
    struct handler_reason *reason = &handler->reason;
    *reason = (struct handler_reason){.kind = kind, .culprit = culprit, .is_set = true};
    va_list args;
    va_start(args, format);
    vsnprintf(reason->text, sizeof reason->text, format, args);
    va_end(args);
    if (handler->running_count == 0 && kind != ENDING_STOPPED)
        log_write(LOG_WARN, "handler %d is replaced: %s", (int)handler->child.pid, reason->text);
    if (handler->state < HANDLER_TERMINATED)
        terminate(handler);
}

void handler_leave(struct handler *handler)
{
    handler->is_asked = true;
    if (handler->state == HANDLER_BOOTING)
        handler_end(handler, ENDING_STOPPED, NULL, "it is not needed any more");
    if (handler->state != HANDLER_READY || handler->job_count > 0)
        return;
    handler->kind->ask_to_leave(handler);
    handler_set_state(handler, HANDLER_LEAVING);
}

void handler_cancel(struct handler *handler, struct attempt *attempt, enum attempt_wish wish)
{
    attempt->wish = wish;
    handler->kind->cancel(handler, attempt);
    if (attempt->state != ATTEMPT_RUNNING)
        return;
    int64_t due = handler_now(handler) + handler->host->kill_us;
    if (due < attempt->due_us)
        attempt->due_us = due;
    arm_no_later_than(handler, attempt->due_us);
}

static void end_overdue(struct handler *handler, const struct attempt *attempt)
{
    if (attempt->wish == WISH_CANCELLED)
        handler_end(handler, ENDING_CANCELLED, attempt, "the job was cancelled");
    else if (attempt->wish == WISH_LOST)
        handler_end(handler, ENDING_STOPPED, attempt, "the lease of the job was lost");
    else
        handler_end(handler, ENDING_TIMEOUT, attempt,
                    "it ran for longer than its timeout of %.15g s",
                    (double)attempt->job->timeout_ms / 1000.);
}

static void pass_work_limit(struct handler *handler, int64_t now)
{
    if (handler->rest_until_us > 0 && handler->rest_until_us <= now) {
        handler->rest_until_us = 0;
        handler->host->changed = true;
    }
    const struct attempt *attempt;
    TAILQ_FOREACH(attempt, &handler->jobs, entry)
    if (attempt->state == ATTEMPT_RUNNING && attempt->due_us <= now)
        break;
    if (attempt)
        end_overdue(handler, attempt);
}

static void pass_limit(struct handler *handler, int64_t now)
{
    switch (handler->state) {
    case HANDLER_PAUSED:
        handler_set_state(handler, HANDLER_OFF);
        break;
    case HANDLER_BOOTING:
        handler_end(handler, ENDING_EXIT, NULL, "it has not said hello within %.15g s",
                    (double)handler->host->queue->boot_timeout / 1000.);
        break;
    case HANDLER_LEAVING:
        terminate(handler);
        break;
    case HANDLER_TERMINATED:
    case HANDLER_KILLED:
        kill_group(handler);
        break;
    default:
        pass_work_limit(handler, now);
    }
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct handler *handler = timer->data;
    handler->armed_us = NEVER;
    int64_t now = handler_now(handler);
    if (due_us(handler) <= now)
        pass_limit(handler, now);
    arm_no_later_than(handler, due_us(handler));
}

/* Attempts */

void handler_begin(struct handler *handler, struct attempt *attempt)
{
    struct handler_host *host = handler->host;
    const struct job *job = attempt->job;
    attempt_set_state(attempt, ATTEMPT_RUNNING);
    attempt->started_us = handler_now(handler);
    if (job->timeout_ms > 0)
        attempt->due_us = attempt->started_us + job->timeout_ms * 1000;
    handler->running_count++;
    slots_note(host->slots, attempt, handler->child.pid);
    if (attempt->wish != WISH_NONE)
        attempt->due_us = attempt->started_us + host->kill_us;
    arm_no_later_than(handler, attempt->due_us);
}

static void take_out(struct handler *handler, struct attempt *attempt)
{
    TAILQ_REMOVE(&handler->jobs, attempt, entry);
    handler->job_count--;
    handler->running_count -= attempt->state == ATTEMPT_RUNNING;
}

void handler_conclude(struct handler *handler, struct attempt *attempt, const struct ending *ending,
                      int64_t now_us)
{
    struct handler_host *host = handler->host;
    take_out(handler, attempt);
    slots_keep(attempt);
    attempt->ended_us = now_us;
    host->served_us += now_us - attempt->started_us;
    host->served_count++;
    if (host->queue->options.rest > 0) {
        handler->rest_until_us = now_us + host->queue->options.rest * 1000;
        arm_no_later_than(handler, handler->rest_until_us);
    }
    if (ending->kind == ENDING_DONE)
        handler->has_served = true;
    host->changed = true;
    host->ended(host->context, attempt, ending);
}

void handler_give_back(struct handler *handler, struct attempt *attempt)
{
    take_out(handler, attempt);
    if (attempt->part == PART_FAILURE)
        slots_keep(attempt); /* the job itself has been run */
    else
        slots_release(attempt);
    attempt_set_state(attempt, ATTEMPT_WAITING);
    attempt->due_us = NEVER;
    handler->host->changed = true;
    handler->host->returned(handler->host->context, attempt);
}

void handler_give_back_waiting(struct handler *handler)
{
    struct attempt *attempt, *before;
    for (attempt = TAILQ_LAST(&handler->jobs, attempt_list); attempt; attempt = before) {
        before = TAILQ_PREV(attempt, attempt_list, entry);
        if (attempt->state != ATTEMPT_RUNNING)
            handler_give_back(handler, attempt);
    }
}

void handler_give(struct handler *handler, struct attempt *attempt)
{
    TAILQ_INSERT_TAIL(&handler->jobs, attempt, entry);
    handler->job_count++;
    attempt_set_state(attempt, ATTEMPT_HANDED);
    if (handler->kind->give(handler, attempt) < 0)
        handler_give_back(handler, attempt);
}

void handler_flush(struct handler *handler)
{
    handler->kind->flush(handler);
}

static bool is_resting(const struct handler *handler)
{
    return handler->rest_until_us > 0 && handler->rest_until_us > handler_now(handler);
}

static bool takes_jobs(const struct handler *handler)
{
    if (is_resting(handler) || handler->is_asked || handler->is_leaving)
        return false;
    return handler->state == HANDLER_READY || (handler->state == HANDLER_OFF && handler->is_usable);
}

size_t handler_slots(const struct handler *handler)
{
    return (size_t)(takes_jobs(handler) ? handler->concurrency : handler->running_count);
}

size_t handler_room(const struct handler *handler, size_t ahead)
{
    if (!takes_jobs(handler) || (handler->persistent && persistent_is_full(handler->persistent)))
        return 0;
    size_t window = (size_t)handler->window < ahead ? (size_t)handler->window : ahead;
    size_t most = (size_t)handler->concurrency + window;
    return most > (size_t)handler->job_count ? most - (size_t)handler->job_count : 0;
}

/* Whose output it is: that of the job which runs. */
static const char *output_uuid(void *context)
{
    const struct handler *handler = context;
    const struct attempt *first = TAILQ_FIRST(&handler->jobs);
    return first && first->state == ATTEMPT_RUNNING && handler->running_count == 1
               ? first->job->uuid
               : NULL;
}

void handler_init(struct handler *handler, struct handler_host *host)
{
    *handler = (struct handler){.host = host, .armed_us = NEVER};
    bool is_exec = host->queue->handler == HANDLER_EXEC;
    handler->kind = is_exec ? &handler_exec : &handler_persistent;
    handler->child = (struct spawn_child){.pid = -1, .pidfd = -1, .error_fd = -1};
    handler->concurrency = 1;
    TAILQ_INIT(&handler->jobs);
    ev_init(&handler->exit_watch, handler_on_exit);
    ev_init(&handler->limit, on_limit);
    handler->exit_watch.data = handler->limit.data = handler;
    capture_init(&handler->output, host->loop, "stdout", false, output_uuid, handler);
    capture_init(&handler->errors, host->loop, "stderr", true, output_uuid, handler);
    if (!is_exec)
        handler->persistent = persistent_create(handler);
}

void handler_finish(struct handler *handler)
{
    ev_timer_stop(handler->host->loop, &handler->limit);
    persistent_destroy(handler->persistent);
    capture_finish(&handler->output);
    capture_finish(&handler->errors);
}
