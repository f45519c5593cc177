/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/reserve.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/sqlite/feed.h"

/* The columns of SQL_RESERVE. */
enum {
    ID,
    PRIORITY,
    AVAILABLE_AT,
    ATTEMPTS,
    UUID,
    NAME,
    MAX_ATTEMPTS,
    TIMEOUT,
    CREATED_AT,
    BATCH_UUID,
    DATA_AT,
    DATA_LENGTH,
    IS_PLAIN,
    PAYLOAD,
};

/* A walk along the waiting jobs of a queue, from the highest priority down. */
struct walk {
    struct store *store;
    const struct reserve_request *request;
    struct reservation *reservation;
    struct tally *tally;
    const char *queue, *owner; /* in the arena of the reservation */
    size_t bytes;              /* of payload so far */
    int64_t next_due;          /* the first that is not due yet; NEVER_DUE: none was seen */
};

/* Returns 0, or -1 with err for what is none. */
static int read_payload(sqlite3_stmt *row, struct arena *arena, struct job *job, struct err *err)
{
    const char *payload = store_text(row, PAYLOAD);
    size_t length = (size_t)sqlite3_column_bytes(row, PAYLOAD);
    size_t at = (size_t)sqlite3_column_int64(row, DATA_AT);
    size_t data_length = (size_t)sqlite3_column_int64(row, DATA_LENGTH);
    if (!payload || at > length || data_length > length - at)
        return err_set(err, ERR_INVALID, "it is not as it was stored");
    if (sqlite3_column_int(row, IS_PLAIN)) {
        job->data.text = arena_strndup(arena, payload + at, data_length);
        job->data.length = data_length;
        return 0;
    }
    const char *copy = arena_strndup(arena, payload, length);
    return job_payload_decode(copy, length, arena, job, err);
}

static void read_job(struct walk *walk, sqlite3_stmt *row, struct job *job)
{
    struct err damage = ERR_INIT;
    struct arena *arena = &walk->reservation->arena;
    *job = (struct job){0};
    if (read_payload(row, arena, job, &damage) < 0)
        *job = (struct job){.damage = arena_strndup(arena, damage.text, strlen(damage.text))};
    job->uuid = store_copy(row, UUID, arena);
    job->id = sqlite3_column_int64(row, ID);
    job->queue = walk->queue;
    job->name = store_copy(row, NAME, arena);
    job->batch_uuid = store_copy(row, BATCH_UUID, arena);
    job->priority = sqlite3_column_int(row, PRIORITY);
    job->attempts = sqlite3_column_int(row, ATTEMPTS) + 1;
    job->max_attempts = sqlite3_column_int(row, MAX_ATTEMPTS);
    job->timeout_ms = sqlite3_column_int64(row, TIMEOUT);
    job->available_at_ms = sqlite3_column_int64(row, AVAILABLE_AT);
    job->created_at_ms = sqlite3_column_int64(row, CREATED_AT);
    job->reserved_at_ms = walk->store->now_ms;
    job->reserved_by = walk->owner;
    walk->bytes += (size_t)sqlite3_column_bytes(row, PAYLOAD);
}

static bool is_full(const struct walk *walk)
{
    return walk->reservation->count == walk->request->count || walk->bytes >= RESERVATION_BYTES_MAX;
}

/* Takes the due jobs below a priority until one is not due, the end, or enough. *below becomes the
 * priority of the one that is not due: those behind it are not due either, so the walk goes on at
 * the next priority. Returns 1 where it does, 0 where there is nothing more, -1 with err. */
static int walk_down(struct walk *walk, int64_t *below, struct err *err)
{
    struct reservation *reservation = walk->reservation;
    size_t wanted = walk->request->count - reservation->count;
    sqlite3_stmt *row =
        store_query(walk->store, err, SQL_RESERVE, "iii", walk->tally->id, *below, (int64_t)wanted);
    int step = row ? 1 : -1;
    while (step > 0 && !is_full(walk) && (step = store_step(walk->store, row, err)) > 0) {
        int64_t available_at = sqlite3_column_int64(row, AVAILABLE_AT);
        if (available_at > walk->store->now_ms) {
            if (available_at < walk->next_due)
                walk->next_due = available_at;
            *below = sqlite3_column_int64(row, PRIORITY);
            store_done(row);
            return 1;
        }
        read_job(walk, row, &reservation->jobs[reservation->count++]);
    }
    if (row)
        store_done(row);
    return step < 0 ? -1 : 0;
}

/* --- taking --- */

static int add_leases(const struct walk *walk, struct err *err)
{
    const struct reservation *reservation = walk->reservation;
    const struct store *store = walk->store;
    struct lease_row *rows = mem_new(reservation->count, sizeof *rows);
    for (size_t i = 0; i < reservation->count; i++) {
        const struct job *job = &reservation->jobs[i];
        rows[i] = (struct lease_row){.id = job->id,
                                     .uuid = job->uuid,
                                     .attempt = job->attempts,
                                     .batch_uuid = job->batch_uuid};
    }
    struct lease_feed feed;
    lease_feed_init(&feed, rows, reservation->count);
    int result = store_run(walk->store, err, SQL_RESERVED_ADD, "fiiit", &feed, walk->tally->id,
                           store->now_ms + walk->request->lease_ms, store->now_ms, walk->owner);
    free(rows);
    return result;
}

/* What was taken of a priority is the head of it, up to the last job. */
static int take_waiting(const struct walk *walk, struct err *err)
{
    const struct reservation *reservation = walk->reservation;
    for (size_t i = 0; i < reservation->count; i++) {
        const struct job *job = &reservation->jobs[i];
        tally_take(walk->tally, job->available_at_ms);
        if (i + 1 < reservation->count && job->priority == reservation->jobs[i + 1].priority)
            continue;
        if (store_run(walk->store, err, SQL_WAITING_TAKE, "iiii", walk->tally->id,
                      (int64_t)job->priority, job->available_at_ms, job->id) < 0)
            return -1;
    }
    return 0;
}

/* Keys that are held until the start are free now. */
static int free_keys(const struct walk *walk, struct err *err)
{
    const struct reservation *reservation = walk->reservation;
    for (size_t i = 0; i < reservation->count; i++) {
        if (reservation->jobs[i].unique_until == UNIQUE_STARTED &&
            store_run(walk->store, err, SQL_UNIQUE_CLEAR, "i", reservation->jobs[i].id) < 0)
            return -1;
    }
    return 0;
}

static int take(const struct walk *walk, struct err *err)
{
    if (walk->reservation->count == 0)
        return 0;
    walk->tally->reserved += (int64_t)walk->reservation->count;
    if (add_leases(walk, err) < 0 || take_waiting(walk, err) < 0)
        return -1;
    return free_keys(walk, err);
}

static int reserve(struct walk *walk, struct err *err)
{
    int64_t below = JOB_PRIORITY_MAX + 1;
    int more;
    do
        more = walk_down(walk, &below, err);
    while (more > 0);
    if (more < 0 || take(walk, err) < 0)
        return -1;
    if (!is_full(walk))
        walk->reservation->next_due_ms =
            walk->next_due == NEVER_DUE ? -1 : walk->next_due - walk->store->now_ms;
    return 0;
}

int reserve_jobs(struct store *store, const struct reserve_request *request,
                 struct reservation *reservation, struct err *err)
{
    struct arena *arena = &reservation->arena;
    arena_reset(arena);
    reservation->jobs = NULL;
    reservation->count = 0;
    reservation->next_due_ms = 0;
    if (request->count == 0)
        return 0;
    struct tally *tally;
    int found = tally_find(store, request->queue, &tally, err);
    if (found < 1) {
        reservation->next_due_ms = -1; /* nobody has ever pushed to it */
        return found;
    }
    struct walk walk = {
        .store = store,
        .request = request,
        .reservation = reservation,
        .tally = tally,
        .queue = arena_strndup(arena, tally->name, strlen(tally->name)),
        .owner = arena_strndup(arena, request->owner, strlen(request->owner)),
        .next_due = NEVER_DUE,
    };
    reservation->jobs = arena_alloc(arena, request->count * sizeof *reservation->jobs);
    return reserve(&walk, err);
}
