/* SPDX-License-Identifier: MIT */
#include "drivers/include/muster/driver.h"
#include "drivers/pgsql/pgsql.h"

MUSTER_DRIVER(driver_pgsql);
