/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/upkeep.h"

#include "drivers/sqlite/keeper.h"
#include "drivers/sqlite/turn.h"

#define INTERVAL_MS 1000 /* between two calls, where nothing is due before */
#define LEASES_MAX  1000 /* that are returned at once: others want the write lock too */

/* What there is to do, seen without the write lock. */
struct findings {
    bool has_expired; /* leases, or notes */
    int64_t next_ms;
};

static void not_later_than(struct findings *findings, int64_t ms)
{
    if (ms > 0 && ms < findings->next_ms)
        findings->next_ms = ms;
}

static int find_leases(struct store *store, struct findings *findings, struct err *err)
{
    int64_t until;
    int found = store_number(store, &until, err, SQL_LEASE_NEXT, "");
    if (found < 1)
        return found;
    findings->has_expired = until <= store->now_ms;
    not_later_than(findings, until - store->now_ms);
    return 0;
}

/* The net under lost wake-ups: where something is ready, somebody may look. */
static int wake_ready(struct store *store, struct findings *findings, struct err *err)
{
    sqlite3_stmt *row = store_query(store, err, SQL_QUEUE_READY, "i", store->now_ms);
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        if (sqlite3_column_int(row, 1))
            wake_poke(&store->wake, store_text(row, 0), 1, false);
        else
            not_later_than(findings, sqlite3_column_int64(row, 2));
    }
    return step;
}

static int find_notes(struct store *store, struct findings *findings, struct err *err)
{
    int64_t one;
    int found = store_number(store, &one, err, SQL_NOTES_EXPIRED, "i", store->now_ms);
    if (found == 1)
        findings->has_expired = true;
    return found < 0 ? -1 : 0;
}

static int look(struct store *store, struct findings *findings, struct err *err)
{
    if (store_begin_read(store, err) < 0)
        return -1;
    int result = find_leases(store, findings, err);
    if (result == 0)
        result = find_notes(store, findings, err);
    if (result == 0)
        result = wake_ready(store, findings, err);
    return store_end(store, result, err);
}

static int expire(struct store *store, size_t *count, struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    int result = leases_expire(store, LEASES_MAX, count, err);
    if (result == 0)
        result = store_run(store, err, SQL_NOTES_EXPIRE, "i", store->now_ms);
    return store_end(store, result, err);
}

int sqlite_upkeep(struct store *store, struct upkeep *upkeep, struct err *err)
{
    struct findings findings = {.next_ms = INTERVAL_MS};
    size_t expired = 0;
    if (look(store, &findings, err) < 0 ||
        (findings.has_expired && expire(store, &expired, err) < 0))
        return -1;
    upkeep->expired = expired;
    upkeep->next_ms = expired == LEASES_MAX ? 0 : findings.next_ms;
    return sqlite_keeper_checkpoint(store, err);
}
