/* SPDX-License-Identifier: MIT */
#include "common/settings_scaling.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *const settings_policy_names[] = {"auto", "latency", "threshold", "command", NULL};

#define AT(member) .offset = offsetof(struct scaling_options, member)
static const struct key scaling_keys[] = {SCALING_KEYS};
#undef AT

static const struct key auto_scaling_keys[] = {
#define AT(member) .offset = offsetof(struct auto_scaling_settings, member)
    {.name = "enabled",
     .type = KEY_BOOLEAN,
     AT(enabled),
     .fallback = "no",
     .reload = RELOAD_NONE,
     .variable = "QUEUE_AUTO_SCALE",
     .help = "Whether the number of workers follows the load, in queues with auto_scale."},
    {.name = "max_workers_per_queue",
     .type = KEY_INTEGER,
     AT(max_workers_per_queue),
     .fallback = "10",
     .min = 1,
     .max = 1000,
     .reload = RELOAD_NONE,
     .variable = "QUEUE_MAX_WORKERS_PER_QUEUE",
     .help = "No queue may have more workers."},
    {.name = "max_total_workers",
     .type = KEY_INTEGER,
     AT(max_total_workers),
     .fallback = "50",
     .min = 1,
     .max = 10000,
     .reload = RELOAD_NONE,
     .variable = "QUEUE_MAX_TOTAL_WORKERS",
     .help = "All queues together may not have more workers, on all hosts that share a store."},
    {.name = "max_host_workers",
     .type = KEY_INTEGER,
     AT(max_host_workers),
     .fallback = "",
     .min = 1,
     .max = 1000,
     .reload = RELOAD_NONE,
     .help = "All queues together may not have more workers on this host. Unset: "
             "max_total_workers."},
    {.name = "interval",
     .type = KEY_DURATION,
     AT(interval),
     .fallback = "1",
     .min = 100,
     .max = 3600 * 1000,
     .reload = RELOAD_NONE,
     .help = "The time from one decision to the next."},
    {.name = "max_memory",
     .type = KEY_INTEGER,
     AT(max_memory),
     .fallback = "90",
     .min = 1,
     .max = 100,
     .reload = RELOAD_NONE,
     .help = "No worker is added while more percent of the memory are in use: of the host's, or of "
             "what musterd's control group may have. 100: always."},
    {.name = "max_load",
     .type = KEY_INTEGER,
     AT(max_load),
     .fallback = "",
     .min = 1,
     .max = 1000,
     .reload = RELOAD_NONE,
     .help = "No worker is added while the host's load average is higher, a processor. Unset: "
             "always."},
    {.name = "max_pressure",
     .type = KEY_INTEGER,
     AT(max_pressure),
     .fallback = "20",
     .min = 1,
     .max = 100,
     .reload = RELOAD_NONE,
     .help = "No worker is added while something waits for memory for more percent of the time "
             "(/proc/pressure/memory). 100: always."},
#undef AT
#define AT(member) .offset = offsetof(struct auto_scaling_settings, options.member)
    SCALING_KEYS
#undef AT
};

#define AT(member) .offset = offsetof(struct schedule_settings, member)
static const struct key schedule_keys[] = {
    {.name = "queue",
     .type = KEY_NAME,
     AT(queue),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "The queue that it holds for. Unset: all."},
    {.name = "when",
     .type = KEY_NAME,
     AT(when),
     .fallback = "* * * * *",
     .reload = RELOAD_NONE,
     .help = "It holds in the minutes that this cron expression names: minute hour day month "
             "weekday."},
    {.name = "timezone",
     .type = KEY_NAME,
     AT(timezone),
     .fallback = "",
     .reload = RELOAD_NONE,
     .help = "Zone of the expression, like Europe/Berlin. Unset: that of musterd."},
    {.name = "min_workers",
     .type = KEY_INTEGER,
     AT(min_workers),
     .fallback = "",
     .min = 0,
     .max = 1000,
     .reload = RELOAD_NONE,
     .help = "As in [queue:NAME], while it holds. Unset: that of the queue; so are those below."},
    {.name = "max_workers",
     .type = KEY_INTEGER,
     AT(max_workers),
     .fallback = "",
     .min = 0,
     .max = 1000,
     .reload = RELOAD_NONE,
     .help = "The most workers."},
    {.name = "max_wait_time",
     .type = KEY_DURATION,
     AT(max_wait_time),
     .fallback = "",
     .min = 100,
     .max = INT64_C(7) * 24 * 3600 * 1000,
     .reload = RELOAD_NONE,
     .help = "The promise."},
    {.name = "scale_up_threshold",
     .type = KEY_INTEGER,
     AT(scale_up_threshold),
     .fallback = "",
     .min = 0,
     .max = INT32_MAX,
     .reload = RELOAD_NONE,
     .help = "threshold: workers are added where more jobs wait."},
    {.name = "scale_down_threshold",
     .type = KEY_INTEGER,
     AT(scale_down_threshold),
     .fallback = "",
     .min = 0,
     .max = INT32_MAX,
     .reload = RELOAD_NONE,
     .help = "threshold: workers are taken away where fewer jobs wait."},
};
#undef AT

const struct key_table settings_scaling_table = {
    .section = "auto_scaling",
    .help = "What the options of scaling are.",
    .keys = scaling_keys,
    .key_count = COUNT_OF(scaling_keys),
};

const struct key_table settings_auto_scaling_table = {
    .section = "auto_scaling",
    .help = "How many workers there are, by the load. What is said from policy on holds for all "
            "queues that do not say otherwise. Workers are counted over all hosts that share a "
            "store.",
    .keys = auto_scaling_keys,
    .key_count = COUNT_OF(auto_scaling_keys),
};

const struct key_table settings_schedule_table = {
    .section = "schedule:",
    .help = "Other bounds and thresholds of scaling at certain times. Where several hold at once, "
            "the last one that sets a key counts.",
    .keys = schedule_keys,
    .key_count = COUNT_OF(schedule_keys),
    .example = "business_hours",
};
