/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/redis/jobs.h"
#include "drivers/redis/store.h"

#define PAGE_SIZE    100
#define DONE_AT_ONCE 500

enum { ROW_SIZE = 10 };

/* A walk through failed jobs. */
struct walk {
    struct store *store;
    const struct failed_filter *filter;
    const char *order; /* "newest", "oldest" */
    failed_job_fn each;
    void *context;
    uint64_t left;    /* so many more are wanted */
    char cursor[128]; /* where the next page begins; "" at the end */
    struct arena page;
};

/* --- a row --- */

static void read_row(const struct reply *row, struct arena *arena, struct failed_job *failed)
{
    struct job job = {0};
    struct err ignored = ERR_INIT;
    redis_job_read(&row[2], &row[3], arena, &job, &ignored);
    *failed = (struct failed_job){
        .uuid = redis_reply_text(&row[0]),
        .failed_at_ms = redis_reply_integer(&row[1]),
        .payload = redis_reply_text(&row[2]),
        .name = job.name ? job.name : "",
        .queue = job.queue,
        .attempts = job.attempts,
        .exception = redis_reply_text(&row[4]),
        .cause = redis_reply_text(&row[5]),
        .worker = redis_reply_text(&row[6]),
        .connection = redis_reply_text(&row[7]),
        .batch_uuid = redis_reply_text_or_null(&row[8]),
        .history = redis_history_read(&row[9], arena),
    };
}

static bool is_or_any(const char *wanted, const char *text)
{
    return !wanted || (text && strcmp(wanted, text) == 0);
}

static bool matches(const struct failed_filter *filter, const struct failed_job *failed)
{
    if (filter->since_ms && failed->failed_at_ms < filter->since_ms)
        return false;
    if (filter->before_ms && failed->failed_at_ms >= filter->before_ms)
        return false;
    return is_or_any(filter->uuid, failed->uuid) && is_or_any(filter->queue, failed->queue) &&
           is_or_any(filter->name, failed->name) &&
           is_or_any(filter->batch_uuid, failed->batch_uuid) &&
           (!filter->text || strcasestr(failed->exception, filter->text));
}

/* --- pages --- */

/* The next page. Returns its rows, in walk->page, or NULL with err. */
static const struct reply *next_page(struct walk *walk, struct err *err)
{
    struct store *store = walk->store;
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, walk->filter->queue);
    redis_command_text(arguments, walk->order);
    redis_command_number(arguments, PAGE_SIZE);
    redis_command_number(arguments, walk->filter->before_ms);
    redis_command_text(arguments, walk->cursor);
    redis_command_text(arguments, walk->filter->uuid);
    arena_reset(&walk->page);
    struct reply *reply = redis_store_run_into(store, SCRIPT_FAILED_SCAN, &walk->page, err);
    if (!reply)
        return NULL;
    snprintf(walk->cursor, sizeof walk->cursor, "%s", redis_reply_text(redis_reply_item(reply, 0)));
    return redis_reply_item(reply, 1);
}

/* Returns whether the walk goes on. */
static bool visit(struct walk *walk, const struct reply *row)
{
    struct failed_job failed;
    const struct failed_filter *filter = walk->filter;
    read_row(row, &walk->page, &failed);
    /* Behind one that is too old there are only older ones. */
    if (walk->order[0] == 'n' && filter->since_ms && failed.failed_at_ms < filter->since_ms)
        return false;
    if (!matches(filter, &failed))
        return true;
    walk->left--;
    return walk->each(walk->context, &failed) == 0 && walk->left > 0;
}

static int walk_failed(struct walk *walk, struct err *err)
{
    size_t limit = walk->filter->limit;
    bool goes_on = true;
    walk->left = limit ? limit : (uint64_t)walk->store->settings->batch_size;
    do {
        const struct reply *rows = next_page(walk, err);
        if (!rows)
            return -1;
        for (size_t i = 0; i < rows->count / ROW_SIZE && goes_on; i++)
            goes_on = visit(walk, &rows->items[i * ROW_SIZE]);
    } while (goes_on && walk->cursor[0]);
    return 0;
}

int redis_failed_list(struct store *store, const struct failed_filter *filter, failed_job_fn each,
                      void *context, struct err *err)
{
    struct walk walk = {
        .store = store, .filter = filter, .order = "newest", .each = each, .context = context};
    if (filter->after_uuid)
        snprintf(walk.cursor, sizeof walk.cursor, "@%s", filter->after_uuid);
    int result = walk_failed(&walk, err);
    arena_finish(&walk.page);
    return result;
}

/* --- what is done with those that match --- */

struct uuids {
    struct arena arena;
    const char **items;
    size_t count;
};

static int keep_uuid(void *context, const struct failed_job *failed)
{
    struct uuids *uuids = context;
    uuids->items = mem_resize(uuids->items, uuids->count + 1, sizeof *uuids->items);
    uuids->items[uuids->count++] = arena_strndup(&uuids->arena, failed->uuid, strlen(failed->uuid));
    return 0;
}

static int run_over(struct store *store, enum script_id script, const struct uuids *uuids,
                    uint64_t *count, struct err *err)
{
    for (size_t first = 0; first < uuids->count; first += DONE_AT_ONCE) {
        uint64_t done = 0;
        struct command *arguments = redis_store_begin(store);
        for (size_t i = first; i < uuids->count && i < first + DONE_AT_ONCE; i++)
            redis_command_text(arguments, uuids->items[i]);
        if (redis_store_run_number(store, script, &done, err) < 0)
            return -1;
        *count += done;
    }
    return 0;
}

/* The script looks again whether each is failed still. */
static int for_matching(struct store *store, const struct failed_filter *filter,
                        enum script_id script, uint64_t *count, struct err *err)
{
    struct uuids uuids = {0};
    struct walk walk = {
        .store = store, .filter = filter, .order = "oldest", .each = keep_uuid, .context = &uuids};
    *count = 0;
    int result = walk_failed(&walk, err);
    if (result == 0)
        result = run_over(store, script, &uuids, count, err);
    arena_finish(&walk.page);
    arena_finish(&uuids.arena);
    free(uuids.items);
    return result;
}

int redis_failed_retry(struct store *store, const struct failed_filter *filter, uint64_t *count,
                       struct err *err)
{
    return for_matching(store, filter, SCRIPT_FAILED_RETRY, count, err);
}

int redis_failed_remove(struct store *store, const struct failed_filter *filter, uint64_t *count,
                        struct err *err)
{
    return for_matching(store, filter, SCRIPT_FAILED_REMOVE, count, err);
}
