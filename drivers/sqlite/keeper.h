/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_KEEPER_H
#define DRIVERS_SQLITE_KEEPER_H

#include "drivers/sqlite/store.h"

/*
 * Who keeps the write-ahead log short. SQLite before 3.51.3 can lose commits where one connection
 * copies the log into the database while another one begins the log anew. So no connection does it
 * by the way; upkeep does it, while a second connection of its own holds the write lock: nobody
 * begins anything then, and nobody else can be at it either.
 */

/* Copies the log where it has grown, or where it has waited long enough. Cheap where nothing was
 * written. Returns 0, or -1 with err. */
int sqlite_keeper_checkpoint(struct store *store, struct err *err);

/* Closes the second connection and frees the keeper. Accepts NULL: there was nothing to copy yet.
 */
void sqlite_keeper_close(struct keeper *keeper);

#endif
