/* SPDX-License-Identifier: MIT */
#ifndef CLI_AGE_H
#define CLI_AGE_H

#include "cli/options.h"
#include "common/err.h"

/* How old something must be to be removed: the rows of --days and --hours. what is "those that …".
 */
#define AGE_DAYS_MAX  36500
#define AGE_HOURS_MAX 876000
#define AGE_OPTIONS(what)                                                                          \
    {.name = "days",                                                                               \
     .kind = OPTION_INTEGER,                                                                       \
     .value = "N",                                                                                 \
     .max = AGE_DAYS_MAX,                                                                          \
     .help = what " more than N days ago"},                                                        \
    {                                                                                              \
        .name = "hours", .kind = OPTION_INTEGER, .value = "N", .max = AGE_HOURS_MAX,               \
        .help = "likewise in hours; with --days both together"                                     \
    }

/* The wall time before which it must have been. Returns 0, or -1 with err where neither is given.
 */
int age_from_options(const struct options *options, int64_t *before_ms, struct err *err);

#endif
