/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_WAITING_H
#define DRIVERS_SQLITE_WAITING_H

#include "drivers/sqlite/store.h"

/* Waiting jobs that are taken out of their queues without having run. */
struct waiting_row {
    int64_t id, queue, priority, available_at;
    const char *batch_uuid; /* or NULL */
};

struct waiting_list {
    struct arena arena;
    struct waiting_row *rows;
    size_t count;
    size_t capacity;
};

/* Adds the rows of a query (SQL_WAITING_OF_…, bound) to a list. Returns 0, or -1 with err. */
int waiting_collect(struct store *store, sqlite3_stmt *statement, struct waiting_list *list,
                    struct err *err);
void waiting_finish(struct waiting_list *list);

/* Removes them with their records; their batches do not notice. Returns 0, or -1 with err. */
int waiting_remove(struct store *store, const struct waiting_list *list, struct err *err);

/* Counts them as cancelled in their batches. */
int waiting_count_cancelled(struct store *store, const struct waiting_list *list, struct err *err);

#endif
