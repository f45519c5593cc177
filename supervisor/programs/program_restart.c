/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/program_restart.h"

#define RESTART_COST_MS  100
#define RESTARTS_FREE_MS (200 * RESTART_COST_MS)
#define RETRY_STEP_MS    1000

bool program_is_restarted(const struct program_settings *settings, bool ended_well)
{
    switch ((enum autorestart)settings->autorestart) {
    case AUTORESTART_ALWAYS:
        return true;
    case AUTORESTART_UNEXPECTED:
        return !ended_well;
    default:
        return false;
    }
}

static int64_t at_most(int64_t pause, int64_t limit)
{
    return pause < limit ? pause : limit;
}

/* The cap leaves room for the jitter, so that those that have reached it stay apart, too. */
static int64_t doubled_pause(const struct program_settings *settings, unsigned failures,
                             uint32_t random)
{
    int64_t jitter = settings->restart_jitter, pause = settings->restart_delay;
    int64_t limit = settings->restart_delay_max * 100 / (100 + jitter);
    for (unsigned i = 1; i < failures && pause > 0 && pause < limit; i++)
        pause *= 2;
    int64_t percent_more = jitter * ((int64_t)(random % 2001) - 1000) / 10; /* of a hundred */
    pause = at_most(pause, limit);
    return pause + pause * percent_more / 10000;
}

int64_t program_retry_pause(const struct program_settings *settings, unsigned failures,
                            uint32_t random)
{
    if (settings->fatal && (int64_t)failures > settings->startretries)
        return -1;
    if (settings->restart_delay != KEY_UNSET)
        return doubled_pause(settings, failures, random);
    int64_t pause = (int64_t)failures * RETRY_STEP_MS;
    return settings->fatal ? pause : at_most(pause, settings->restart_delay_max);
}

int64_t program_rest(const struct program_settings *settings, uint32_t random)
{
    return settings->restart_delay == KEY_UNSET ? 0 : doubled_pause(settings, 0, random);
}

/* The account is how far ahead of the clock the restarts are that were paid for. */
int64_t program_restart_pause(int64_t *paid_ms, int64_t now_ms)
{
    int64_t ahead = *paid_ms > now_ms ? *paid_ms - now_ms : 0;
    *paid_ms = now_ms + ahead + RESTART_COST_MS;
    return ahead > RESTARTS_FREE_MS ? ahead - RESTARTS_FREE_MS : 0;
}
