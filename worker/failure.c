/* SPDX-License-Identifier: MIT */
#include "worker/failure.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "worker/outcome.h"

#define DESCRIPTION_MAX (2 * (size_t)JSON_TEXT_MAX)

/* --- asking --- */

struct question {
    struct worker *worker;
    struct attempt *attempt;
    const struct policy_settings *rule;
};

static void log_no_answer(const struct question *question, const struct err *why)
{
    log_about(LOG_ERROR, "job", question->attempt->job->uuid,
              "[policy:%s] its command has not decided: %s", question->rule->name, why->text);
}

static void on_answer(void *context, const char *output, size_t length, const struct err *why_not)
{
    struct question *question = context;
    struct worker *worker = question->worker;
    struct attempt *attempt = question->attempt;
    struct decision decision = DECISION_NONE;
    struct err err = ERR_INIT;
    if (why_not) {
        log_no_answer(question, why_not);
    } else if (policy_read_answer(output, length, &decision, &err) < 0) {
        err_prefix(&err, "its answer is no decision");
        log_no_answer(question, &err);
        decision = DECISION_NONE;
    }
    TAILQ_REMOVE(&worker->asked, attempt, entry);
    outcome_judge(worker, attempt, &attempt->details->ending, NULL, decision);
    free(question);
}

static int start(struct worker *worker, struct attempt *attempt, struct question *question,
                 struct err *err)
{
    struct buf text;
    buf_init(&text, DESCRIPTION_MAX);
    const struct policy_settings *rule = question->rule;
    int result = policy_describe(&attempt->details->ending, attempt->job, rule->name, &text);
    const struct helper_request request = {
        .command = rule->command,
        .directory = worker->plan->queue->directory,
        .input = buf_text(&text),
        .length = text.length,
        .timeout_ms = rule->command_timeout,
        .uuid = attempt->job->uuid,
        .done = on_answer,
        .context = question,
    };
    if (result < 0)
        err_set(err, ERR_LIMIT, "the failure is too large to be told");
    else
        result = helper_start(&worker->helpers, &request, err);
    buf_finish(&text);
    return result;
}

bool failure_ask(struct worker *worker, struct attempt *attempt, const struct ending *ending,
                 const struct policy_settings *rule)
{
    struct err err = ERR_INIT;
    struct question *question = mem_new(1, sizeof *question);
    *question = (struct question){worker, attempt, rule};
    attempt_keep_ending(attempt, ending);
    if (start(worker, attempt, question, &err) < 0) {
        log_no_answer(question, &err);
        free(question);
        return false;
    }
    attempt_set_state(attempt, ATTEMPT_ASKED);
    TAILQ_INSERT_TAIL(&worker->asked, attempt, entry);
    return true;
}

/* --- telling --- */

static struct failed_hooks hooks_of(const struct worker *worker, const struct job *job)
{
    struct job_settings said;
    struct failed_hooks hooks = worker->plan->queue->failed;
    if (settings_job(worker->plan->settings, job->name, &said))
        settings_job_apply_failed(&said, &hooks);
    return hooks;
}

static void put_push(const struct attempt *attempt, const struct failed_hooks *hooks,
                     struct buf *text)
{
    buf_text_append(text, "{\"job\":");
    json_string_append(text, hooks->job, strlen(hooks->job));
    if (hooks->queue[0])
        buf_printf(text, ",\"queue\":\"%s\"", hooks->queue);
    buf_text_append(text, ",\"data\":");
    policy_describe(&attempt->details->ending, attempt->job, NULL, text);
    buf_text_append(text, "}");
}

/* A job for failures that fails itself is not told to itself. */
static void push_failed_job(struct worker *worker, struct attempt *attempt)
{
    const struct failed_hooks hooks = hooks_of(worker, attempt->job);
    if (!hooks.job[0] || strcmp(hooks.job, attempt->job->name) == 0)
        return;
    struct err err = ERR_INIT;
    struct buf text;
    buf_init(&text, DESCRIPTION_MAX);
    put_push(attempt, &hooks, &text);
    const struct json_slice slice = {buf_text(&text), text.length, JSON_OBJECT};
    if (!attempt_add_push(attempt, worker->plan->settings, &slice, &err))
        log_about(LOG_ERROR, "job", attempt->job->uuid, "failed_job %s cannot be pushed: %s",
                  hooks.job, err.text);
    buf_finish(&text);
}

static void finish(struct worker *worker, struct attempt *attempt)
{
    push_failed_job(worker, attempt);
    attempt->outcome.pushes = attempt->details->pushes;
    attempt->outcome.push_count = attempt->details->push_count;
    outcome_enqueue(worker, attempt);
}

/* Only a handler that knows the class can know what to do. */
static bool can_be_told(const struct worker *worker, const struct attempt *attempt,
                        enum ending_kind kind)
{
    return attempt->route->host.tells_failed && kind != ENDING_UNHANDLED && kind != ENDING_PAYLOAD &&
           worker->phase != PHASE_TERMINATING;
}

void failure_is_final(struct worker *worker, struct attempt *attempt, const struct ending *ending)
{
    if (!attempt->details || ending != &attempt->details->ending)
        attempt_keep_ending(attempt, ending);
    attempt_drop_pushes(attempt);
    if (!can_be_told(worker, attempt, ending->kind)) {
        finish(worker, attempt);
        return;
    }
    attempt->part = PART_FAILURE;
    attempt_set_state(attempt, ATTEMPT_WAITING);
    attempt->due_us = INT64_MAX;
    TAILQ_INSERT_HEAD(&worker->waiting, attempt, entry);
    worker->waiting_count++;
}

void failure_is_told(struct worker *worker, struct attempt *attempt, const struct ending *ending)
{
    if (ending->kind != ENDING_DONE) {
        log_about(LOG_ERROR, "job", attempt->job->uuid,
                  "its handler was told that it has failed for good, and did not manage: %s",
                  ending->text ? ending->text : "it was interrupted");
        attempt_drop_pushes(attempt);
    }
    finish(worker, attempt);
}

void failure_is_untold(struct worker *worker, struct attempt *attempt)
{
    log_about(LOG_WARN, "job", attempt->job->uuid,
              "its handler is not told that it has failed for good: the worker is stopping");
    finish(worker, attempt);
}

static void on_told(void *context, const char *output, size_t length, const struct err *why_not)
{
    (void)output, (void)length;
    char *uuid = context;
    if (why_not)
        log_about(LOG_ERROR, "job", uuid, "its failed_command: %s", why_not->text);
    free(uuid);
}

void failure_is_stored(struct worker *worker, const struct attempt *attempt)
{
    const struct failed_hooks hooks = hooks_of(worker, attempt->job);
    if (!hooks.command[0] || !attempt->details)
        return;
    struct err err = ERR_INIT;
    struct buf text;
    buf_init(&text, DESCRIPTION_MAX);
    policy_describe(&attempt->details->ending, attempt->job, NULL, &text);
    char *uuid = mem_strdup(attempt->job->uuid);
    const struct helper_request request = {
        .command = hooks.command,
        .directory = worker->plan->queue->directory,
        .input = buf_text(&text),
        .length = text.length,
        .timeout_ms = hooks.timeout,
        .uuid = uuid,
        .done = on_told,
        .context = uuid,
    };
    if (helper_start(&worker->helpers, &request, &err) < 0)
        on_told(uuid, NULL, 0, &err);
    buf_finish(&text);
}
