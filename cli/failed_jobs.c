/* SPDX-License-Identifier: MIT */
#include "cli/failed_jobs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/failed_walk.h"
#include "cli/progress.h"
#include "common/clock.h"
#include "common/mem.h"

static const char *const filter_names[] = {"queue", "class", "text", "since", "fingerprint", NULL};

bool failed_filter_given(const struct options *options)
{
    for (size_t i = 0; filter_names[i]; i++)
        if (options_given(options, filter_names[i]))
            return true;
    return false;
}

struct failed_filter failed_filter_from_options(const struct options *options)
{
    struct failed_filter filter = {
        .queue = options_text(options, "queue", NULL),
        .name = options_text(options, "class", NULL),
        .text = options_text(options, "text", NULL),
    };
    if (options_given(options, "since"))
        filter.since_ms = clock_wall_ms(&clock_system) - options_number(options, "since", 0);
    return filter;
}

int failed_check_choice(const struct options *options, bool has_all, struct err *err)
{
    int ways = (options->argument_count > 0) + (has_all && options_given(options, "all")) +
               failed_filter_given(options);
    if (ways == 1)
        return 0;
    return err_set(err, ERR_INVALID,
                   "say which, in one way: UUID…, --queue=NAME (or another filter)%s",
                   has_all ? ", or --all" : "");
}

/* --- those that a filter of the store chooses --- */

static int note_time(void *context, const struct failed_job *failed)
{
    *(int64_t *)context = failed->failed_at_ms;
    return 1;
}

/* Leaves out what fails from now on, by the store's clock. Returns 1, 0 where nothing matches, -1
 * with err. */
static int bound_filter(const struct queue_connection *connection, struct failed_filter *filter,
                        struct err *err)
{
    struct failed_filter newest = *filter;
    int64_t failed_at_ms = -1;
    newest.limit = 1;
    if (connection->driver->failed_list(connection->store, &newest, note_time, &failed_at_ms, err) <
        0)
        return -1;
    filter->before_ms = failed_at_ms + 1;
    return failed_at_ms >= 0;
}

int failed_act_on_all(struct context *context, failed_action_fn action, const char *what,
                      struct failed_filter filter, uint64_t *total, struct err *err)
{
    const struct queue_connection *connection = &context->connection;
    struct progress progress;
    *total = 0;
    filter.limit = (size_t)connection->settings->batch_size;
    int result = bound_filter(connection, &filter, err);
    if (result <= 0)
        return result;
    progress_init(&progress, what, context->json);
    uint64_t count;
    do {
        count = 0;
        result = action(connection->store, &filter, &count, err);
        *total += count;
        progress_update(&progress, *total, 0);
    } while (result == 0 && count >= filter.limit);
    progress_end(&progress);
    if (result < 0)
        err_prefix(err, "after %" PRIu64 " %s", *total, what);
    return result;
}

/* --- those of a fingerprint --- */

struct uuids {
    struct arena arena;
    const char **items;
    size_t count, capacity;
};

static int keep_uuid(void *context, const struct failed_job *failed,
                     const struct fingerprint *fingerprint)
{
    (void)fingerprint;
    struct uuids *uuids = context;
    if (uuids->count == uuids->capacity) {
        uuids->capacity = uuids->capacity ? 2 * uuids->capacity : 64;
        uuids->items = mem_resize(uuids->items, uuids->capacity, sizeof *uuids->items);
    }
    uuids->items[uuids->count++] = arena_strndup(&uuids->arena, failed->uuid, strlen(failed->uuid));
    return 0;
}

/* The oldest first, as the stores do. One that is not there any more was somebody else's. */
static int act_on_uuids(struct context *context, failed_action_fn action, const char *what,
                        const struct uuids *uuids, uint64_t *total, struct err *err)
{
    struct progress progress;
    progress_init(&progress, what, context->json);
    int result = 0;
    for (size_t i = uuids->count; result == 0 && i > 0; i--) {
        const struct failed_filter filter = {.uuid = uuids->items[i - 1], .limit = 1};
        uint64_t count = 0;
        result = action(context->connection.store, &filter, &count, err);
        *total += count;
        progress_update(&progress, *total, uuids->count);
    }
    progress_end(&progress);
    return result < 0 ? err_prefix(err, "after %" PRIu64 " %s", *total, what) : 0;
}

static int act_on_fingerprint(struct context *context, failed_action_fn action, const char *what,
                              const char *fingerprint, uint64_t *total, struct err *err)
{
    struct uuids uuids = {0};
    struct failed_walk walk = {.connection = &context->connection,
                               .filter = failed_filter_from_options(&context->options),
                               .fingerprint = fingerprint,
                               .each = keep_uuid,
                               .context = &uuids};
    *total = 0;
    int result = failed_check_fingerprint(fingerprint, err);
    if (result == 0)
        result = failed_walk(&walk, 0, err);
    if (result == 0)
        result = act_on_uuids(context, action, what, &uuids, total, err);
    arena_finish(&uuids.arena);
    free(uuids.items);
    return result;
}

/* --- those of the arguments --- */

static int act_on_one(struct context *context, failed_action_fn action, const char *uuid,
                      uint64_t *total, struct err *err)
{
    const struct failed_filter filter = {.uuid = uuid, .limit = 1};
    uint64_t count = 0;
    if (action(context->connection.store, &filter, &count, err) < 0)
        return err_prefix(err, "%s", uuid);
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "there is no failed job %s on connection %s", uuid,
                       context->connection.settings->name);
    *total += count;
    return 0;
}

static int act_on_arguments(struct context *context, failed_action_fn action, uint64_t *total,
                            struct err *err)
{
    *total = 0;
    for (int i = 0; i < context->options.argument_count; i++) {
        struct err one = ERR_INIT;
        if (act_on_one(context, action, context->options.arguments[i], total, &one) == 0)
            continue;
        err_set(err, one.code, "%s", one.text);
        if (one.code != ERR_NOT_FOUND)
            break;
    }
    return err->code == ERR_NONE ? 0 : -1;
}

int failed_act_on_chosen(struct context *context, failed_action_fn action, const char *what,
                         uint64_t *total, struct err *err)
{
    const struct options *options = &context->options;
    const char *fingerprint = options_text(options, "fingerprint", NULL);
    if (options->argument_count > 0)
        return act_on_arguments(context, action, total, err);
    if (fingerprint)
        return act_on_fingerprint(context, action, what, fingerprint, total, err);
    return failed_act_on_all(context, action, what, failed_filter_from_options(options), total,
                             err);
}
