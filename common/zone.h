/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ZONE_H
#define COMMON_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/cron.h"
#include "common/err.h"

/*
 * Time zones by name ("Europe/Berlin", "UTC", "" for that of this process), from the system's
 * database. The C library knows one zone at a time, so these change TZ for the length of a call:
 * for processes with one thread.
 */

/* Refuses a name that the system does not know. Returns 0, or -1 with err. */
int zone_check(const char *zone, struct err *err);

/* Breaks a wall time (milliseconds since the epoch) down in a zone. */
void zone_time(const char *zone, int64_t wall_ms, struct tm *time);

/* The first moment after a wall time at which an expression is due in a zone, in milliseconds since
 * the epoch; -1 where there is none within ten years. When clocks go forward, what was due in the
 * missing hour is due right behind it; when they go back, an expression with fixed hours is due
 * once, one for all hours throughout. */
int64_t zone_next(const char *zone, const struct cron *cron, int64_t after_ms);

#endif
