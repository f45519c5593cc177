/* SPDX-License-Identifier: MIT */
#include "common/settings_policy.h"

#include <stdlib.h>
#include <string.h>

#include "common/expression.h"
#include "common/mem.h"
#include "common/settings_jobs.h"

#define MS              1
#define SECOND          (1000 * MS)
#define MINUTE          (60 * SECOND)
#define DAY             (INT64_C(86400) * SECOND)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const settings_cause_names[] = {"exception", "exit",     "signal",   "timeout",
                                            "memory",    "protocol", "released", NULL};
const char *const settings_action_names[] = {"retry", "discard", "fail", "command", NULL};

#define AT(member) .offset = offsetof(struct policy_settings, member)
static const struct key policy_keys[] = {
    {.name = "text",
     .type = KEY_NAME,
     AT(text),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help =
         "Texts, separated by commas, one of which the message of the failure has in it, in either "
         "case. Unset: any; so are the conditions below. All that are given must hold."},
    {.name = "expression",
     .type = KEY_NAME,
     AT(expression),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "POSIX extended regular expression that matches somewhere in the message."},
    {.name = "cause",
     .type = KEY_SET,
     AT(causes),
     .fallback = "",
     .choices = settings_cause_names,
     .reload = RELOAD_WORKERS,
     .help = "How the attempt ended. Unset: any but released, which is the handler's own wish."},
    {.name = "exit_status",
     .type = KEY_EXIT_CODES,
     AT(exit_status),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Exit status of the handler."},
    {.name = "signal",
     .type = KEY_SIGNAL,
     AT(signal),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Signal that killed the handler."},
    {.name = "job",
     .type = KEY_NAME,
     AT(job),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Class of the job, or a pattern: * is any text, ? one character."},
    {.name = "queue",
     .type = KEY_NAME,
     AT(queue),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "Queue of the job, or a pattern."},
    {.name = "action",
     .type = KEY_CHOICE,
     AT(action),
     .fallback = "retry",
     .choices = settings_action_names,
     .reload = RELOAD_WORKERS,
     .help = "What then: retry while attempts are left; discard: the job goes away; fail at once; "
             "ask the "
             "command."},
    {.name = "delay",
     .type = KEY_DURATION,
     AT(delay),
     .fallback = "",
     .min = 0,
     .max = 3660 * DAY,
     .reload = RELOAD_WORKERS,
     .help = "retry: after so long, each time. Unset: after the backoff."},
    BACKOFF_KEYS,
    {.name = "max_attempts",
     .alias = "tries",
     .type = KEY_INTEGER,
     AT(max_attempts),
     .fallback = "",
     .min = 0,
     .max = 1000,
     .reload = RELOAD_WORKERS,
     .help =
         "retry: attempts before the job has failed. 0: no limit. Unset: what holds for the job."},
    {.name = "command",
     .type = KEY_COMMAND,
     AT(command),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "action = command: gets the failure as JSON, answers with what is to be done."},
    {.name = "command_timeout",
     .type = KEY_DURATION,
     AT(command_timeout),
     .fallback = "5",
     .min = 10 * MS,
     .max = 10 * MINUTE,
     .reload = RELOAD_WORKERS,
     .help = "How long it may take; then it is killed, and the failure is dealt with as without a "
             "rule."},
};
#undef AT

const struct key_table settings_policy_table = {
    .section = "policy:",
    .help =
        "A rule for failed attempts. The first one whose conditions hold decides, in the order of "
        "the "
        "file; where none does, a job is tried again after its backoff while attempts are left.",
    .keys = policy_keys,
    .key_count = COUNT_OF(policy_keys),
    .example = "NAME",
    .is_commented = true,
    .more = "The categories of the guide's handler of failed jobs:\n"
            "\n"
            "[policy:network_error]\n"
            "text = network, timeout\n"
            "cause = exception, exit\n"
            "backoff = exponential\n"
            "backoff_delay = 60\n"
            "backoff_max = 1h\n"
            "\n"
            "[policy:validation_error]\n"
            "text = validation, invalid\n"
            "cause = exception, exit\n"
            "action = fail\n"
            "\n"
            "[policy:resource_exhaustion]\n"
            "text = memory, disk\n"
            "delay = 30m\n"
            "\n"
            "[policy:unknown]\n"
            "delay = 5m\n",
};

static int check_backoff(const struct policy_settings *policy, struct err *err)
{
    if (policy->backoff_delay == KEY_UNSET || policy->backoff_max == KEY_UNSET ||
        policy->backoff_delay <= policy->backoff_max)
        return 0;
    return err_set(
        err, ERR_INVALID,
        "backoff_delay: longer than backoff_max; write a smaller one, or a larger backoff_max");
}

static int check_command(const struct policy_settings *policy, struct err *err)
{
    if ((policy->action == POLICY_COMMAND) == (policy->command[0] != '\0'))
        return 0;
    if (policy->action == POLICY_COMMAND)
        return err_set(err, ERR_INVALID, "action: command needs a command; write command = …");
    return err_set(err, ERR_INVALID, "command: it is for action = command only; write that too");
}

static int check_expression(const struct policy_settings *policy, struct err *err)
{
    regex_t expression;
    if (!policy->expression[0])
        return 0;
    if (expression_compile(policy->expression, &expression, err) < 0)
        return err_prefix(err, "expression");
    regfree(&expression);
    return 0;
}

static int check_policy(struct settings_reader *reader, const struct policy_settings *policy,
                        const struct ini_section *section)
{
    static const struct {
        const char *key;
        int (*check)(const struct policy_settings *policy, struct err *err);
    } checks[] = {
        {"backoff_delay", check_backoff},
        {"command", check_command},
        {"expression", check_expression},
    };
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        struct err cause = ERR_INIT;
        if (checks[i].check(policy, &cause) < 0)
            return settings_refuse(reader, section, checks[i].key, &cause);
    }
    return 0;
}

int settings_add_policy(struct settings_reader *reader, const char *name,
                        const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (settings_check_name("the policy", name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->policy_count + 1;
    settings->policies = mem_resize(settings->policies, count, sizeof *settings->policies);
    struct policy_settings *policy = &settings->policies[settings->policy_count++];
    *policy = (struct policy_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_policy_table, policy);
    if (settings_apply_section(reader, &settings_policy_table, policy, section, NULL) < 0)
        return -1;
    return check_policy(reader, policy, section);
}

void settings_policy_apply(const struct policy_settings *policy, struct worker_options *options)
{
    struct job_settings said = {
        .timeout = KEY_UNSET,
        .max_attempts = KEY_UNSET,
        .backoff = policy->backoff,
        .backoff_delay = policy->backoff_delay,
        .backoff_max = policy->backoff_max,
        .backoff_jitter = policy->backoff_jitter,
    };
    settings_job_apply(&said, options);
}

void settings_finish_policy(struct policy_settings *policy)
{
    keys_finish(&settings_policy_table, policy);
    free(policy->name);
}
