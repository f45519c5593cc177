/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_RESERVE_H
#define DRIVERS_SQLITE_RESERVE_H

#include "drivers/sqlite/store.h"

/* Reserves the next jobs of a queue in the running transaction. Returns 0, or -1 with err. */
int reserve_jobs(struct store *store, const struct reserve_request *request,
                 struct reservation *reservation, struct err *err);

#endif
