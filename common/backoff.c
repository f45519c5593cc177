/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"

#define WELL_MS_MIN 10000

int64_t backoff_well_ms(const struct backoff_policy *policy)
{
    return policy->delay_ms > WELL_MS_MIN ? policy->delay_ms : WELL_MS_MIN;
}

unsigned backoff_failures(const struct backoff_policy *policy, unsigned failures,
                          const struct backoff_ending *ending)
{
    if (ending->was_ready && ending->was_expected)
        return 0;
    if (ending->was_ready && ending->running_ms >= backoff_well_ms(policy))
        return 1;
    return failures < UINT32_MAX ? failures + 1 : failures;
}

static int64_t doubled(const struct backoff_policy *policy, unsigned times)
{
    int64_t pause = policy->delay_ms;
    while (times-- > 0 && pause < policy->delay_max_ms)
        pause *= 2;
    return pause < policy->delay_max_ms ? pause : policy->delay_max_ms;
}

int64_t backoff_pause(const struct backoff_policy *policy, unsigned failures, bool was_ready,
                      uint32_t random)
{
    unsigned unpunished = was_ready ? 1 : 0;
    if (failures <= unpunished)
        return 0;
    int64_t pause = doubled(policy, failures - unpunished - 1);
    return pause - (int64_t)(random % 1024) * pause / 4096;
}
