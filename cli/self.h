/* SPDX-License-Identifier: MIT */
#ifndef CLI_SELF_H
#define CLI_SELF_H

#include <sys/types.h>

#include "common/err.h"

/* Starts another command of muster in a process of its own: `muster [-c config] words…`, words
 * ending with NULL. It takes signals as if we took none. output: both of its outputs go there, and
 * it reads nothing; -1: it has our terminal. *pid gets the child, to be waited for. Returns 0, or
 * -1 with err. */
int self_start(const char *config, char *const words[], int output, pid_t *pid, struct err *err);

/* Waits for it. Returns its exit status, or 128 + the signal that ended it. */
int self_wait(pid_t pid);

#endif
