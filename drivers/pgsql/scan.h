/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_PGSQL_SCAN_H
#define DRIVERS_PGSQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/job.h"

/*
 * Where a reservation looks for ready jobs: pure. The index of ready jobs is walked from its head,
 * in the queue's order. Behind jobs that are gone it keeps entries until the table is vacuumed, and
 * while somebody holds an old snapshot for as long as that is held; so does a rank (a priority) the
 * jobs of which are not due yet. As long as the walk passes over few of those, it begins at the
 * very head, and the order is exact.
 *
 * Where it passes over many, the walk is cut into ranges: each known rank from the place up to
 * which all has been seen gone, and what lies between the known ranks. Such a walk misses a job
 * that turns up behind that place: one whose transaction took long, or that was given back to its
 * old place by somebody else. So now and then the whole is walked all the same, as often as it
 * takes no more than a tenth of the time; and the place stays behind, by the last second or the
 * last thousand jobs.
 */
#define SCAN_RANKS_MAX  16
#define SCAN_RANGES_MAX (2 * SCAN_RANKS_MAX + 1)

/* A place in the index: behind it means later. */
struct scan_place {
    int64_t due;
    int64_t id;
};

struct scan_rank {
    int rank;                 /* the priority with its sign changed */
    struct scan_place seen;   /* walks begin behind it */
    struct scan_place coming; /* what that becomes */
    int64_t coming_at_us;
    size_t taken; /* jobs, since then */
};

struct scan {
    bool is_cut; /* into ranges */
    struct scan_rank ranks[SCAN_RANKS_MAX];
    size_t rank_count;
    int64_t whole_at_us; /* when the whole is to be walked again */
    unsigned walks;      /* since the last one that was measured */
};

/* One range: behind (rank, due, id), up to what is due in the rank `last`. */
struct scan_range {
    int rank;
    int64_t due;
    int64_t id;
    int last;
};

/* What the next walk is. */
struct scan_walk {
    struct scan_range ranges[SCAN_RANGES_MAX];
    size_t count;
    bool is_whole;    /* nothing can be missed by it */
    bool is_measured; /* its costs should be told to scan_measured */
};

/* Fills in the next walk; now_us is of the monotonic clock. */
void pg_scan_plan(struct scan *scan, int64_t now_us, struct scan_walk *walk);

/* What a walk has found: jobs in the queue's order. */
void pg_scan_taken(struct scan *scan, const struct scan_walk *walk, const struct job *jobs,
                   size_t count, int64_t now_us);

/* What a whole walk has cost beside the jobs that it found: entries that led to nothing, and pages
 * of the index. */
void pg_scan_measured(struct scan *scan, int64_t entries, int64_t pages, int64_t now_us);

/* There may be jobs (of any rank, or of this one) that a cut walk would pass over. */
void pg_scan_add_rank(struct scan *scan, int rank);

/* The next walk must be a whole one. */
void pg_scan_doubt(struct scan *scan);

/* How long until the whole is walked again; -1 where every walk is whole. */
int64_t pg_scan_whole_in_ms(const struct scan *scan, int64_t now_us);

#endif
