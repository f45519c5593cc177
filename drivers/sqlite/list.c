/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/list.h"

#include "drivers/sqlite/find.h"

/* Where the jobs of each state are, and in which order they would run. */
static const struct {
    const char *from;
    const char *condition; /* with the time of the transaction, or NULL */
    const char *order;
} states[] = {
    [JOB_RESERVED] = {" l.attempts, l.reserved_at, l.reserved_by, l.is_cancelled, l.progress,"
                      " l.progress_text FROM {records} r JOIN {reserved} l ON l.id = r.id",
                      NULL, "r.priority DESC, r.available_at, r.id"},
    [JOB_READY] = {" w.attempts, 0, NULL, 0, NULL, NULL FROM {waiting} w JOIN {records} r"
                   " ON r.id = w.id AND r.queue = w.queue AND r.priority = w.priority"
                   " AND r.available_at = w.available_at",
                   "w.available_at <= ?", "w.priority DESC, w.available_at, w.id"},
    [JOB_DELAYED] = {" w.attempts, 0, NULL, 0, NULL, NULL FROM {waiting} w JOIN {records} r"
                     " ON r.id = w.id AND r.queue = w.queue AND r.priority = w.priority"
                     " AND r.available_at = w.available_at",
                     "w.available_at > ?", "w.available_at, w.priority DESC, w.id"},
};

static const enum job_state states_in_order[] = {JOB_RESERVED, JOB_READY, JOB_DELAYED};

#define COLUMNS                                                                                    \
    "SELECT r.id, r.priority, r.available_at, r.created_at, coalesce(r.history, '[]'), r.payload,"

/* One listing. */
struct listing {
    struct store *store;
    const struct job_filter *filter;
    job_view_fn each;
    void *context;
    size_t left;
    bool is_over; /* the caller wants no more */
};

static int read_view(sqlite3_stmt *row, const char *queue, enum job_state state,
                     struct arena *arena, struct job_view *view, struct err *err)
{
    size_t length = (size_t)sqlite3_column_bytes(row, 5);
    bool has_progress = sqlite3_column_type(row, 10) != SQLITE_NULL;
    *view = (struct job_view){
        .job = {.id = sqlite3_column_int64(row, 0),
                .queue = queue,
                .available_at_ms = sqlite3_column_int64(row, 2),
                .created_at_ms = sqlite3_column_int64(row, 3),
                .attempts = sqlite3_column_int(row, 6),
                .reserved_at_ms = sqlite3_column_int64(row, 7),
                .reserved_by = store_text(row, 8)},
        .state = state,
        .is_cancelled = sqlite3_column_int(row, 9) != 0,
        .progress = has_progress ? sqlite3_column_double(row, 10) : -1,
        .progress_text = store_text(row, 11),
        .history = store_text(row, 4),
    };
    return job_payload_decode(store_text(row, 5), length, arena, &view->job, err);
}

static int list_rows(struct listing *listing, sqlite3_stmt *row, const char *queue,
                     enum job_state state, struct err *err)
{
    struct arena arena = {0};
    struct job_view view;
    int step = row ? 1 : -1;
    while (step > 0 && !listing->is_over && (step = store_step(listing->store, row, err)) > 0) {
        arena_reset(&arena);
        if (read_view(row, queue, state, &arena, &view, err) < 0) {
            step = -1;
            break;
        }
        listing->left--;
        listing->is_over = listing->each(listing->context, &view) != 0 || listing->left == 0;
    }
    arena_finish(&arena);
    sqlite3_finalize(row);
    return step < 0 ? -1 : 0;
}

static int list_state(struct listing *listing, const struct tally *tally, enum job_state state,
                      struct err *err)
{
    const struct job_filter *filter = listing->filter;
    struct buf select;
    struct find find;
    buf_init(&select, 4096);
    buf_printf(&select, COLUMNS "%s", states[state].from);
    find_init(&find, listing->store, buf_text(&select));
    buf_finish(&select);
    find_where_number(&find, state == JOB_RESERVED ? "l.queue = ?" : "w.queue = ?", tally->id);
    if (states[state].condition)
        find_where_number(&find, states[state].condition, listing->store->now_ms);
    find_where_text(&find, "r.uuid = ?", filter->uuid);
    find_where_text(&find, "r.batch_uuid = ?", filter->batch_uuid);
    sqlite3_stmt *row = find_prepare(&find, states[state].order, listing->left, err);
    return list_rows(listing, row, tally->name, state, err);
}

static int list_queue(struct listing *listing, const char *queue, struct err *err)
{
    struct tally *tally;
    int found = tally_find(listing->store, queue, &tally, err);
    int result = found < 0 ? -1 : 0;
    for (size_t i = 0; i < 3 && found == 1 && result == 0 && !listing->is_over; i++) {
        enum job_state state = states_in_order[i];
        if (!listing->filter->state || *listing->filter->state == state)
            result = list_state(listing, tally, state, err);
    }
    return result;
}

static int list_all(struct listing *listing, struct err *err)
{
    if (listing->filter->queue)
        return list_queue(listing, listing->filter->queue, err);
    sqlite3_stmt *row = store_query(listing->store, err, SQL_QUEUE_NAMES, "");
    int step = row ? 1 : -1;
    while (step > 0 && !listing->is_over && (step = store_step(listing->store, row, err)) > 0) {
        if (list_queue(listing, store_text(row, 0), err) < 0) {
            step = -1;
            break;
        }
    }
    if (row)
        store_done(row);
    return step < 0 ? -1 : 0;
}

int sqlite_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                    void *context, struct err *err)
{
    struct listing listing = {
        .store = store,
        .filter = filter,
        .each = each,
        .context = context,
        .left = filter->limit ? filter->limit : (size_t)store->settings->batch_size,
    };
    if (store_begin_read(store, err) < 0)
        return -1;
    return store_end(store, list_all(&listing, err), err);
}
