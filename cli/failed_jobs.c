/* SPDX-License-Identifier: MIT */
#include "cli/failed_jobs.h"

#include <inttypes.h>

#include "cli/progress.h"
#include "common/clock.h"

static const char *const filter_names[] = {"queue", "class", "text", "since", NULL};

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

int failed_act_on_all(struct context *context, failed_action_fn action, const char *what,
                      struct failed_filter filter, uint64_t *total, struct err *err)
{
    struct progress progress;
    progress_init(&progress, what, context->json);
    filter.limit = (size_t)context->connection.settings->batch_size;
    *total = 0;
    uint64_t count;
    int result;
    do {
        count = 0;
        result = action(context->connection.store, &filter, &count, err);
        *total += count;
        progress_update(&progress, *total, 0);
    } while (result == 0 && count >= filter.limit);
    progress_end(&progress);
    if (result < 0)
        err_prefix(err, "after %" PRIu64 " %s", *total, what);
    return result;
}

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

int failed_act_on_arguments(struct context *context, failed_action_fn action, uint64_t *total,
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
