/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_OWNER_H
#define DRIVERS_PGSQL_OWNER_H

#include "drivers/pgsql/store.h"

/*
 * Whose a session is. The server may have read a reservation when the worker dies that sent it, and
 * carry it out after the worker's leases were given back. So a session that reserves holds a shared
 * advisory lock, by which whoever gives leases back finds it, and ends it first: when the lock has
 * gone nothing comes after. Behind a pooler (prepare = no), whose sessions belong to nobody, there
 * is none of that.
 */

/* Before a reservation: the session is this owner's. A reconnect keeps that. Returns 0, or -1 with
 * err. */
int pg_owner_name(struct store *store, const char *owner, struct err *err);

/* On a session that is being set up, not yet in pipeline mode. Returns 0, or -1 with err. */
int pg_owner_claim(struct store *store, struct err *err);

/* Ends all sessions of an owner that is dead, but for this store's own, and waits until they have
 * gone, for a second at most. Where that is not allowed they stay. */
void pg_owner_end(struct store *store, const char *owner);

#endif
