/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_RESTART_H
#define SUPERVISOR_PROGRAMS_PROGRAM_RESTART_H

#include <stdbool.h>
#include <stdint.h>

#include "common/program_settings.h"

/* When a program is started again: pure. */

/* Whether one that had been running is started again after it has ended by itself. */
bool program_is_restarted(const struct program_settings *settings, bool ended_well);

/* The pause before the next try of a start that has failed for the nth time in a row (n > 0), in
 * milliseconds; -1: none, it is given up. random is any number; it gives the jitter. */
int64_t program_retry_pause(const struct program_settings *settings, unsigned failures,
                            uint32_t random);

/* The pause that a program takes, by its settings, after it had been running; likewise. */
int64_t program_rest(const struct program_settings *settings, uint32_t random);

/* The pause before a program that had been running is started again, in milliseconds: 0, unless it
 * ends again and again at once (with startsecs=0 nothing else holds it back). Two hundred restarts
 * are free; beyond them there are ten a second. *paid_ms is the program's account, zeroed at first.
 */
int64_t program_restart_pause(int64_t *paid_ms, int64_t now_ms);

#endif
