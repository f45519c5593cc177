/* SPDX-License-Identifier: MIT */
#include "supervisor/orphans.h"

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

pid_t orphans_target(const struct orphan *orphan, const pid_t *orphans, size_t count)
{
    bool has_group = orphan->group > 1;
    if (has_group && (!orphan->leader_lives || is_among(orphan->group, orphans, count)))
        return -orphan->group;
    return orphan->pid;
}
