/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/notes.h"

static int write_note(struct store *store, const struct note *note, struct err *err)
{
    int64_t expires_at = note->ttl_ms > 0 ? store->now_ms + note->ttl_ms : 0;
    return store_run(store, err, SQL_NOTE_PUT, "ttttii", note->kind, note->key, note->value,
                     note->owner, expires_at, store->now_ms);
}

int sqlite_note_put(struct store *store, const struct note *note, struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, write_note(store, note, err), err);
}

static int claim(struct store *store, const struct note *note, bool *held, struct err *err)
{
    int64_t one;
    int taken = store_number(store, &one, err, SQL_NOTE_TAKEN, "ttti", note->kind, note->key,
                             note->owner, store->now_ms);
    *held = taken == 0;
    return taken != 0 ? (taken < 0 ? -1 : 0) : write_note(store, note, err);
}

int sqlite_note_claim(struct store *store, const struct note *note, bool *held, struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, claim(store, note, held, err), err);
}

static int list(struct store *store, sqlite3_stmt *row, note_fn each, void *context,
                struct err *err)
{
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0) {
        int64_t expires_at = sqlite3_column_int64(row, 4);
        const struct note note = {
            .kind = store_text(row, 0),
            .key = store_text(row, 1),
            .value = store_text(row, 2),
            .owner = store_text(row, 3),
            .ttl_ms = expires_at > 0 ? expires_at - store->now_ms : 0,
            .updated_at_ms = sqlite3_column_int64(row, 5),
        };
        if (each(context, &note) == 0)
            continue;
        store_done(row);
        return 0;
    }
    return step;
}

static int64_t limit_of(const struct store *store, size_t limit)
{
    return limit > 0 && limit < INT64_MAX ? (int64_t)limit : store->settings->batch_size;
}

int sqlite_note_list(struct store *store, const char *kind, const char *prefix,
                     const char *after_key, size_t limit, note_fn each, void *context,
                     struct err *err)
{
    if (store_begin_read(store, err) < 0)
        return -1;
    sqlite3_stmt *row = store_query(store, err, SQL_NOTES_LIST, "tttii", kind, prefix, after_key,
                                    store->now_ms, limit_of(store, limit));
    return store_end(store, list(store, row, each, context, err), err);
}

int sqlite_note_remove(struct store *store, const char *kind, const char *prefix,
                       const char *before_key, size_t limit, uint64_t *count, struct err *err)
{
    *count = 0;
    if (store_begin(store, err) < 0)
        return -1;
    int result = store_run(store, err, SQL_NOTES_REMOVE, "ttti", kind, prefix, before_key,
                           limit_of(store, limit));
    uint64_t removed = (uint64_t)sqlite3_changes64(store->db);
    if (store_end(store, result, err) < 0)
        return -1;
    *count = removed;
    return 0;
}
