/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_PGSQL_H
#define DRIVERS_PGSQL_PGSQL_H

#include "queue/driver.h"

extern const struct driver driver_pgsql; /* docs/stores.md */

#endif
