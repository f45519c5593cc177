/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_FIND_H
#define DRIVERS_SQLITE_FIND_H

#include "drivers/sqlite/store.h"

/* A query that is put together from what a filter wants, so that SQLite can choose the index for
 * it. It is prepared anew each time: people list things, not workers. */
#define FIND_VALUES_MAX 12

struct find {
    struct store *store;
    struct buf text;
    size_t count;
    struct {
        const char *text; /* or NULL: the number */
        int64_t number;
    } values[FIND_VALUES_MAX];
    bool has_where;
};

/* Begins one with "SELECT … FROM …"; {names} of tables are filled in. */
void find_init(struct find *find, struct store *store, const char *select);

/* Adds a condition with one parameter, where the value is given (not NULL, not 0). */
void find_where_text(struct find *find, const char *condition, const char *value);
void find_where_number(struct find *find, const char *condition, int64_t value);

/* Adds order and limit (0: the connection's batch size) and prepares it. The caller ends it with
 * sqlite3_finalize. NULL with err on failure. Ends the find. */
sqlite3_stmt *find_prepare(struct find *find, const char *order, size_t limit, struct err *err);

#endif
