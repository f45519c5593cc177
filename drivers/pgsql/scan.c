/* SPDX-License-Identifier: MIT */
#include "drivers/pgsql/scan.h"

#include <limits.h>
#include <string.h>

/* About what an entry costs that leads to a row that is gone, and a page of the index. */
#define ENTRY_NS 500
#define PAGE_NS  1000

#define CUT_US        1000 /* of vain walking: more is cut */
#define WHOLE_US      500  /* less is not worth it */
#define SHARE         10   /* whole walks take at most one part in so many of the time */
#define PAUSE_MIN_US  20000
#define PAUSE_MAX_US  10000000
#define LAG_JOBS      1000
#define LAG_US        1000000
#define MEASURE_EVERY 16 /* walks */

static const struct scan_place nowhere = {INT64_MIN, 0};
static const struct scan_place everywhere = {INT64_MAX, INT64_MAX};

/* --- planning --- */

static void add_range(struct scan_walk *walk, int rank, struct scan_place place, int last)
{
    walk->ranges[walk->count++] =
        (struct scan_range){.rank = rank, .due = place.due, .id = place.id, .last = last};
}

static void add_ranges(const struct scan *scan, struct scan_walk *walk)
{
    const struct scan_rank *before = NULL;
    for (size_t i = 0; i < scan->rank_count; i++) {
        const struct scan_rank *rank = &scan->ranks[i];
        if (!before)
            add_range(walk, INT_MIN, nowhere, rank->rank - 1);
        else if (before->rank + 1 < rank->rank)
            add_range(walk, before->rank, everywhere, rank->rank - 1);
        add_range(walk, rank->rank, walk->is_whole ? nowhere : rank->seen, rank->rank);
        before = rank;
    }
    if (before)
        add_range(walk, before->rank, everywhere, INT_MAX);
    else
        add_range(walk, INT_MIN, nowhere, INT_MAX);
}

void pg_scan_plan(struct scan *scan, int64_t now_us, struct scan_walk *walk)
{
    walk->count = 0;
    walk->is_whole = !scan->is_cut || now_us >= scan->whole_at_us;
    walk->is_measured = scan->is_cut ? walk->is_whole : ++scan->walks >= MEASURE_EVERY;
    if (walk->is_measured)
        scan->walks = 0;
    if (scan->is_cut)
        add_ranges(scan, walk);
    else
        add_range(walk, INT_MIN, nowhere, INT_MAX);
}

/* --- learning --- */

static int compare_places(struct scan_place a, struct scan_place b)
{
    if (a.due != b.due)
        return a.due < b.due ? -1 : 1;
    return (a.id > b.id) - (a.id < b.id);
}

static struct scan_place place_of(const struct job *job)
{
    return (struct scan_place){job->available_at_ms, job->id};
}

static struct scan_rank *find_rank(struct scan *scan, int rank)
{
    for (size_t i = 0; i < scan->rank_count; i++)
        if (scan->ranks[i].rank == rank)
            return &scan->ranks[i];
    return NULL;
}

/* NULL where there is no room: it stays in a range between others. */
static struct scan_rank *insert_rank(struct scan *scan, int rank)
{
    size_t at = 0;
    if (scan->rank_count == SCAN_RANKS_MAX)
        return NULL;
    while (at < scan->rank_count && scan->ranks[at].rank < rank)
        at++;
    memmove(&scan->ranks[at + 1], &scan->ranks[at],
            (scan->rank_count - at) * sizeof scan->ranks[0]);
    scan->rank_count++;
    scan->ranks[at] = (struct scan_rank){.rank = rank, .seen = nowhere, .coming = nowhere};
    return &scan->ranks[at];
}

void pg_scan_add_rank(struct scan *scan, int rank)
{
    if (scan->is_cut && !find_rank(scan, rank))
        insert_rank(scan, rank);
}

static void move_on(struct scan_rank *rank, struct scan_place first, struct scan_place last,
                    size_t count, int64_t now_us)
{
    rank->taken += count;
    if (compare_places(rank->coming, nowhere) == 0) {
        rank->seen = first;
        rank->seen.id--; /* it may come back to its place */
        rank->coming = last;
        rank->coming_at_us = now_us;
        rank->taken = 0;
        return;
    }
    if (rank->taken < LAG_JOBS && now_us - rank->coming_at_us < LAG_US)
        return;
    if (compare_places(rank->coming, rank->seen) > 0)
        rank->seen = rank->coming;
    rank->coming = last;
    rank->coming_at_us = now_us;
    rank->taken = 0;
}

/* Jobs of one rank. Returns whether all of them lay before where a cut walk begins. */
static bool learn_run(struct scan *scan, bool is_whole, const struct job *jobs, size_t count,
                      int64_t now_us)
{
    struct scan_rank *rank = find_rank(scan, -jobs[0].priority);
    struct scan_place first = place_of(&jobs[0]), last = place_of(&jobs[count - 1]);
    if (!rank)
        rank = is_whole ? insert_rank(scan, -jobs[0].priority) : NULL;
    if (!rank)
        return false;
    if (compare_places(last, rank->seen) <= 0)
        return true;
    move_on(rank, first, last, count, now_us);
    return false;
}

void pg_scan_taken(struct scan *scan, const struct scan_walk *walk, const struct job *jobs,
                   size_t count, int64_t now_us)
{
    bool all_before = count > 0;
    if (!scan->is_cut)
        return;
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && jobs[i + run].priority == jobs[i].priority)
            run++;
        if (!learn_run(scan, walk->is_whole, jobs + i, run, now_us))
            all_before = false;
        i += run;
    }
    if (all_before) /* there may be more of them */
        scan->whole_at_us = now_us;
}

static int64_t limit(int64_t value, int64_t min, int64_t max)
{
    return value < min ? min : value > max ? max : value;
}

void pg_scan_measured(struct scan *scan, int64_t entries, int64_t pages, int64_t now_us)
{
    int64_t vain_us = (entries * ENTRY_NS + pages * PAGE_NS) / 1000;
    if (!scan->is_cut && vain_us <= CUT_US)
        return;
    if (scan->is_cut && vain_us < WHOLE_US) {
        *scan = (struct scan){0};
        return;
    }
    if (!scan->is_cut) { /* one more, to learn the ranks */
        *scan = (struct scan){.is_cut = true, .whole_at_us = now_us};
        return;
    }
    scan->whole_at_us = now_us + limit(SHARE * vain_us, PAUSE_MIN_US, PAUSE_MAX_US);
}

void pg_scan_doubt(struct scan *scan)
{
    scan->whole_at_us = 0;
}

int64_t pg_scan_whole_in_ms(const struct scan *scan, int64_t now_us)
{
    if (!scan->is_cut)
        return -1;
    int64_t left_us = scan->whole_at_us - now_us;
    return left_us > 0 ? (left_us + 999) / 1000 : 0;
}
