/* SPDX-License-Identifier: MIT */
#include "common/orphans.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/spawn.h"

#define LOOK_AGAIN_MS 5

static bool is_among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pids[i] == pid)
            return true;
    return false;
}

void strangers_note(struct strangers *strangers)
{
    pid_t pids[ORPHANS_MAX];
    strangers->count = spawn_children(pids, ORPHANS_MAX);
    strangers->pids = mem_new(strangers->count + 1, sizeof *pids);
    memcpy(strangers->pids, pids, strangers->count * sizeof *pids);
}

void strangers_finish(struct strangers *strangers)
{
    free(strangers->pids);
    *strangers = (struct strangers){0};
}

bool strangers_have(const struct strangers *strangers, pid_t pid)
{
    return is_among(pid, strangers->pids, strangers->count);
}

void strangers_forget(struct strangers *strangers, pid_t pid)
{
    for (size_t i = 0; i < strangers->count; i++)
        if (strangers->pids[i] == pid)
            strangers->pids[i--] = strangers->pids[--strangers->count];
}

pid_t orphans_target(const struct orphan *orphan, const pid_t *orphans, size_t count)
{
    bool has_group = orphan->group > 1;
    if (has_group && (!orphan->leader_lives || is_among(orphan->group, orphans, count)))
        return -orphan->group;
    return orphan->pid;
}

pid_t orphans_kill(pid_t pid, const pid_t *orphans, size_t count)
{
    struct orphan orphan = {.pid = pid, .group = getpgid(pid)};
    orphan.leader_lives = orphan.group > 1 && (kill(orphan.group, 0) == 0 || errno != ESRCH);
    pid_t target = orphans_target(&orphan, orphans, count);
    kill(target, SIGKILL);
    return target;
}

/* Reaps the orphans that have ended and kills the others. Returns how many there were. */
static size_t kill_and_reap(struct strangers *strangers)
{
    pid_t pids[ORPHANS_MAX], orphans[ORPHANS_MAX];
    size_t living = 0, reaped = 0, count = spawn_children(pids, ORPHANS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
            strangers_forget(strangers, pids[i]);
            reaped++;
        } else if (!strangers_have(strangers, pids[i])) {
            orphans[living++] = pids[i];
        }
    }
    for (size_t i = 0; i < living; i++)
        orphans_kill(orphans[i], orphans, living);
    return living + reaped;
}

void orphans_end(struct strangers *strangers, int64_t limit_ms)
{
    int64_t deadline = clock_monotonic_ms(&clock_system) + limit_ms;
    while (kill_and_reap(strangers) > 0 && clock_monotonic_ms(&clock_system) < deadline)
        poll(NULL, 0, LOOK_AGAIN_MS);
}
