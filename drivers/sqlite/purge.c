/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/purge.h"

#include <stdlib.h>

#include "drivers/sqlite/waiting.h"

#define JOBS_MAX 5000 /* that are removed at once: others want the write lock too */

/* --- purging --- */

/* What a purge is about: the jobs that were there when it began. */
struct scope {
    int64_t *queues;
    size_t count;
    int64_t last_id;
};

static int add_queue(struct scope *scope, int64_t id)
{
    scope->queues = mem_resize(scope->queues, scope->count + 1, sizeof *scope->queues);
    scope->queues[scope->count++] = id;
    return 0;
}

static int add_all_queues(struct store *store, struct scope *scope, struct err *err)
{
    sqlite3_stmt *row = store_query(store, err, SQL_QUEUE_ALL, "");
    int step = row ? 1 : -1;
    while (step > 0 && (step = store_step(store, row, err)) > 0)
        add_queue(scope, sqlite3_column_int64(row, 0));
    return step;
}

static int add_named_queue(struct store *store, const char *queue, struct scope *scope,
                           struct err *err)
{
    struct tally *tally;
    int found = tally_find(store, queue, &tally, err);
    return found == 1 ? add_queue(scope, tally->id) : found;
}

static int look(struct store *store, const char *queue, struct scope *scope, struct err *err)
{
    if (store_begin_read(store, err) < 0)
        return -1;
    int result =
        queue ? add_named_queue(store, queue, scope, err) : add_all_queues(store, scope, err);
    if (result == 0)
        result = store_number(store, &scope->last_id, err, SQL_ID_LAST, "");
    if (scope->last_id > store->last_id)
        store->last_id = scope->last_id; /* callbacks that the purge itself pushes come behind */
    return store_end(store, result < 0 ? -1 : 0, err);
}

static int remove_some(struct store *store, int64_t queue, int64_t last_id, size_t *count,
                       struct err *err)
{
    struct waiting_list list = {0};
    int result = waiting_collect(
        store,
        store_query(store, err, SQL_WAITING_OF_QUEUE, "iii", queue, last_id, (int64_t)JOBS_MAX),
        &list, err);
    if (result == 0)
        result = waiting_remove(store, &list, err);
    if (result == 0)
        result = waiting_count_cancelled(store, &list, err);
    *count = list.count;
    waiting_finish(&list);
    return result;
}

static int purge_queue(struct store *store, int64_t queue, int64_t last_id, uint64_t *removed,
                       struct err *err)
{
    size_t count;
    do {
        if (store_begin(store, err) < 0 ||
            store_end(store, remove_some(store, queue, last_id, &count, err), err) < 0)
            return -1;
        *removed += count;
    } while (count == JOBS_MAX);
    return 0;
}

int sqlite_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    struct scope scope = {0};
    *removed = 0;
    int result = look(store, queue, &scope, err);
    for (size_t i = 0; i < scope.count && result == 0; i++)
        result = purge_queue(store, scope.queues[i], scope.last_id, removed, err);
    free(scope.queues);
    return result;
}

/* --- cancelling --- */

/* Returns 1 where it waited and is gone, 0 where it did not wait, -1 with err. */
static int cancel_waiting(struct store *store, const char *uuid, struct err *err)
{
    struct waiting_list list = {0};
    int result =
        waiting_collect(store, store_query(store, err, SQL_WAITING_OF_UUID, "t", uuid), &list, err);
    if (result == 0)
        result = waiting_remove(store, &list, err);
    if (result == 0)
        result = waiting_count_cancelled(store, &list, err);
    size_t count = list.count;
    waiting_finish(&list);
    return result < 0 ? -1 : count > 0;
}

static int cancel(struct store *store, const char *uuid, enum cancel_result *result,
                  struct err *err)
{
    int waited = cancel_waiting(store, uuid, err);
    *result = CANCEL_REMOVED;
    if (waited != 0)
        return waited < 0 ? -1 : 0;
    int64_t id;
    int marked = store_number(store, &id, err, SQL_LEASE_CANCEL, "t", uuid);
    *result = CANCEL_ASKED;
    if (marked == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no live job %s", uuid);
    return marked < 0 ? -1 : 0;
}

int sqlite_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                      struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    return store_end(store, cancel(store, uuid, result, err), err);
}
