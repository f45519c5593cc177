/* SPDX-License-Identifier: MIT */
#include "supervisor/reaper.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/mem.h"

#define SLOTS_MIN           64
#define SWEEP_LIMIT_SECONDS 0.5 /* what is not gone by then cannot be killed now */

/* Watched children, by pid */

static struct reaper_child **slot_of(const struct reaper *reaper, pid_t pid)
{
    return &reaper->slots[(size_t)pid & (reaper->slot_count - 1)];
}

static struct reaper_child *find_child(const struct reaper *reaper, pid_t pid)
{
    struct reaper_child *child = reaper->slot_count > 0 ? *slot_of(reaper, pid) : NULL;
    while (child && child->spawned->pid != pid)
        child = child->next;
    return child;
}

static void put_child(struct reaper *reaper, struct reaper_child *child)
{
    struct reaper_child **slot = slot_of(reaper, child->spawned->pid);
    child->next = *slot;
    *slot = child;
}

static void grow(struct reaper *reaper)
{
    struct reaper_child **before = reaper->slots;
    size_t count = reaper->slot_count;
    reaper->slot_count = count ? count * 2 : SLOTS_MIN;
    reaper->slots = mem_new(reaper->slot_count, sizeof(struct reaper_child *));
    for (size_t i = 0; i < count; i++) {
        while (before[i]) {
            struct reaper_child *child = before[i];
            before[i] = child->next;
            put_child(reaper, child);
        }
    }
    free(before);
}

static void remove_child(struct reaper *reaper, struct reaper_child *child)
{
    struct reaper_child **link = slot_of(reaper, child->spawned->pid);
    while (*link != child)
        link = &(*link)->next;
    *link = child->next;
    child->next = NULL;
    reaper->child_count--;
}

/* Reaping */

/* The pid of a child that has ended and is not reaped yet; 0 where there is none. */
static pid_t next_ended(void)
{
    siginfo_t info = {0};
    while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        if (errno != EINTR)
            return 0;
    return info.si_pid;
}

static void reap_unwatched(struct reaper *reaper, pid_t pid)
{
    int status;
    char text[SPAWN_STATUS_SIZE];
    if (waitpid(pid, &status, WNOHANG) != pid)
        return;
    strangers_forget(&reaper->strangers, pid);
    log_write(LOG_DEBUG, "reaped unknown pid %d (%s)", (int)pid, spawn_status_text(status, text));
}

/* Pass one: takes all that have ended out of the table, in the order that they come in. */
static struct reaper_child *collect_ended(struct reaper *reaper)
{
    struct reaper_child *ended = NULL, **last = &ended;
    for (pid_t pid; (pid = next_ended()) > 0;) {
        struct reaper_child *child = find_child(reaper, pid);
        if (!child || !spawn_reap(child->spawned, &child->status)) {
            reap_unwatched(reaper, pid);
            continue;
        }
        remove_child(reaper, child);
        *last = child;
        last = &child->next;
    }
    return ended;
}

static void reap(struct reaper *reaper)
{
    struct reaper_child *ended = collect_ended(reaper);
    while (ended) {
        struct reaper_child *child = ended;
        ended = child->next;
        child->ended(child, child->status);
    }
}

/* Orphans */

/* The children that nobody watches, that were not there before us, and that may not live on: a
 * malloc'd list. */
static pid_t *list_orphans(const struct reaper *reaper, size_t *count)
{
    size_t room = reaper->child_count + ORPHANS_MAX, found = 0;
    pid_t *pids = mem_new(room, sizeof *pids);
    size_t all = spawn_children(pids, room);
    for (size_t i = 0; i < all; i++) {
        pid_t pid = pids[i];
        if (!find_child(reaper, pid) && !strangers_have(&reaper->strangers, pid) &&
            !(reaper->spares && reaper->spares(reaper->context, pid)))
            pids[found++] = pid;
    }
    *count = found;
    return pids;
}

static void kill_orphan(pid_t pid, const pid_t *orphans, size_t count)
{
    pid_t target = orphans_kill(pid, orphans, count);
    log_write(LOG_DEBUG, "killed: orphan with pid %d%s", (int)pid,
              target < 0 ? " and its process group" : "");
}

static void end_sweep(struct reaper *reaper)
{
    reaper->sweeping = false;
    ev_timer_stop(reaper->loop, &reaper->sweep_limit);
    reaper->swept(reaper->context);
}

/* Each death can make new orphans: one that was reaped may have left some, and one that is killed
 * now will tell by SIGCHLD. One that ended behind the reaping is in the list too; it is killed in
 * vain, and tells as well. */
static void kill_orphans(struct reaper *reaper)
{
    size_t count;
    if (!reaper->sweeping)
        return;
    pid_t *orphans = list_orphans(reaper, &count);
    for (size_t i = 0; i < count; i++)
        kill_orphan(orphans[i], orphans, count);
    free(orphans);
    if (count == 0)
        end_sweep(reaper);
}

static void on_child_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)loop, (void)events;
    struct reaper *reaper = watch->data;
    reap(reaper);
    kill_orphans(reaper);
}

static void on_sweep_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    log_write(LOG_WARN, "processes that a dead worker left behind cannot be killed yet");
    end_sweep(timer->data);
}

int reaper_init(struct reaper *reaper, struct ev_loop *loop, struct err *err)
{
    reaper->loop = loop;
    strangers_note(&reaper->strangers);
    grow(reaper);
    ev_signal_init(&reaper->child_signal, on_child_signal, SIGCHLD);
    reaper->child_signal.data = reaper;
    ev_signal_start(loop, &reaper->child_signal);
    ev_init(&reaper->sweep_limit, on_sweep_limit);
    reaper->sweep_limit.data = reaper;
    return spawn_become_subreaper(err);
}

void reaper_resume(struct reaper *reaper, const pid_t *strangers, size_t count)
{
    strangers_finish(&reaper->strangers);
    reaper->strangers.pids = mem_new(count + 1, sizeof *strangers);
    reaper->strangers.count = count;
    for (size_t i = 0; i < count; i++)
        reaper->strangers.pids[i] = strangers[i];
    ev_feed_signal_event(reaper->loop, SIGCHLD); /* for those that have ended meanwhile */
}

void reaper_finish(struct reaper *reaper)
{
    ev_signal_stop(reaper->loop, &reaper->child_signal);
    ev_timer_stop(reaper->loop, &reaper->sweep_limit);
    strangers_finish(&reaper->strangers);
    free(reaper->slots);
    reaper->slots = NULL;
}

void reaper_watch(struct reaper *reaper, struct reaper_child *child)
{
    if (reaper->child_count == reaper->slot_count)
        grow(reaper);
    child->reaper = reaper;
    put_child(reaper, child);
    reaper->child_count++;
}

void reaper_sweep(struct reaper *reaper)
{
    if (!reaper->sweeping) {
        reaper->sweeping = true;
        ev_timer_set(&reaper->sweep_limit, SWEEP_LIMIT_SECONDS, 0.);
        ev_timer_start(reaper->loop, &reaper->sweep_limit);
    }
    kill_orphans(reaper);
}
