/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_LEASE_H
#define DRIVERS_SQLITE_LEASE_H

#include "drivers/sqlite/batch.h"
#include "drivers/sqlite/feed.h"
#include "drivers/sqlite/store.h"

/* A lease that is about to end, as it stands in the store. */
struct held {
    struct lease_row row;
    int64_t queue;
    const char *owner;
    bool is_cancelled;
    size_t at; /* of a match: the place in the feed that was asked for */
};

/* The leases that end in one transaction. The rows of all are taken out of {reserved} at the end at
 * once, and so are the records of those that go away. Initialise with zeroes. */
struct endings {
    struct arena arena; /* the strings of held */
    struct held *held;
    size_t count;
    struct lease_row *ended; /* room for count */
    size_t ended_count;
    size_t applied_count;  /* of ended: these are taken out */
    int64_t highest_ended; /* of their ids */
    struct lease_row *gone;
    size_t gone_count;
    struct batch_ends batches;
};

/* Collects the rows of a query with the columns of a lease (and `at`, where has_place is set).
 * Returns 0, or -1 with err. */
int endings_collect(struct store *store, sqlite3_stmt *statement, bool has_place,
                    struct endings *endings, struct err *err);

/* Each ends one lease. Return 0, or -1 with err. */

/* The job goes away, and is counted in its batch. */
int ending_remove(struct store *store, struct endings *endings, const struct held *held,
                  enum batch_end end, struct err *err);

/* It goes back to the place that it had; the attempt does not count. */
int ending_untouched(struct store *store, struct endings *endings, const struct held *held,
                     struct err *err);

/* It waits until due_ms (wall), or is back at the place that it had; cause and exception, where
 * given, go into its history. */
#define ENDING_SAME_PLACE INT64_MIN
int ending_release(struct store *store, struct endings *endings, const struct held *held,
                   int64_t due_ms, const char *cause, const char *exception, struct err *err);

/* It is moved to the failed jobs. */
int ending_fail(struct store *store, struct endings *endings, const struct held *held,
                const char *cause, const char *exception, struct err *err);

/* Takes out what has ended so far, and settles the batches. Returns 0, or -1 with err. */
int endings_apply(struct store *store, struct endings *endings, struct err *err);
void endings_finish(struct endings *endings);

#endif
