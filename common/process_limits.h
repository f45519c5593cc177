/* SPDX-License-Identifier: MIT */
#ifndef COMMON_PROCESS_LIMITS_H
#define COMMON_PROCESS_LIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "common/err.h"

/* Limits and classes of a process, as they are written: pure. */

/* "1024", "1024:4096" (soft and hard), each a number or unlimited; sizes may end in KB, MB, GB.
 * Returns 0, or -1 with err. */
int rlimit_parse(const char *text, bool is_size, struct rlimit *limit, struct err *err);

/* "idle", "best-effort:N", "realtime:N" (N from 0, the first to be served, to 7; without it 4), as
 * ioprio_set(2) takes it. Returns 0, or -1 with err. */
int ionice_parse(const char *text, int *priority, struct err *err);

#endif
