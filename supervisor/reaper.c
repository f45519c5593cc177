/* SPDX-License-Identifier: MIT */
#include "supervisor/reaper.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mem.h"
#include "supervisor/orphans.h"

#define CHILDREN_MAX        4096
#define SWEEP_LIMIT_SECONDS 0.5 /* what is not gone by then cannot be killed now */

static bool is_watched(const struct reaper *reaper, pid_t pid)
{
    for (const struct reaper_child *child = reaper->children; child; child = child->next)
        if (child->spawned->pid == pid)
            return true;
    return false;
}

static bool is_stranger(const struct reaper *reaper, pid_t pid)
{
    for (size_t i = 0; i < reaper->stranger_count; i++)
        if (reaper->strangers[i] == pid)
            return true;
    return false;
}

static void forget_stranger(struct reaper *reaper, pid_t pid)
{
    for (size_t i = 0; i < reaper->stranger_count; i++)
        if (reaper->strangers[i] == pid)
            reaper->strangers[i--] = reaper->strangers[--reaper->stranger_count];
}

/* Pass one: takes the children that have ended out of the list. */
static struct reaper_child *collect_ended(struct reaper *reaper)
{
    struct reaper_child *ended = NULL, **link = &reaper->children;
    while (*link) {
        struct reaper_child *child = *link;
        if (!spawn_reap(child->spawned, &child->status)) {
            link = &child->next;
            continue;
        }
        *link = child->next;
        child->next = ended;
        ended = child;
        ev_io_stop(reaper->loop, &child->watch);
    }
    return ended;
}

static void reap_children(struct reaper *reaper)
{
    struct reaper_child *ended = collect_ended(reaper);
    while (ended) {
        struct reaper_child *child = ended;
        ended = child->next;
        child->ended(child, child->status);
    }
}

/* Reaps the children that nobody watches, once; puts those that live into pids (room for
 * CHILDREN_MAX) and counts them in *living. Returns how many were reaped. */
static size_t reap_unwatched(struct reaper *reaper, pid_t *pids, size_t *living)
{
    size_t reaped = 0, count = spawn_children(pids, CHILDREN_MAX);
    *living = 0;
    for (size_t i = 0; i < count; i++) {
        pid_t pid = pids[i];
        if (is_watched(reaper, pid))
            continue;
        if (waitpid(pid, NULL, WNOHANG) == pid) {
            forget_stranger(reaper, pid);
            reaped++;
        } else if (!is_stranger(reaper, pid)) {
            pids[(*living)++] = pid;
        }
    }
    return reaped;
}

static void kill_orphan(pid_t pid, const pid_t *orphans, size_t count)
{
    struct orphan orphan = {.pid = pid, .group = getpgid(pid)};
    orphan.leader_lives = orphan.group > 1 && (kill(orphan.group, 0) == 0 || errno != ESRCH);
    pid_t target = orphans_target(&orphan, orphans, count);
    log_write(LOG_DEBUG, "killed: orphan with pid %d%s", (int)pid,
              target < 0 ? " and its process group" : "");
    kill(target, SIGKILL);
}

static void end_sweep(struct reaper *reaper)
{
    reaper->sweeping = false;
    ev_timer_stop(reaper->loop, &reaper->sweep_limit);
    reaper->swept(reaper->context);
}

/* Each death can make new orphans: one that was reaped may have left some behind the list's
 * reading, and one that is killed now will tell by SIGCHLD. */
static void reap_orphans(struct reaper *reaper)
{
    pid_t orphans[CHILDREN_MAX];
    size_t count;
    while (reap_unwatched(reaper, orphans, &count) > 0)
        ;
    if (!reaper->sweeping)
        return;
    for (size_t i = 0; i < count; i++)
        kill_orphan(orphans[i], orphans, count);
    if (count == 0)
        end_sweep(reaper);
}

static void on_child_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)loop, (void)events;
    struct reaper *reaper = watch->data;
    reap_children(reaper);
    reap_orphans(reaper);
}

static void on_pidfd(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    reap_children(watch->data);
}

static void on_sweep_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    log_write(LOG_WARN, "processes that a dead worker left behind cannot be killed yet");
    end_sweep(timer->data);
}

static void note_strangers(struct reaper *reaper)
{
    pid_t pids[CHILDREN_MAX];
    reaper->stranger_count = spawn_children(pids, CHILDREN_MAX);
    reaper->strangers = mem_new(reaper->stranger_count + 1, sizeof *pids);
    memcpy(reaper->strangers, pids, reaper->stranger_count * sizeof *pids);
}

int reaper_init(struct reaper *reaper, struct ev_loop *loop, void (*swept)(void *context),
                void *context, struct err *err)
{
    *reaper = (struct reaper){.loop = loop, .swept = swept, .context = context};
    note_strangers(reaper);
    ev_signal_init(&reaper->child_signal, on_child_signal, SIGCHLD);
    reaper->child_signal.data = reaper;
    ev_signal_start(loop, &reaper->child_signal);
    ev_init(&reaper->sweep_limit, on_sweep_limit);
    reaper->sweep_limit.data = reaper;
    return spawn_become_subreaper(err);
}

void reaper_finish(struct reaper *reaper)
{
    ev_signal_stop(reaper->loop, &reaper->child_signal);
    ev_timer_stop(reaper->loop, &reaper->sweep_limit);
    free(reaper->strangers);
    reaper->strangers = NULL;
}

void reaper_watch(struct reaper *reaper, struct reaper_child *child)
{
    child->reaper = reaper;
    child->next = reaper->children;
    reaper->children = child;
    ev_io_init(&child->watch, on_pidfd, child->spawned->pidfd, EV_READ);
    child->watch.data = reaper;
    ev_io_start(reaper->loop, &child->watch);
}

void reaper_sweep(struct reaper *reaper)
{
    if (!reaper->sweeping) {
        reaper->sweeping = true;
        ev_timer_set(&reaper->sweep_limit, SWEEP_LIMIT_SECONDS, 0.);
        ev_timer_start(reaper->loop, &reaper->sweep_limit);
    }
    reap_orphans(reaper);
}
