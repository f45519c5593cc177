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

int64_t program_retry_pause(const struct program_settings *settings, unsigned failures)
{
    if ((int64_t)failures > settings->startretries)
        return -1;
    return (int64_t)failures * RETRY_STEP_MS;
}

/* The account is how far ahead of the clock the restarts are that were paid for. */
int64_t program_restart_pause(int64_t *paid_ms, int64_t now_ms)
{
    int64_t ahead = *paid_ms > now_ms ? *paid_ms - now_ms : 0;
    *paid_ms = now_ms + ahead + RESTART_COST_MS;
    return ahead > RESTARTS_FREE_MS ? ahead - RESTARTS_FREE_MS : 0;
}
