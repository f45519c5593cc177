/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CRON_H
#define COMMON_CRON_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "common/err.h"

/*
 * Cron expressions: "minute hour day month weekday", as in crontab(5). A field is a list of
 * numbers, ranges and steps (0,30  9-17  8-18/2); months and weekdays have names (jan, mon), 0 and
 * 7 are Sunday. @yearly @monthly @weekly @daily @hourly stand for what they say. Where both day and
 * weekday are restricted, one of them is enough.
 *
 * Pure: time is broken down (struct tm with tm_year, tm_mon, tm_mday, tm_hour, tm_min), in whatever
 * zone the caller keeps; common/zone.h brings it to clocks.
 */
struct cron {
    uint64_t minutes;  /* bit 0 to 59 */
    uint32_t hours;    /* bit 0 to 23 */
    uint32_t days;     /* bit 1 to 31 */
    uint32_t months;   /* bit 1 to 12 */
    uint32_t weekdays; /* bit 0 (Sunday) to 6 */
    bool either_day;   /* day and weekday are both restricted */
};

/* Reads an expression of at most CRON_TEXT_MAX bytes. Returns 0, or -1 with err naming the field
 * and what would be right. */
#define CRON_TEXT_MAX 256
int cron_parse(const char *text, struct cron *cron, struct err *err);

/* The same, but also "hourly", "daily", "weekly", "monthly" and "HH:MM" (each day). */
int cron_parse_daytime(const char *text, struct cron *cron, struct err *err);

/* True in the minutes that the expression names. */
bool cron_matches(const struct cron *cron, const struct tm *time);

/* The first minute after a time that matches, with seconds 0. False where there is none within ten
 * years (30 February). */
bool cron_next(const struct cron *cron, const struct tm *after, struct tm *next);

#endif
