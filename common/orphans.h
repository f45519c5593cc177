/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ORPHANS_H
#define COMMON_ORPHANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the dead leave behind. A subreaper gets the orphans below it as children; a number of an
 * unreaped child cannot have been given to anybody else, so it may be signalled. What was a child
 * before this program began (somebody started it, and then exec'd us) is a stranger, and left
 * alone.
 */
#define ORPHANS_MAX 4096 /* children that are looked at in one go */

struct strangers {
    pid_t *pids;
    size_t count;
};

/* Notes the children that there are now. strangers_finish accepts a zeroed one. */
void strangers_note(struct strangers *strangers);
void strangers_finish(struct strangers *strangers);
bool strangers_have(const struct strangers *strangers, pid_t pid);

/* It has been reaped: its number means nothing any more. */
void strangers_forget(struct strangers *strangers, pid_t pid);

/* Sends SIGKILL to an orphan, which is one of count unreaped children of ours. Its whole group gets
 * it where the group's leader is one of them or is no more, so that the group holds nothing but
 * what they have left. Returns what was signalled: the group (negative), or the orphan alone. */
pid_t orphans_kill(pid_t pid, const pid_t *orphans, size_t count);

/* Kills and reaps all children but the strangers, and what those leave behind; for who is about to
 * end. Returns when none is left, or after limit_ms. */
void orphans_end(struct strangers *strangers, int64_t limit_ms);

/* The decision behind orphans_kill: pure. */
struct orphan {
    pid_t pid;
    pid_t group;
    bool leader_lives; /* a process has the group's number */
};

/* What kill(2) is to be given for an orphan: minus its group, where the group's leader is gone or
 * is itself among the count orphans; else its pid alone, for the group belongs to somebody who
 * lives on. */
pid_t orphans_target(const struct orphan *orphan, const pid_t *orphans, size_t count);

#endif
