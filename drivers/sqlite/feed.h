/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_FEED_H
#define DRIVERS_SQLITE_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/buf.h"
#include "common/err.h"
#include "queue/job.h"

/*
 * Feeds: arrays of ours as tables for SQL, so that one statement does for all rows what would take
 * one run for each (starting and ending a statement costs more than most of what ours do). They are
 * table-valued functions, muster_leases(?) and muster_jobs(?), whose parameter is a feed (kind f).
 */
struct feed {
    size_t count;
};

/* Columns id, uuid, attempt, batch_uuid; at is the row's place. */
struct lease_row {
    int64_t id;
    const char *uuid;
    int attempt;
    const char *batch_uuid; /* or NULL */
};

struct lease_feed {
    struct feed feed;
    const struct lease_row *rows;
};

/* A job that is stored: the columns of a record, and of its waiting row. */
struct job_row {
    const struct job *job;
    int64_t id;
    int64_t queue;
    int64_t available_at;
    bool is_left_out;    /* the feed passes over it */
    bool is_without_key; /* it does not hold its unique key */
};

struct job_feed {
    struct feed feed;
    const struct job_row *rows;
    int64_t now_ms;
    struct buf payload; /* of the row `encoded`: one at a time, since they can be large */
    size_t encoded;
    size_t data_at;
};

/* Feeds of count rows, which are not copied, and so must stay until the statement has run. now_ms
 * is the store's time: when the jobs are created. A lease_feed holds nothing that would have to be
 * freed. */
void lease_feed_init(struct lease_feed *feed, const struct lease_row *rows, size_t count);
void job_feed_init(struct job_feed *feed, const struct job_row *rows, size_t count, int64_t now_ms);
void job_feed_finish(struct job_feed *feed);

#define FEED_POINTER "muster_feed" /* the type of the pointer that is bound */

/* Makes the functions known to a connection. Returns an SQLite result code. */
int feed_register(sqlite3 *db);

#endif
