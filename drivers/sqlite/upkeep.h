/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_UPKEEP_H
#define DRIVERS_SQLITE_UPKEEP_H

#include "drivers/sqlite/store.h"

/* The driver's operation. */
int sqlite_upkeep(struct store *store, struct upkeep *upkeep, struct err *err);

#endif
