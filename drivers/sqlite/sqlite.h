/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_SQLITE_H
#define DRIVERS_SQLITE_SQLITE_H

#include "queue/driver.h"

extern const struct driver driver_sqlite;

#endif
