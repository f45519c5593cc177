/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "drivers/drivers.h"
#include "drivers/sqlite/sqlite.h"

/* The others would bring their client libraries into the memory of every worker. */
const struct driver *const drivers_built_in[] = {&driver_sqlite, NULL};
