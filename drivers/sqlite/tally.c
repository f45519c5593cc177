/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/tally.h"

#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "drivers/sqlite/store.h"

/* --- finding --- */

/* Where a name is, or belongs. */
static size_t place_of(const struct tallies *tallies, const char *name, bool *is_there)
{
    size_t low = 0, high = tallies->count;
    *is_there = false;
    while (low < high && !*is_there) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, tallies->by_name[middle]->name);
        *is_there = order == 0;
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return high;
}

static void put_by_id(struct tallies *tallies, struct tally *tally)
{
    size_t id = (size_t)tally->id;
    if (id >= tallies->id_limit) {
        size_t limit = 2 * id + 8;
        tallies->by_id = mem_resize(tallies->by_id, limit, sizeof(struct tally *));
        memset(tallies->by_id + tallies->id_limit, 0,
               (limit - tallies->id_limit) * sizeof(struct tally *));
        tallies->id_limit = limit;
    }
    tallies->by_id[id] = tally;
}

static struct tally *meet(struct tallies *tallies, int64_t id, const char *name)
{
    bool is_there;
    size_t place = place_of(tallies, name, &is_there);
    struct tally *tally = mem_new(1, sizeof *tally);
    tally->id = id;
    tally->name = mem_strdup(name);
    tallies->by_name = mem_resize(tallies->by_name, tallies->count + 1, sizeof(struct tally *));
    memmove(tallies->by_name + place + 1, tallies->by_name + place,
            (tallies->count - place) * sizeof(struct tally *));
    tallies->by_name[place] = tally;
    tallies->count++;
    put_by_id(tallies, tally);
    return tally;
}

/* --- loading --- */

static int64_t count_due(struct store *store, int64_t queue, int64_t after, int64_t until,
                         int64_t *next_due, struct err *err)
{
    sqlite3_stmt *statement =
        store_query(store, err, SQL_DUE_BETWEEN, "iiii", queue, after, until, store->now_ms);
    if (!statement || store_step(store, statement, err) < 1)
        return -1;
    int64_t count = sqlite3_column_int64(statement, 0);
    *next_due = sqlite3_column_type(statement, 1) == SQLITE_NULL
                    ? NEVER_DUE
                    : sqlite3_column_int64(statement, 1);
    store_done(statement);
    return count;
}

/* Moves counted_at to the transaction's time: forward, or back where the clock was set back. */
static int move_on(struct store *store, struct tally *tally, struct err *err)
{
    int64_t from = tally->counted_at, now = store->now_ms;
    tally->counted_at = now;
    if (now >= from && now < tally->next_due)
        return 0;
    bool is_forward = now >= from;
    int64_t count = is_forward ? count_due(store, tally->id, from, now, &tally->next_due, err)
                               : count_due(store, tally->id, now, from, &tally->next_due, err);
    if (count < 0)
        return -1;
    tally->ready += is_forward ? count : -count;
    tally->later -= is_forward ? count : -count;
    tally->is_changed = true;
    return 0;
}

/* Reads the figures; 0 where the queue is not there. */
static int read_figures(struct store *store, struct tally *tally, struct err *err)
{
    sqlite3_stmt *statement = store_query(store, err, SQL_QUEUE_READ, "i", tally->id);
    int result = statement ? store_step(store, statement, err) : -1;
    if (result < 1)
        return result;
    tally->ready = sqlite3_column_int64(statement, 0);
    tally->later = sqlite3_column_int64(statement, 1);
    tally->reserved = sqlite3_column_int64(statement, 2);
    tally->failed = sqlite3_column_int64(statement, 3);
    tally->counted_at = sqlite3_column_int64(statement, 4);
    tally->next_due = sqlite3_column_int64(statement, 5);
    store_done(statement);
    return 1;
}

static struct tally *load(struct store *store, struct tally *tally, struct err *err)
{
    if (tally->is_loaded)
        return tally;
    int result = read_figures(store, tally, err);
    if (result == 0)
        err_set(err, ERR_SYSTEM, "%s: the queue %s has no figures", store->settings->path,
                tally->name);
    tally->is_changed = tally->has_earlier = false;
    tally->fresh = 0;
    if (result < 1 || move_on(store, tally, err) < 0)
        return NULL;
    tally->is_loaded = true;
    tally->next = store->tallies.loaded;
    store->tallies.loaded = tally;
    return tally;
}

int tally_find(struct store *store, const char *name, struct tally **tally, struct err *err)
{
    bool is_there;
    size_t place = place_of(&store->tallies, name, &is_there);
    *tally = is_there ? store->tallies.by_name[place] : NULL;
    if (!is_there) {
        int64_t id;
        int found = store_number(store, &id, err, SQL_QUEUE_FIND, "t", name);
        if (found < 1)
            return found;
        *tally = meet(&store->tallies, id, name);
    }
    return load(store, *tally, err) ? 1 : -1;
}

struct tally *tally_add_queue(struct store *store, const char *name, struct err *err)
{
    struct tally *tally;
    int64_t id;
    int found = tally_find(store, name, &tally, err);
    if (found != 0)
        return found == 1 ? tally : NULL;
    if (store_number(store, &id, err, SQL_QUEUE_ADD, "t", name) < 1)
        return NULL;
    return load(store, meet(&store->tallies, id, name), err);
}

struct tally *tally_by_id(struct store *store, int64_t id, struct err *err)
{
    struct tallies *tallies = &store->tallies;
    if (id >= 0 && (size_t)id < tallies->id_limit && tallies->by_id[id])
        return load(store, tallies->by_id[id], err);
    sqlite3_stmt *statement = store_query(store, err, SQL_QUEUE_READ, "i", id);
    int found = statement ? store_step(store, statement, err) : -1;
    if (found == 0)
        err_set(err, ERR_SYSTEM, "%s: a job is in queue %lld, which does not exist",
                store->settings->path, (long long)id);
    if (found < 1)
        return NULL;
    struct tally *tally = meet(tallies, id, store_text(statement, 6));
    store_done(statement);
    return load(store, tally, err);
}

/* --- counting --- */

void tally_add(struct tally *tally, int64_t available_at)
{
    tally->is_changed = true;
    if (available_at <= tally->counted_at) {
        tally->ready++;
        tally->fresh++;
        return;
    }
    tally->later++;
    if (available_at < tally->next_due) {
        tally->next_due = available_at;
        tally->has_earlier = true;
    }
}

void tally_take(struct tally *tally, int64_t available_at)
{
    tally->is_changed = true;
    if (available_at <= tally->counted_at)
        tally->ready--;
    else
        tally->later--;
    if (tally->later == 0)
        tally->next_due = NEVER_DUE;
}

/* --- the end of a transaction --- */

int tallies_write(struct store *store, struct err *err)
{
    for (struct tally *tally = store->tallies.loaded; tally; tally = tally->next) {
        if (tally->is_changed &&
            store_run(store, err, SQL_QUEUE_WRITE, "iiiiiii", tally->id, tally->ready, tally->later,
                      tally->reserved, tally->failed, tally->counted_at, tally->next_due) < 0)
            return -1;
    }
    return 0;
}

void tallies_unload(struct tallies *tallies)
{
    for (struct tally *tally = tallies->loaded; tally; tally = tally->next)
        tally->is_loaded = false;
    tallies->loaded = NULL;
}

void tallies_forget(struct tallies *tallies)
{
    for (size_t i = 0; i < tallies->count; i++) {
        free(tallies->by_name[i]->name);
        free(tallies->by_name[i]);
    }
    free(tallies->by_name);
    free(tallies->by_id);
    *tallies = (struct tallies){0};
}
