/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_TURN_H
#define DRIVERS_SQLITE_TURN_H

#include "drivers/sqlite/store.h"

/* The driver's operations on leases. */
int sqlite_turn(struct store *store, const char *owner, struct outcome *outcomes,
                size_t outcome_count, const struct reserve_request *request,
                struct reservation *reservation, struct err *err);
int sqlite_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                  int64_t lease_ms, struct err *err);
int sqlite_return_owner(struct store *store, const char *owner, const struct lease *begun,
                        size_t begun_count, uint64_t *returned, struct err *err);

/* Returns at most limit leases that have run out, in the running transaction; *count gets how many.
 * Returns 0, or -1 with err. */
int leases_expire(struct store *store, size_t limit, size_t *count, struct err *err);

#endif
