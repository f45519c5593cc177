/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_STORE_H
#define DRIVERS_SQLITE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "drivers/sqlite/sql.h"
#include "drivers/sqlite/tally.h"
#include "drivers/sqlite/wake.h"
#include "queue/driver.h"

/*
 * The SQLite driver (docs/stores.md). One connection, used by one thread; statements are prepared
 * when they are first needed and kept. Every operation is one transaction: what changes something
 * begins with the write lock (BEGIN IMMEDIATE), so that nothing has to be tried again half way.
 */
struct keeper; /* the second connection, of who checkpoints (keeper.h) */

struct store {
    const struct connection_settings *settings;
    const struct clock *clock;
    sqlite3 *db;
    struct sql_names tables;
    sqlite3_stmt *statements[SQL_COUNT];
    int64_t deadline_us; /* monotonic: when the running call gives up waiting for locks */
    int64_t now_ms;      /* wall: the time of the running transaction */
    bool is_soft;    /* the running transaction may be lost in a power cut: nobody is told of it */
    int64_t last_id; /* the highest number of a job that was seen or given */
    uint64_t random; /* of the pauses between tries; never 0 */
    struct tallies tallies;
    struct wake wake;
    struct keeper *keeper; /* NULL until upkeep needs it */
};

/* Opens the database file and settles how this connection works. Returns 0, or -1 with err. */
int store_connect(struct store *store, struct err *err);

/* A busy handler, with the store as its context: pauses, until the deadline of the running call. */
int store_wait(void *context, int tries);

/* Turns what SQLite says into err, with the file's name. Returns -1. */
int store_fail(struct store *store, int code, struct err *err);

/* --- transactions --- */

/* Begins one that writes (waits for the lock until the deadline), or one that reads. Sets now_ms.
 * Return 0, or -1 with err. */
int store_begin(struct store *store, struct err *err);
int store_begin_read(struct store *store, struct err *err);

/* Ends it: writes the tallies, commits, wakes workers, and with synchronous = full waits for the
 * disk (unless is_soft was set) where result is 0, or else rolls back. Returns 0, or -1 with err;
 * where the disk has failed the transaction is there all the same (ERR_UNAVAILABLE). */
int store_end(struct store *store, int result, struct err *err);

/* --- statements --- */

/* A statement with its parameters bound, in the order of kinds: i int64_t, n int, d double, t text
 * or NULL, f a feed (feed.h). Texts must live until the statement is done. NULL with err on
 * failure. */
sqlite3_stmt *store_query(struct store *store, struct err *err, enum sql_id id, const char *kinds,
                          ...);

/* The next row: 1 where there is one, 0 at the end, -1 with err. At 0 and -1 the statement is done.
 * store_done ends one that is left before. */
int store_step(struct store *store, sqlite3_stmt *statement, struct err *err);
void store_done(sqlite3_stmt *statement);

/* Binds and runs to the end, rows are passed over. Returns 0, or -1 with err. */
int store_run(struct store *store, struct err *err, enum sql_id id, const char *kinds, ...);

/* Binds, runs to the end, and gives the first column of the first row in *value. Returns 1, 0 where
 * there is no row or it is NULL, or -1 with err. */
int store_number(struct store *store, int64_t *value, struct err *err, enum sql_id id,
                 const char *kinds, ...);

/* A column's text, NULL where it is NULL; valid until the next step. */
const char *store_text(sqlite3_stmt *statement, int column);

/* The same copied into an arena. */
const char *store_copy(sqlite3_stmt *statement, int column, struct arena *arena);

#endif
