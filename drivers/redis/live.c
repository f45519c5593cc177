/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/redis/jobs.h"
#include "drivers/redis/store.h"

#define PAGE_SIZE 200

enum { ROW_SIZE = 9 };

/* A listing that is being made. */
struct listing {
    struct store *store;
    const struct job_filter *filter;
    job_view_fn each;
    void *context;
    size_t left; /* so many more are wanted */
    struct arena page;
};

/* --- a row: uuid, state, payload, meta, lease, cancelled, progress, its text, history --- */

static enum job_state state_of(const struct reply *letter)
{
    char state = redis_reply_text(letter)[0];
    return state == 'R' ? JOB_RESERVED : state == 'D' ? JOB_DELAYED : JOB_READY;
}

static void read_view(const struct reply *row, struct arena *arena, struct job_view *view)
{
    struct lease_text lease;
    struct err ignored = ERR_INIT;
    *view = (struct job_view){.state = state_of(&row[1]), .progress = -1};
    if (redis_job_read(&row[2], &row[3], arena, &view->job, &ignored) < 0)
        view->job.name = "";
    view->job.uuid = redis_reply_text(&row[0]);
    if (view->state == JOB_RESERVED && redis_lease_read(&row[4], arena, &lease) == 0) {
        view->job.attempts = lease.attempt;
        view->job.reserved_at_ms = lease.reserved_at_ms;
        view->job.reserved_by = lease.owner;
    }
    view->is_cancelled = row[5].length > 0;
    if (row[6].length > 0)
        view->progress = strtod(row[6].text, NULL);
    view->progress_text = redis_reply_text_or_null(&row[7]);
    view->history = redis_history_read(&row[8], arena);
}

static bool matches(const struct job_filter *filter, const struct job_view *view)
{
    if (filter->state && *filter->state != view->state)
        return false;
    if (filter->queue && strcmp(filter->queue, view->job.queue) != 0)
        return false;
    return !filter->batch_uuid ||
           (view->job.batch_uuid && strcmp(filter->batch_uuid, view->job.batch_uuid) == 0);
}

/* Gives what matches of some rows. Returns whether the listing goes on. */
static bool give(struct listing *listing, const struct reply *rows)
{
    bool goes_on = listing->left > 0;
    for (size_t i = 0; i < rows->count / ROW_SIZE && goes_on; i++) {
        struct job_view view;
        read_view(&rows->items[i * ROW_SIZE], &listing->page, &view);
        if (!matches(listing->filter, &view))
            continue;
        listing->left--;
        goes_on = listing->each(listing->context, &view) == 0 && listing->left > 0;
    }
    return goes_on;
}

/* --- by uuid --- */

/* Returns 1 where the listing goes on, 0 at its end, or -1 with err. */
static int list_uuids(struct listing *listing, const char *const *uuids, size_t count,
                      struct err *err)
{
    struct command *arguments = redis_store_begin(listing->store);
    for (size_t i = 0; i < count; i++)
        redis_command_text(arguments, uuids[i]);
    arena_reset(&listing->page);
    struct reply *reply =
        redis_store_run_into(listing->store, SCRIPT_JOB_FIND, &listing->page, err);
    return reply ? give(listing, reply) : -1;
}

/* --- by queue --- */

static int list_queue(struct listing *listing, const char *queue, struct err *err)
{
    static const char *const states[] = {
        [JOB_READY] = "Y", [JOB_RESERVED] = "R", [JOB_DELAYED] = "D"};
    const enum job_state *state = listing->filter->state;
    int64_t offset = 0;
    bool goes_on = true;
    while (goes_on && offset >= 0) {
        struct command *arguments = redis_store_begin(listing->store);
        redis_command_text(arguments, queue);
        redis_command_text(arguments, state ? states[*state] : "RYD");
        redis_command_number(arguments, offset);
        redis_command_number(arguments,
                             listing->left < PAGE_SIZE ? (int64_t)listing->left : PAGE_SIZE);
        arena_reset(&listing->page);
        struct reply *reply =
            redis_store_run_into(listing->store, SCRIPT_JOB_PAGE, &listing->page, err);
        if (!reply)
            return -1;
        offset = redis_reply_integer(redis_reply_item(reply, 0));
        goes_on = give(listing, redis_reply_item(reply, 1));
    }
    return goes_on;
}

struct names {
    struct arena arena;
    const char **items;
    size_t count;
};

static int keep_name(void *context, const char *queue)
{
    struct names *names = context;
    names->items = mem_resize(names->items, names->count + 1, sizeof *names->items);
    names->items[names->count++] = arena_strndup(&names->arena, queue, strlen(queue));
    return 0;
}

static int list_all(struct listing *listing, struct err *err)
{
    struct names names = {0};
    int more = redis_queues(listing->store, keep_name, &names, err) < 0 ? -1 : 1;
    for (size_t i = 0; i < names.count && more > 0; i++)
        more = list_queue(listing, names.items[i], err);
    arena_finish(&names.arena);
    free(names.items);
    return more;
}

/* --- by batch --- */

/* What the order of a job goes by, small enough to have very many of them. */
struct place {
    const char *uuid;
    const char *queue;
    enum job_state state;
    int priority;
    int64_t due_ms, id;
};

struct places {
    struct arena arena;
    struct place *items;
    size_t count;
    int64_t now_ms;
};

static int compare_numbers(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Queues in byte order; reserved, ready, delayed; and in each the queue's order, of the delayed
 * ones that of their times. */
static int by_place(const void *left, const void *right)
{
    static const int ranks[] = {[JOB_RESERVED] = 0, [JOB_READY] = 1, [JOB_DELAYED] = 2};
    const struct place *a = left, *b = right;
    int order = strcmp(a->queue, b->queue);
    if (order == 0)
        order = compare_numbers(ranks[a->state], ranks[b->state]);
    if (order == 0 && a->state != JOB_DELAYED)
        order = compare_numbers(b->priority, a->priority);
    if (order == 0)
        order = compare_numbers(a->due_ms, b->due_ms);
    return order ? order : compare_numbers(a->id, b->id);
}

static void keep_place(struct places *places, const struct reply *row)
{
    struct job job = {0};
    redis_job_read_meta(&row[1], &job);
    bool is_reserved = row[2].length > 0;
    places->items = mem_resize(places->items, places->count + 1, sizeof *places->items);
    places->items[places->count++] = (struct place){
        .uuid = arena_strndup(&places->arena, redis_reply_text(&row[0]), row[0].length),
        .queue = arena_strndup(&places->arena, job.queue, strlen(job.queue)),
        .state = is_reserved                            ? JOB_RESERVED
                 : job.available_at_ms > places->now_ms ? JOB_DELAYED
                                                        : JOB_READY,
        .priority = job.priority,
        .due_ms = job.available_at_ms,
        .id = job.id,
    };
}

static int find_places(struct listing *listing, struct places *places, struct err *err)
{
    char cursor[32] = "0";
    do {
        struct command *arguments = redis_store_begin(listing->store);
        redis_command_text(arguments, listing->filter->batch_uuid);
        redis_command_text(arguments, cursor);
        struct reply *reply = redis_store_run(listing->store, SCRIPT_BATCH_JOBS, err);
        if (!reply)
            return -1;
        snprintf(cursor, sizeof cursor, "%s", redis_reply_text(redis_reply_item(reply, 0)));
        places->now_ms = redis_reply_integer(redis_reply_item(reply, 1));
        const struct reply *rows = redis_reply_item(reply, 2);
        for (size_t i = 0; i + 2 < rows->count; i += 3)
            keep_place(places, &rows->items[i]);
    } while (cursor[0] && strcmp(cursor, "0") != 0);
    return 0;
}

static int list_batch(struct listing *listing, struct err *err)
{
    struct places places = {0};
    int more = find_places(listing, &places, err) < 0 ? -1 : 1;
    if (more > 0 && places.count > 0)
        qsort(places.items, places.count, sizeof *places.items, by_place);
    for (size_t first = 0; first < places.count && more > 0; first += PAGE_SIZE) {
        const char *uuids[PAGE_SIZE];
        size_t count = 0;
        for (; count < PAGE_SIZE && first + count < places.count; count++)
            uuids[count] = places.items[first + count].uuid;
        more = list_uuids(listing, uuids, count, err);
    }
    arena_finish(&places.arena);
    free(places.items);
    return more;
}

/* --- the operations --- */

static int list(struct listing *listing, struct err *err)
{
    const struct job_filter *filter = listing->filter;
    if (filter->uuid)
        return list_uuids(listing, &filter->uuid, 1, err);
    if (filter->batch_uuid)
        return list_batch(listing, err);
    return filter->queue ? list_queue(listing, filter->queue, err) : list_all(listing, err);
}

int redis_job_list(struct store *store, const struct job_filter *filter, job_view_fn each,
                   void *context, struct err *err)
{
    struct listing listing = {.store = store,
                              .filter = filter,
                              .each = each,
                              .context = context,
                              .left = filter->limit ? filter->limit
                                                    : (size_t)store->settings->batch_size};
    int more = list(&listing, err);
    arena_finish(&listing.page);
    return more < 0 ? -1 : 0;
}

int redis_job_cancel(struct store *store, const char *uuid, enum cancel_result *result,
                     struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, uuid);
    struct reply *reply = redis_store_run(store, SCRIPT_JOB_CANCEL, err);
    if (!reply)
        return -1;
    char letter = redis_reply_text(reply)[0];
    if (letter != 'R' && letter != 'A')
        return err_set(err, ERR_NOT_FOUND, "there is no live job %s", uuid);
    *result = letter == 'R' ? CANCEL_REMOVED : CANCEL_ASKED;
    return 0;
}
