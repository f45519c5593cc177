/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_WATCH_DECIDE_H
#define SUPERVISOR_PROGRAMS_WATCH_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is decided of readiness and health: pure. */

/* The pause before the next look at whether it is ready, in milliseconds, after so many looks. */
int64_t watch_ready_pause(unsigned looks);

/* The checks of its health that have failed in a row, after one more, which took place so long
 * after it had begun to run: those in the first grace_ms do not count. */
unsigned watch_failures(unsigned failures, bool passed, int64_t running_ms, int64_t grace_ms);

/* The status of an HTTP answer, from its first bytes: 100 to 999; 0: too few of them are there yet;
 * -1: that is no HTTP. */
#define HTTP_STATUS_BYTES 12
int watch_http_status(const char *bytes, size_t length);

/* Whether such a status means that it is well. */
bool watch_http_is_good(int status);

#endif
