/* SPDX-License-Identifier: MIT */
#include "worker/policy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "common/expression.h"
#include "common/glob.h"
#include "common/json.h"
#include "queue/exception.h"

int policy_init(struct policy *policy, const struct settings *settings, struct err *err)
{
    *policy = (struct policy){.rules = mem_new(settings->policy_count, sizeof *policy->rules)};
    for (size_t i = 0; i < settings->policy_count; i++) {
        struct policy_rule *rule = &policy->rules[policy->count++];
        rule->settings = &settings->policies[i];
        if (!rule->settings->expression[0])
            continue;
        if (expression_compile(rule->settings->expression, &rule->expression, err) < 0)
            return err_prefix(err, "[policy:%s]", rule->settings->name);
        rule->has_expression = true;
    }
    return 0;
}

void policy_finish(struct policy *policy)
{
    for (size_t i = 0; i < policy->count; i++)
        if (policy->rules[i].has_expression)
            regfree(&policy->rules[i].expression);
    free(policy->rules);
    *policy = (struct policy){0};
}

/* --- conditions --- */

static bool has_part(const char *text, size_t length, const char *part, size_t part_length)
{
    for (size_t at = 0; at + part_length <= length; at++)
        if (strncasecmp(text + at, part, part_length) == 0)
            return true;
    return false;
}

/* Whether one of the parts of a list is in the text. White space around them and empty ones do not
 * count. */
static bool has_one_of(const char *text, size_t length, const char *list)
{
    for (const char *at = list; *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t part = strcspn(at, ",");
        const char *begin = at;
        at += part;
        while (part > 0 && strchr(" \t", begin[part - 1]))
            part--;
        if (part > 0 && has_part(text, length, begin, part))
            return true;
    }
    return false;
}

static bool text_holds(const struct policy_rule *rule, const char *text)
{
    const char *message = text ? text : "";
    size_t length = exception_message(&message);
    if (length > POLICY_TEXT_MAX)
        length = POLICY_TEXT_MAX;
    if (rule->settings->text[0] && !has_one_of(message, length, rule->settings->text))
        return false;
    return !rule->has_expression || expression_matches(&rule->expression, message, length);
}

static bool cause_holds(uint32_t causes, enum ending_kind kind)
{
    if (causes == 0)
        return kind != ENDING_RELEASED;
    for (int i = 0; settings_cause_names[i]; i++)
        if (causes & (UINT32_C(1) << i) &&
            strcmp(settings_cause_names[i], verdict_cause(kind)) == 0)
            return true;
    return false;
}

static bool is_empty(const struct exit_codes *codes)
{
    static const struct exit_codes none;
    return memcmp(codes, &none, sizeof none) == 0;
}

static bool status_holds(const struct policy_settings *rule, const struct ending *ending)
{
    bool has_exited = ending->has_status && WIFEXITED(ending->status);
    bool was_killed = ending->has_status && WIFSIGNALED(ending->status);
    if (!is_empty(&rule->exit_status) &&
        !(has_exited && exit_codes_have(&rule->exit_status, WEXITSTATUS(ending->status))))
        return false;
    return rule->signal == 0 || (was_killed && WTERMSIG(ending->status) == rule->signal);
}

static bool names_hold(const struct policy_settings *rule, const struct job *job)
{
    return (!rule->job[0] || glob_match(rule->job, job->name)) &&
           (!rule->queue[0] || glob_match(rule->queue, job->queue));
}

const struct policy_settings *policy_find(const struct policy *policy, const struct ending *ending,
                                          const struct job *job)
{
    if (!verdict_may_differ(ending))
        return NULL;
    for (size_t i = 0; i < policy->count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if (cause_holds(rule->settings->causes, ending->kind) &&
            status_holds(rule->settings, ending) && names_hold(rule->settings, job) &&
            text_holds(rule, ending->text))
            return rule->settings;
    }
    return NULL;
}

struct decision policy_decision(const struct policy_settings *rule)
{
    return (struct decision){.action = (enum policy_action)rule->action,
                             .delay_ms = rule->delay == KEY_UNSET ? -1 : rule->delay};
}

/* --- decision programs --- */

static int put_text(struct buf *out, const char *name, const char *text)
{
    if (buf_printf(out, ",\"%s\":", name) < 0)
        return -1;
    return text ? json_string_append(out, text, strlen(text)) : buf_text_append(out, "null");
}

static int put_status(const struct ending *ending, struct buf *out)
{
    if (ending->has_status && WIFEXITED(ending->status))
        return buf_printf(out, ",\"exit_status\":%d", WEXITSTATUS(ending->status));
    if (ending->has_status && WIFSIGNALED(ending->status))
        return buf_printf(out, ",\"signal\":%d", WTERMSIG(ending->status));
    return 0;
}

static int put_names(const struct job *job, struct buf *out)
{
    if (buf_text_append(out, "{\"uuid\":") < 0 ||
        json_string_append(out, job->uuid, strlen(job->uuid)) < 0 ||
        put_text(out, "job", job->name) < 0 || put_text(out, "queue", job->queue) < 0)
        return -1;
    return job->batch_uuid ? put_text(out, "batch_uuid", job->batch_uuid) : 0;
}

int policy_describe(const struct ending *ending, const struct job *job, const char *rule,
                    struct buf *out)
{
    size_t before = out->length;
    if (put_names(job, out) == 0 &&
        buf_printf(out, ",\"attempts\":%d,\"max_attempts\":%d,\"priority\":%d", job->attempts,
                   job->max_attempts, job->priority) == 0 &&
        put_text(out, "cause", verdict_cause(ending->kind)) == 0 && put_status(ending, out) == 0 &&
        put_text(out, "exception", ending->text ? ending->text : "") == 0 &&
        (!rule || put_text(out, "rule", rule) == 0) && buf_text_append(out, ",\"data\":") == 0 &&
        (job->data.text ? buf_append(out, job->data.text, job->data.length)
                        : buf_text_append(out, "null")) == 0 &&
        buf_text_append(out, "}\n") == 0)
        return 0;
    buf_truncate(out, before);
    return -1;
}

/* "default" is what happens without a rule. */
static int read_action(const struct json_slice *value, struct decision *decision, struct err *err)
{
    if (value->text && json_slice_is(value, "default"))
        return 0;
    for (int i = 0; value->text && i < POLICY_COMMAND; i++) {
        if (!json_slice_is(value, settings_action_names[i]))
            continue;
        decision->action = (enum policy_action)i;
        return 0;
    }
    return err_set(err, ERR_INVALID,
                   "its action must be \"retry\", \"discard\", \"fail\" or \"default\"");
}

static int read_delay(const struct json_slice *value, struct decision *decision, struct err *err)
{
    double seconds;
    if (!value->text || value->kind == JSON_NULL)
        return 0;
    if (json_slice_number(value, "delay", &seconds, err) < 0)
        return -1;
    if (!(seconds >= 0 && seconds <= JOB_DELAY_MAX))
        return err_set(err, ERR_INVALID, "its delay must be from 0 to %d seconds", JOB_DELAY_MAX);
    decision->delay_ms = (int64_t)(seconds * 1000 + 0.5);
    return 0;
}

int policy_read_answer(const char *text, size_t length, struct decision *decision, struct err *err)
{
    struct json_field fields[] = {{.name = "action"}, {.name = "delay"}};
    *decision = DECISION_NONE;
    if (length > POLICY_ANSWER_MAX)
        return err_set(err, ERR_LIMIT, "it is longer than %d bytes", POLICY_ANSWER_MAX);
    if (json_scan_object(text, length, fields, 2, err) < 0 ||
        read_action(&fields[0].value, decision, err) < 0)
        return -1;
    return read_delay(&fields[1].value, decision, err);
}
