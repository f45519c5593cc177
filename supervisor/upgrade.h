/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_UPGRADE_H
#define SUPERVISOR_UPGRADE_H

#include <stdbool.h>

#include <ev.h>

#include "common/err.h"
#include "common/json.h"
#include "common/spawn.h"
#include "supervisor/reaper.h"
#include "supervisor/state.h"

/*
 * Becoming another musterd without an end: the new program is asked whether it can take the state,
 * and only then this process becomes it by exec. Its children, their pipes, and the sockets go on
 * (docs/upgrade.md). What is wrong with the new program or the configuration leaves all as it is.
 */
struct master;

#define UPGRADE_FD_VARIABLE "MUSTER_STATE_FD" /* where the state is */
#define UPGRADE_CHECK_FD    3
#define UPGRADE_SAID_MAX    4096

enum upgrade_state {
    UPGRADE_NONE,
    UPGRADE_CHECKING, /* the new program looks at the state */
    UPGRADE_WAITING,  /* for what is under way: operations, programs that change */
    UPGRADE_FAILED,   /* the last one: error says why */
    UPGRADE_DONE,
};

/* What this process was started as; the caller's. */
struct upgrade_origin {
    char *const *argv;
    char *program; /* its file */
    int pidfile;   /* the descriptor that holds the lock */
    bool background;
};

struct upgrade {
    struct master *master;
    const struct upgrade_origin *origin; /* NULL: it cannot be done here */
    enum upgrade_state state;            /* changed by one setter in upgrade.c */
    unsigned count;                      /* that this process has seen */
    char *program;                       /* the file that it is to become */
    char error[ERR_TEXT_MAX];
    struct spawn_child checker;
    struct reaper_child reaped;
    struct buf said; /* by the checker */
    ev_io said_watch;
    ev_timer limit, retry;
    int64_t settled_ms; /* while it waits for answers alone: since when; 0 otherwise */
};

/* Zeroed memory; origin is set by whoever knows it. Finishing closes what was open to a checker,
 * which is not killed. */
void upgrade_init(struct upgrade *upgrade, struct master *master);
void upgrade_finish(struct upgrade *upgrade);

/* Begins; program is the file (NULL: that of this process, as it is now). What becomes of it shows
 * in the state. Returns 0, or -1 with err: it is refused. */
int upgrade_begin(struct upgrade *upgrade, const char *program, struct err *err);

/* At the end of a turn in which something has changed: does it when nothing is in the way. */
void upgrade_tend(struct upgrade *upgrade);

/* This process is what came out of upgrade number count. */
void upgrade_note_done(struct upgrade *upgrade, unsigned count);

/* Adds what is known of it. */
void upgrade_describe(const struct upgrade *upgrade, cJSON *answer);

/* The file of this program, without what Linux says of one that was replaced; malloc'd. */
char *upgrade_own_program(void);

/* In the new program, before all else. upgrade_inherit: reads the state of the master that this
 * process was; 1, or 0 where it was none, or -1 with err where the state cannot be taken: then, and
 * where the start fails later, upgrade_go_back lets the former program go on; it returns only where
 * that is impossible. upgrade_check reads it without its descriptors: 0, or -1 with err.
 * state_in_finish is due after all of them. */
int upgrade_inherit(struct state_in *in, struct err *err);
void upgrade_go_back(char *const *argv);
int upgrade_check(struct state_in *in, struct err *err);

/* There is no way back any more: signals that have waited come, and nothing of it is left for
 * children to see. */
void upgrade_settle(void);

#endif
