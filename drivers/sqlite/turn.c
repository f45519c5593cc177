/* SPDX-License-Identifier: MIT */
#include "drivers/sqlite/turn.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/sqlite/lease.h"
#include "drivers/sqlite/push.h"
#include "drivers/sqlite/reserve.h"
#include "queue/history.h"

/* --- outcomes --- */

static bool is_owned(const struct held *held, const char *owner, const struct lease *lease)
{
    return held->row.attempt == lease->attempt && strcmp(held->owner, owner) == 0 &&
           strcmp(held->row.uuid, lease->uuid) == 0;
}

/* A job that was asked to stop does not go back to its queue. Its batch may have been cancelled
 * after the lease was looked up: by another outcome of the same turn. */
static int must_not_go_back(struct store *store, const struct held *held, struct err *err)
{
    if (held->is_cancelled || !held->row.batch_uuid)
        return held->is_cancelled;
    return batch_is_cancelled(store, held->row.batch_uuid, err);
}

static int end_attempt(struct store *store, struct endings *endings, const struct held *held,
                       const struct outcome *outcome, struct err *err)
{
    enum outcome_kind kind = outcome->kind;
    if (kind == OUTCOME_RELEASE || kind == OUTCOME_UNTOUCHED) {
        int is_cancelled = must_not_go_back(store, held, err);
        if (is_cancelled < 0)
            return -1;
        kind = is_cancelled ? OUTCOME_CANCELLED : kind;
    }
    switch (kind) {
    case OUTCOME_DONE:
        return ending_remove(store, endings, held, BATCH_COMPLETED, err);
    case OUTCOME_CANCELLED:
        return ending_remove(store, endings, held, BATCH_CANCELLED, err);
    case OUTCOME_UNTOUCHED:
        return ending_untouched(store, endings, held, err);
    case OUTCOME_RELEASE:
        return ending_release(store, endings, held, store->now_ms + outcome->delay_ms,
                              outcome->cause, outcome->exception, err);
    case OUTCOME_FAIL:
        return ending_fail(store, endings, held, outcome->cause, outcome->exception, err);
    }
    return err_set(err, ERR_INVALID, "an outcome of the unknown kind %d", (int)kind);
}

/* What an outcome pushes sees the store as the outcomes before it have left it. */
static int push_with_outcome(struct store *store, struct endings *endings,
                             const struct outcome *outcome, struct err *err)
{
    if (outcome->push_count == 0)
        return 0;
    if (endings_apply(store, endings, err) < 0)
        return -1;
    return push_jobs(store, outcome->pushes, outcome->push_count, PUSH_LENIENT, NULL, err);
}

/* A lease that is named twice in one call ends once. Leases are mostly named in their order, and
 * then nothing is searched. */
static bool has_ended(const struct endings *endings, int64_t id)
{
    size_t i = endings->ended_count;
    if (i == 0 || id > endings->highest_ended)
        return false;
    while (i > 0 && endings->ended[i - 1].id != id)
        i--;
    return i > 0;
}

static int apply_one(struct store *store, struct endings *endings, const struct held *held,
                     const char *owner, struct outcome *outcome, struct err *err)
{
    if (!is_owned(held, owner, &outcome->lease) || has_ended(endings, held->row.id))
        return 0;
    outcome->applied = true;
    if (push_with_outcome(store, endings, outcome, err) < 0)
        return -1;
    return end_attempt(store, endings, held, outcome, err);
}

static int apply_all(struct store *store, const char *owner, struct outcome *outcomes,
                     struct endings *endings, struct err *err)
{
    for (size_t i = 0; i < endings->count; i++) {
        const struct held *held = &endings->held[i];
        if (apply_one(store, endings, held, owner, &outcomes[held->at], err) < 0)
            return -1;
    }
    return endings_apply(store, endings, err);
}

static int end_attempts(struct store *store, const char *owner, struct outcome *outcomes,
                        size_t count, struct err *err)
{
    if (count == 0)
        return 0;
    struct endings endings = {0};
    struct lease_feed feed;
    struct lease_row *rows = mem_new(count, sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i].id = outcomes[i].lease.id;
    lease_feed_init(&feed, rows, count);
    int result = endings_collect(store, store_query(store, err, SQL_LEASES_MATCH, "f", &feed), true,
                                 &endings, err);
    if (result == 0)
        result = apply_all(store, owner, outcomes, &endings, err);
    endings_finish(&endings);
    free(rows);
    return result;
}

/* --- the turn --- */

int sqlite_turn(struct store *store, const char *owner, struct outcome *outcomes,
                size_t outcome_count, const struct reserve_request *request,
                struct reservation *reservation, struct err *err)
{
    for (size_t i = 0; i < outcome_count; i++)
        outcomes[i].applied = false;
    if (store_begin(store, err) < 0)
        return -1;
    /* A reservation that is lost is a job that is ready: nobody has to wait for the disk before a
     * handler begins. What it pushes or ends is written behind it. */
    store->is_soft = outcome_count == 0;
    int result = end_attempts(store, owner, outcomes, outcome_count, err);
    if (result == 0 && request)
        result = reserve_jobs(store, request, reservation, err);
    result = store_end(store, result, err);
    for (size_t i = 0; i < outcome_count && result < 0; i++)
        outcomes[i].applied = false;
    return result;
}

/* --- leases that go on --- */

static int extend_one(struct store *store, const char *owner, struct renewal *renewal,
                      int64_t until_ms, struct err *err)
{
    const struct lease *lease = &renewal->lease;
    int64_t is_cancelled;
    int found =
        store_number(store, &is_cancelled, err, SQL_LEASE_EXTEND, "itntidt", lease->id, lease->uuid,
                     lease->attempt, owner, until_ms, renewal->progress, renewal->progress_text);
    if (found < 0)
        return -1;
    renewal->state = !found ? LEASE_LOST : is_cancelled ? LEASE_CANCELLED : LEASE_HELD;
    return 0;
}

int sqlite_extend(struct store *store, const char *owner, struct renewal *renewals, size_t count,
                  int64_t lease_ms, struct err *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = extend_one(store, owner, &renewals[i], store->now_ms + lease_ms, err);
    return store_end(store, result, err);
}

/* --- leases that end without their owner --- */

static bool has_begun(const struct held *held, const struct lease *begun, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (begun[i].attempt == held->row.attempt && strcmp(begun[i].uuid, held->row.uuid) == 0)
            return true;
    }
    return false;
}

static int give_back(struct store *store, struct endings *endings, const struct held *held,
                     bool begun, int64_t due_ms, const char *cause, struct err *err)
{
    int is_cancelled = must_not_go_back(store, held, err);
    if (is_cancelled)
        return is_cancelled < 0 ? -1 : ending_remove(store, endings, held, BATCH_CANCELLED, err);
    if (!begun)
        return ending_untouched(store, endings, held, err);
    return ending_release(store, endings, held, due_ms, cause, NULL, err);
}

static int return_all(struct store *store, const char *owner, const struct lease *begun,
                      size_t begun_count, struct endings *endings, struct err *err)
{
    if (endings_collect(store, store_query(store, err, SQL_LEASES_OF_OWNER, "t", owner), false,
                        endings, err) < 0)
        return -1;
    for (size_t i = 0; i < endings->count; i++) {
        const struct held *held = &endings->held[i];
        if (give_back(store, endings, held, has_begun(held, begun, begun_count), ENDING_SAME_PLACE,
                      HISTORY_WORKER_DIED, err) < 0)
            return -1;
    }
    return endings_apply(store, endings, err);
}

int sqlite_return_owner(struct store *store, const char *owner, const struct lease *begun,
                        size_t begun_count, uint64_t *returned, struct err *err)
{
    struct endings endings = {0};
    if (store_begin(store, err) < 0)
        return -1;
    int result = return_all(store, owner, begun, begun_count, &endings, err);
    result = store_end(store, result, err);
    *returned = result == 0 ? endings.count : 0;
    endings_finish(&endings);
    return result;
}

int leases_expire(struct store *store, size_t limit, size_t *count, struct err *err)
{
    struct endings endings = {0};
    int result = endings_collect(
        store, store_query(store, err, SQL_LEASES_EXPIRED, "ii", store->now_ms, (int64_t)limit),
        false, &endings, err);
    for (size_t i = 0; i < endings.count && result == 0; i++)
        result = give_back(store, &endings, &endings.held[i], true, store->now_ms,
                           HISTORY_LEASE_EXPIRED, err);
    if (result == 0)
        result = endings_apply(store, &endings, err);
    *count = endings.count;
    endings_finish(&endings);
    return result;
}
