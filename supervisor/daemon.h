/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_DAEMON_H
#define SUPERVISOR_DAEMON_H

#include "common/err.h"

/* Going on in the background, in a session of its own. */

/* Forks. Returns 0 in the child, with a descriptor for daemon_ready; -1 with err. In the parent it
 * waits until the child has called daemon_ready, or has ended, and then returns 1 with what is left
 * for the parent to exit with: 0, or the child's status. */
int daemon_fork(int *ready, int *status, struct err *err);

/* The start has succeeded: lets the parent go, and lets the terminal go (standard input and output,
 * and standard error where nothing else has been put in its place). */
void daemon_ready(int *fd);

/* Appends standard error to a file from now on, so that what children write there is in the log.
 * Returns 0, or -1 with err. */
int daemon_redirect_errors(const char *path, struct err *err);

/* Standard error as it was when musterd was started, e.g. that of a container: a descriptor that is
 * not the caller's. In the background it is where standard error goes now. */
int daemon_errors(void);

/* Goes on with what it was under another musterd, which is taken over; -1: it is gone. */
void daemon_resume_errors(int fd);

#endif
