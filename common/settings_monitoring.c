/* SPDX-License-Identifier: MIT */

/* [monitoring]: what is measured and kept. */
#include "common/settings_monitoring.h"

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
};
#undef AT

const struct key_table settings_monitoring_table = {
    .section = "monitoring",
    .help = "What is measured, and how long it is kept.",
    .keys = monitoring_keys,
    .key_count = COUNT_OF(monitoring_keys),
};

void settings_derive_monitoring(struct settings *settings)
{
    if (settings->monitoring.health_check_interval != KEY_UNSET)
        settings->muster.health_check_interval = settings->monitoring.health_check_interval;
}
