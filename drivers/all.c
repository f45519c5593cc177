/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "drivers/drivers.h"
#include "drivers/pgsql/pgsql.h"
#include "drivers/redis/redis.h"
#include "drivers/sqlite/sqlite.h"

/* For programs that are to have all in them: tests and benchmarks. */
const struct driver *const drivers_built_in[] = {&driver_sqlite, &driver_pgsql, &driver_redis,
                                                 NULL};
