/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/sqlite/batch.h"
#include "drivers/sqlite/feed.h"

static struct waiting_row *add_row(struct waiting_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 64;
        list->rows = mem_resize(list->rows, list->capacity, sizeof *list->rows);
    }
    return &list->rows[list->count++];
}

int waiting_collect(struct store *store, sqlite3_stmt *statement, struct waiting_list *list,
                    struct err *err)
{
    int step = statement ? 1 : -1;
    while (step > 0 && (step = store_step(store, statement, err)) > 0)
        *add_row(list) = (struct waiting_row){
            .id = sqlite3_column_int64(statement, 0),
            .queue = sqlite3_column_int64(statement, 1),
            .priority = sqlite3_column_int64(statement, 2),
            .available_at = sqlite3_column_int64(statement, 3),
            .batch_uuid = store_copy(statement, 4, &list->arena),
        };
    return step;
}

void waiting_finish(struct waiting_list *list)
{
    free(list->rows);
    arena_finish(&list->arena);
}

static int remove_one(struct store *store, const struct waiting_row *row, struct err *err)
{
    struct tally *tally = tally_by_id(store, row->queue, err);
    if (!tally)
        return -1;
    tally_take(tally, row->available_at);
    return store_run(store, err, SQL_WAITING_END, "iiii", row->queue, row->priority,
                     row->available_at, row->id);
}

int waiting_remove(struct store *store, const struct waiting_list *list, struct err *err)
{
    int result = 0;
    struct lease_row *records = mem_new(list->count, sizeof *records);
    for (size_t i = 0; i < list->count && result == 0; i++) {
        records[i].id = list->rows[i].id;
        result = remove_one(store, &list->rows[i], err);
    }
    struct lease_feed feed;
    lease_feed_init(&feed, records, list->count);
    if (result == 0)
        result = store_run(store, err, SQL_RECORDS_END, "f", &feed);
    free(records);
    return result;
}

int waiting_count_cancelled(struct store *store, const struct waiting_list *list, struct err *err)
{
    struct batch_ends ends = {0};
    int result = 0;
    for (size_t i = 0; i < list->count && result == 0; i++)
        result = batch_ends_add(store, &ends, list->rows[i].batch_uuid, BATCH_CANCELLED, err);
    return result < 0 ? -1 : batch_ends_settle(store, &ends, err);
}
