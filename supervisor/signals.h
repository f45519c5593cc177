/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SIGNALS_H
#define SUPERVISOR_SIGNALS_H

#include <ev.h>

/* The signals that tell the master what to do: TERM, INT, QUIT stop; HUP reads the configuration
 * again; USR1 replaces all workers; USR2 opens the logs again; RTMIN upgrades. */
struct master;

#define SIGNALS_COUNT 7

struct signals {
    ev_signal watches[SIGNALS_COUNT];
};

/* Begins to handle them in the loop, for a master that must outlive it; SIGPIPE is ignored from
 * here on. Finishing stops the handling, and leaves SIGPIPE ignored. */
void signals_init(struct signals *signals, struct ev_loop *loop, struct master *master);
void signals_finish(struct signals *signals, struct ev_loop *loop);

#endif
