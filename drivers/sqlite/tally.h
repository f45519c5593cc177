/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_SQLITE_TALLY_H
#define DRIVERS_SQLITE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/*
 * The figures of a queue, kept by the transitions, so that nobody ever counts a million rows.
 *
 * What is ready and what is delayed depends on the time. A tally splits the waiting jobs at the
 * time counted_at: `ready` were due then, `later` were not. Who uses it moves counted_at on, and
 * counts the jobs that have become due in between; before next_due there are none. Each delayed job
 * is looked at once for this in its life, and a queue without delayed jobs costs nothing.
 */
#define NEVER_DUE INT64_MAX

struct store;

struct tally {
    int64_t id; /* of the queue, in the store */
    char *name;
    int64_t ready;
    int64_t later;
    int64_t reserved;
    int64_t failed;
    int64_t counted_at;
    int64_t next_due;   /* no job of `later` is due before; NEVER_DUE where there is none */
    bool is_loaded;     /* the figures are those of the running transaction */
    bool is_changed;    /* and must be written at its end */
    bool has_earlier;   /* a delayed job came that is due before all others */
    size_t fresh;       /* jobs that came and are ready: so many workers may wake up */
    struct tally *next; /* loaded in this transaction */
};

/* All queues that this connection has met. */
struct tallies {
    struct tally **by_name; /* sorted */
    size_t count;
    struct tally **by_id; /* at their ids, with gaps */
    size_t id_limit;
    struct tally *loaded;
};

/* The tally of a queue in the running transaction, up to its time; borrowed until its end.
 * tally_add_queue adds a queue that the store does not know yet; tally_find returns 1 with *tally,
 * 0 where the store does not know it, -1 with err. The others return NULL with err on failure. */
struct tally *tally_add_queue(struct store *store, const char *name, struct err *err);
int tally_find(struct store *store, const char *name, struct tally **tally, struct err *err);
struct tally *tally_by_id(struct store *store, int64_t id, struct err *err);

/* A job begins to wait, or no longer waits, for this time. */
void tally_add(struct tally *tally, int64_t available_at);
void tally_take(struct tally *tally, int64_t available_at);

/* At the end of a transaction: what was changed is written; and what was loaded is forgotten, with
 * the names too where it was rolled back (a queue may have been added in it). */
int tallies_write(struct store *store, struct err *err);
void tallies_unload(struct tallies *tallies);
void tallies_forget(struct tallies *tallies);

#endif
