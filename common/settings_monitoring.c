/* SPDX-License-Identifier: MIT */

/* [monitoring]: what is measured, kept and watched; [notify:NAME]: who is told. */
#include "common/settings_monitoring.h"

#include <string.h>

#include "common/mem.h"

#define SECOND INT64_C(1000)
#define DAY    (24 * 3600 * SECOND)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define AT(member) .offset = offsetof(struct monitoring_settings, member)
static const struct key monitoring_keys[] = {
    {.name = "enabled",
     .type = KEY_BOOLEAN,
     AT(enabled),
     .fallback = "yes",
     .reload = RELOAD_WORKERS,
     .variable = "QUEUE_MONITORING",
     .help = "Whether figures of what was done are kept in the stores."},
    {.name = "metrics_retention",
     .type = KEY_INTEGER,
     AT(metrics_retention),
     .fallback = "7",
     .min = 1,
     .max = 3650,
     .reload = RELOAD_NONE,
     .variable = "QUEUE_METRICS_RETENTION",
     .help = "Days that figures are kept: by the minute for one, by the hour for nine, then by "
             "the day."},
    {.name = "metrics_interval",
     .type = KEY_DURATION,
     AT(metrics_interval),
     .fallback = "60",
     .min = 1 * SECOND,
     .max = 600 * SECOND,
     .reload = RELOAD_WORKERS,
     .help = "How often a worker stores its figures, in one call."},
    {.name = "health_check_interval",
     .type = KEY_DURATION,
     AT(health_check_interval),
     .fallback = "",
     .min = 1 * SECOND,
     .max = DAY,
     .reload = RELOAD_NONE,
     .variable = "QUEUE_HEALTH_CHECK_INTERVAL",
     .help = "In place of that of [muster]."},
    {.name = "events_log",
     .type = KEY_PATH,
     AT(events_log),
     .fallback = "",
     .reload = RELOAD_WORKERS,
     .help = "File to which each attempt that ends is appended, as a line of JSON. Unset: none."},
    {.name = "audit_log",
     .type = KEY_PATH,
     AT(audit_log),
     .fallback = "",
     .reload = RELOAD_RESTART,
     .help = "File to which is appended who ordered what. Unset: DATADIR/audit.log, where there "
             "are queues."},
    {.name = "alert_interval",
     .type = KEY_DURATION,
     AT(alert_interval),
     .fallback = "5",
     .min = 100,
     .max = 3600 * SECOND,
     .reload = RELOAD_NONE,
     .help = "How often is looked whether there is something to alert people of."},
    {.name = "alert_window",
     .type = KEY_DURATION,
     AT(alert_window),
     .fallback = "300",
     .min = 60 * SECOND,
     .max = DAY,
     .reload = RELOAD_NONE,
     .help = "The time over which failures are counted."},
    {.name = "alert_clear",
     .type = KEY_DURATION,
     AT(alert_clear),
     .fallback = "60",
     .min = 0,
     .max = DAY,
     .reload = RELOAD_NONE,
     .help = "An alert is over when its cause has been gone for so long."},
    {.name = "alert_repeat",
     .type = KEY_DURATION,
     AT(alert_repeat),
     .fallback = "3600",
     .min = 0,
     .max = 30 * DAY,
     .reload = RELOAD_NONE,
     .help = "How often an alert is told again while it goes on. 0: never."},
#undef AT
#define AT(member) .offset = offsetof(struct monitoring_settings, alerts.member)
    ALERT_KEYS
#undef AT
};

static const char *const notify_names[] = {"webhook", "slack", "command", "email", NULL};
const char *const settings_severity_names[] = {"error", "warning", "info", NULL};

#define AT(member) .offset = offsetof(struct notify_settings, member)
static const struct key notify_keys[] = {
    {.name = "kind",
     .type = KEY_CHOICE,
     AT(kind),
     .fallback = "webhook",
     .choices = notify_names,
     .reload = RELOAD_NONE,
     .help = "webhook posts the alert as JSON; slack posts a text as Slack and its like take it; "
             "command gets the JSON on its standard input; email goes through sendmail."},
    {.name = "severities",
     .type = KEY_SET,
     AT(severities),
     .fallback = "error,warning",
     .choices = settings_severity_names,
     .reload = RELOAD_NONE,
     .help = "Which alerts go this way. All are in the log in any case."},
    {.name = "url",
     .type = KEY_NAME,
     AT(url),
     .fallback = "",
     .reload = RELOAD_NONE,
     .is_secret = true,
     .help = "webhook, slack: where it is posted to, http:// or https://."},
    {.name = "token",
     .type = KEY_NAME,
     AT(token),
     .fallback = "",
     .reload = RELOAD_NONE,
     .is_secret = true,
     .help = "webhook: sent as `Authorization: Bearer TOKEN`. Unset: nothing is."},
    {.name = "command",
     .type = KEY_COMMAND,
     AT(command),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "command: program and arguments, no shell. Exit status 0: it has been told."},
    {.name = "to",
     .type = KEY_NAME,
     AT(to),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "email: addresses, separated by commas."},
    {.name = "from",
     .type = KEY_NAME,
     AT(from),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "email: the sender. Unset: sendmail's choice."},
    {.name = "sendmail",
     .type = KEY_PATH,
     AT(sendmail),
     .fallback = "/usr/sbin/sendmail",
     .reload = RELOAD_NONE,
     .help = "email: the program that takes the message, with -t -i."},
    {.name = "timeout",
     .type = KEY_DURATION,
     AT(timeout),
     .fallback = "10",
     .min = 100,
     .max = 600 * SECOND,
     .reload = RELOAD_NONE,
     .help = "How long one try may take."},
    {.name = "retries",
     .type = KEY_INTEGER,
     AT(retries),
     .fallback = "5",
     .min = 0,
     .max = 100,
     .reload = RELOAD_NONE,
     .help = "Further tries where one has failed."},
    {.name = "retry_delay",
     .type = KEY_DURATION,
     AT(retry_delay),
     .fallback = "1",
     .min = 10,
     .max = 3600 * SECOND,
     .reload = RELOAD_NONE,
     .help = "The pause before the first of them; it doubles."},
};
#undef AT

const struct key_table settings_notify_table = {
    .section = "notify:",
    .help = "Who is told of alerts, beside the log.",
    .keys = notify_keys,
    .key_count = COUNT_OF(notify_keys),
    .example = "ops",
    .is_commented = true,
};

const struct key_table settings_monitoring_table = {
    .section = "monitoring",
    .help = "What is measured, how long it is kept, and what is worth an alert. What is said of "
            "alerts from alert_failure_rate on holds for all queues that do not say otherwise.",
    .keys = monitoring_keys,
    .key_count = COUNT_OF(monitoring_keys),
};

void settings_derive_monitoring(struct settings *settings)
{
    if (settings->monitoring.health_check_interval != KEY_UNSET)
        settings->muster.health_check_interval = settings->monitoring.health_check_interval;
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* The key that its kind cannot do without; NULL where all is there. */
static const char *missing_key(const struct notify_settings *notify)
{
    bool posts = notify->kind == NOTIFY_WEBHOOK || notify->kind == NOTIFY_SLACK;
    if (posts && !is_http(notify->url))
        return "url";
    if (notify->kind == NOTIFY_COMMAND && !notify->command[0])
        return "command";
    return notify->kind == NOTIFY_EMAIL && !notify->to[0] ? "to" : NULL;
}

int settings_add_notify(struct settings_reader *reader, const char *name,
                        const struct ini_section *section)
{
    struct settings *settings = reader->settings;
    struct err cause = ERR_INIT;
    if (settings_check_name("the way of notifying", name, &cause) < 0)
        return settings_refuse(reader, section, "", &cause);
    size_t count = settings->notify_count + 1;
    settings->notifies = mem_resize(settings->notifies, count, sizeof *settings->notifies);
    struct notify_settings *notify = &settings->notifies[settings->notify_count++];
    *notify = (struct notify_settings){.name = mem_strdup(name)};
    keys_set_defaults(&settings_notify_table, notify);
    if (settings_apply_section(reader, &settings_notify_table, notify, section, NULL) < 0)
        return -1;
    const char *missing = missing_key(notify);
    if (!missing)
        return 0;
    err_set(&cause, ERR_INVALID, "%s: kind = %s takes one%s", missing, notify_names[notify->kind],
            strcmp(missing, "url") == 0 ? ", which begins with http:// or https://" : "");
    return settings_refuse(reader, section, missing, &cause);
}
