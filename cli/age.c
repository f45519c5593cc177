/* SPDX-License-Identifier: MIT */
#include "cli/age.h"

#include "common/clock.h"

#define HOUR_MS INT64_C(3600000)

int age_from_options(const struct options *options, int64_t *before_ms, struct err *err)
{
    if (!options_given(options, "days") && !options_given(options, "hours"))
        return err_set(err, ERR_INVALID, "say how old: --days=N or --hours=N");
    int64_t hours = options_number(options, "days", 0) * 24 + options_number(options, "hours", 0);
    *before_ms = clock_wall_ms(&clock_system) - hours * HOUR_MS;
    return 0;
}
