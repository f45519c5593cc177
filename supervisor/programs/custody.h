/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_CUSTODY_H
#define SUPERVISOR_PROGRAMS_CUSTODY_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"

struct program;
struct program_host;
struct adopted;

/*
 * orphans = adopt: what the master gives into custody (custodian.h), and takes over from the
 * custody of one that was killed. Programs that are taken over are no children of ours: their ends
 * are seen by their pidfd, their exit status is not known, and counts as 255.
 */
struct custody {
    char *path; /* where a custodian waits; NULL: orphans are not adopted */
    int socket; /* to ours; -1: none */
    pid_t pid;
    struct inheritance *inherited; /* until they are adopted */
};

/* Takes over what a custodian at this path holds, and starts one. What fails is logged: programs
 * are then supervised without. */
void custody_begin(struct program_host *host, const char *path);

/* Goes on with one that this process had before an upgrade. */
void custody_resume(struct program_host *host, const char *path, int socket, pid_t pid);

/* Everything has ended: the custodian is not needed any more. */
void custody_finish(struct program_host *host);

/* Whether programs wait to be adopted; adopts them, when all groups are there. */
bool custody_has_inherited(const struct program_host *host);
struct programs;
void custody_adopt(struct programs *programs);

/* The FastCGI socket of this address that was inherited, which is the caller's; -1: there is none.
 */
int custody_take_socket(const struct program_host *host, const char *url);

/* A program has a process, or is further with it than it was; it has none any more. */
void custody_hold(struct program *program);
void custody_release(struct program *program);

/* There is a socket of sd_notify: its name goes on working under the next master. */
void custody_hold_notify(struct program_host *host);

/* There is a control group below which programs have groups of their own: the next master can be
 * started in it. */
void custody_hold_cgroup(struct program_host *host);

/* Watches a process that is no child of ours. */
void custody_watch(struct program *program);

#endif
