/* SPDX-License-Identifier: MIT */
#include "common/zone.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/mem.h"

#define DATABASE       "/usr/share/zoneinfo"
#define NAME_MAX_BYTES 100
#define ALL_HOURS      0xffffffu
#define FOLD_MINUTES   180 /* the longest that clocks go back, and then some */
#define MINUTE_S       60

int zone_check(const char *zone, struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t length = strlen(zone);
    if (length == 0)
        return 0;
    char *path = mem_printf("%s/%.*s", DATABASE, NAME_MAX_BYTES, zone);
    struct stat status;
    bool is_known = length <= NAME_MAX_BYTES && strspn(zone, letters) == length && zone[0] != '/' &&
                    stat(path, &status) == 0 && S_ISREG(status.st_mode);
    free(path);
    if (is_known || strcmp(zone, "UTC") == 0)
        return 0;
    return err_set(err, ERR_INVALID,
                   "there is no time zone \"%.60s\" in " DATABASE
                   "; write one like Europe/Berlin or UTC, or install tzdata",
                   zone);
}

/* Puts a zone in place of the process's; gives back what leave takes. */
static char *enter(const char *zone)
{
    char *before = mem_strdup(getenv("TZ"));
    if (zone[0]) {
        setenv("TZ", zone, 1);
        tzset();
    }
    return before;
}

static void leave(const char *zone, char *before)
{
    if (zone[0] && before)
        setenv("TZ", before, 1);
    else if (zone[0])
        unsetenv("TZ");
    if (zone[0])
        tzset();
    free(before);
}

static int64_t seconds_of(int64_t wall_ms)
{
    return wall_ms / 1000 - (wall_ms % 1000 < 0);
}

static struct tm broken_down(int64_t wall_s)
{
    time_t seconds = (time_t)wall_s;
    struct tm time;
    localtime_r(&seconds, &time);
    return time;
}

void zone_time(const char *zone, int64_t wall_ms, struct tm *time)
{
    char *before = enter(zone);
    *time = broken_down(seconds_of(wall_ms));
    leave(zone, before);
}

/* The moment of a civil time, read as summer or as winter time; -1 where it is not of that kind. */
static int64_t moment_as(struct tm civil, int is_dst)
{
    civil.tm_isdst = is_dst;
    int hour = civil.tm_hour, minute = civil.tm_min;
    time_t moment = mktime(&civil);
    return civil.tm_hour == hour && civil.tm_min == minute && civil.tm_isdst == is_dst ? moment
                                                                                       : -1;
}

/* A civil time in the missing hour, by the clock that was right before it: so it lies behind. */
static int64_t moment_in_gap(const struct tm *civil)
{
    struct tm summer = *civil, winter = *civil;
    summer.tm_isdst = 1;
    winter.tm_isdst = 0;
    int64_t one = mktime(&summer), other = mktime(&winter);
    return one > other ? one : other;
}

/* The first moment after `after` that shows a civil time. */
static int64_t moment_of(const struct tm *civil, int64_t after)
{
    int64_t summer = moment_as(*civil, 1), winter = moment_as(*civil, 0);
    if (summer < 0 && winter < 0)
        return moment_in_gap(civil);
    if (summer > after && (winter <= after || summer < winter))
        return summer;
    return winter;
}

/* When clocks have gone back, times that come again lie behind `after` although they show less. */
static int64_t next_in_fold(const struct cron *cron, int64_t after)
{
    if (cron->hours != ALL_HOURS)
        return -1;
    int64_t minute = after - after % MINUTE_S;
    for (int i = 1; i <= FOLD_MINUTES; i++) {
        struct tm time = broken_down(minute + (int64_t)i * MINUTE_S);
        if (cron_matches(cron, &time))
            return minute + (int64_t)i * MINUTE_S;
    }
    return -1;
}

static int64_t next_moment(const struct cron *cron, int64_t after)
{
    struct tm civil = broken_down(after);
    int64_t in_fold = next_in_fold(cron, after);
    while (in_fold < 0) {
        if (!cron_next(cron, &civil, &civil))
            return -1;
        int64_t moment = moment_of(&civil, after);
        if (moment > after)
            return moment;
    }
    return in_fold;
}

int64_t zone_next(const char *zone, const struct cron *cron, int64_t after_ms)
{
    char *before = enter(zone);
    int64_t moment = next_moment(cron, seconds_of(after_ms));
    leave(zone, before);
    return moment < 0 ? -1 : moment * 1000;
}
