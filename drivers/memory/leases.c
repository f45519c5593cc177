/* SPDX-License-Identifier: MIT */
#include "drivers/memory/memory.h"

#include <string.h>

#include "queue/history.h"

/* Leases that go on, and those that end without their owner. */

#define UPKEEP_MS 1000

int memory_expire(struct store *store, const char *queue, uint64_t *count, struct err *err)
{
    *count = 0;
    for (size_t i = 0; i < store->jobs.count; i++) {
        struct record *record = store->jobs.items[i];
        if (record->place != PLACE_RESERVED || record->lease_until > store->now ||
            (queue && strcmp(record->queue, queue) != 0))
            continue;
        if (memory_note_attempt(store, record, HISTORY_LEASE_EXPIRED, NULL, err) < 0 ||
            memory_go_back(store, record, store->now, true, err) < 0)
            return -1;
        ++*count;
    }
    return 0;
}

int memory_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                  int64_t lease_ms, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct renewal *renewal = &renewals[i];
        struct record *record = memory_held(store, owner, &renewal->lease);
        renewal->state = !record                                  ? LEASE_LOST
                         : memory_must_not_go_back(store, record) ? LEASE_CANCELLED
                                                                  : LEASE_HELD;
        if (!record)
            continue;
        record->lease_until = store->now + lease_ms;
        store->is_changed = true;
        if (renewal->progress < 0)
            continue;
        record->progress = (int64_t)(renewal->progress * 1000);
        record->progress_text = memory_copy(store, renewal->progress_text);
    }
    return memory_end(store, 0, err);
}

static bool had_begun(const struct record *record, const struct lease *begun, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(begun[i].uuid, record->uuid) == 0 && begun[i].attempt == record->attempts)
            return true;
    }
    return false;
}

static int return_all(struct store *store, const char *owner, const struct lease *begun,
                      size_t begun_count, uint64_t *returned, struct err *err)
{
    *returned = 0;
    for (size_t i = 0; i < store->jobs.count; i++) {
        struct record *record = store->jobs.items[i];
        if (record->place != PLACE_RESERVED || strcmp(record->owner, owner) != 0)
            continue;
        bool counts = had_begun(record, begun, begun_count);
        if (counts && memory_note_attempt(store, record, HISTORY_WORKER_DIED, NULL, err) < 0)
            return -1;
        if (memory_go_back(store, record, record->due, counts, err) < 0)
            return -1;
        ++*returned;
    }
    return 0;
}

int memory_return_owner(struct store *store, const char *owner, const struct lease *begun,
                        size_t begun_count, uint64_t *returned, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    return memory_end(store, return_all(store, owner, begun, begun_count, returned, err), err);
}

int memory_upkeep(struct store *store, struct upkeep *upkeep, struct err *err)
{
    if (memory_begin(store, err) < 0)
        return -1;
    upkeep->next_ms = UPKEEP_MS;
    return memory_end(store, memory_expire(store, NULL, &upkeep->expired, err), err);
}
