/* SPDX-License-Identifier: MIT */
#include "scaler/policy.h"

#include "common/zone.h"

#define MS 1000.

/* A cooldown that is not written is the policy's own: latency needs none. */
static double cooldown_of(const struct scaling_options *options, int64_t written)
{
    if (written != KEY_UNSET)
        return (double)written / MS;
    return options->policy == SCALING_LATENCY ? 0 : (double)options->cooldown_period / MS;
}

struct policy policy_of(const struct scaling_options *options)
{
    int64_t max = options->max_workers;
    return (struct policy){
        .kind = (enum scaling_policy)options->policy,
        .min = options->min_workers < max ? options->min_workers : max,
        .max = max,
        .promise = (double)options->max_wait_time / MS,
        .up_threshold = options->scale_up_threshold,
        .down_threshold = options->scale_down_threshold,
        .up_step = options->scale_up_step,
        .down_step = options->scale_down_step,
        .up_cooldown = cooldown_of(options, options->scale_up_cooldown),
        .down_cooldown = cooldown_of(options, options->scale_down_cooldown),
        .weight = (double)options->weight,
    };
}

struct policy policy_during(const struct settings *settings, const struct queue_settings *queue,
                            const bool *holds)
{
    struct scaling_options options = queue->scaling;
    for (size_t i = 0; i < settings->schedule_count; i++)
        if (holds[i] && settings_schedule_holds_for(&settings->schedules[i], queue->name))
            settings_schedule_apply(&settings->schedules[i], &options);
    return policy_of(&options);
}

void policy_schedules_at(const struct settings *settings, int64_t wall_ms, bool *holds)
{
    for (size_t i = 0; i < settings->schedule_count; i++) {
        const struct schedule_settings *schedule = &settings->schedules[i];
        struct tm time;
        zone_time(schedule->timezone, wall_ms, &time);
        holds[i] = cron_matches(&schedule->cron, &time);
    }
}
