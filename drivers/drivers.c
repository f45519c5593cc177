/* SPDX-License-Identifier: MIT */
#include "drivers/drivers.h"

#include <string.h>

#include "drivers/pgsql/pgsql.h"
#include "drivers/redis/redis.h"
#include "drivers/sqlite/sqlite.h"

const struct driver *const drivers_built_in[] = {&driver_sqlite, &driver_pgsql, &driver_redis,
                                                 NULL};

static const char *name_of(int kind)
{
    switch ((enum driver_kind)kind) {
    case DRIVER_SQLITE:
        return "sqlite";
    case DRIVER_PGSQL:
        return "pgsql";
    case DRIVER_REDIS:
        return "redis";
    }
    return "?";
}

const struct driver *drivers_find(const struct connection_settings *settings, struct err *err)
{
    const char *name = name_of(settings->driver);
    for (size_t i = 0; drivers_built_in[i]; i++) {
        if (strcmp(drivers_built_in[i]->name, name) == 0)
            return drivers_built_in[i];
    }
    err_set(err, ERR_INVALID, "connection %s: the driver %s is not part of this build",
            settings->name, name);
    return NULL;
}
