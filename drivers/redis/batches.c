/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "drivers/redis/jobs.h"
#include "drivers/redis/store.h"

/* --- making --- */

static int add_callback(struct store *store, const char *name, const struct job *job,
                        struct err *err)
{
    struct command *arguments = &store->arguments;
    if (!job)
        return 0;
    redis_command_text(arguments, name);
    redis_command_number(arguments, job->batch_uuid || job->unique_key ? 10 : 7);
    return redis_jobs_add(arguments, job, 1, clock_wall_ms(store->clock), &store->text, err);
}

int redis_batch_create(struct store *store, const struct batch *batch, struct err *err)
{
    uint64_t ignored;
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, batch->uuid);
    redis_command_text(arguments, batch_name(batch));
    redis_command_text(arguments, batch->allow_failures ? "1" : "0");
    if (add_callback(store, "success", batch->on_success, err) < 0 ||
        add_callback(store, "failure", batch->on_failure, err) < 0 ||
        add_callback(store, "finish", batch->on_finish, err) < 0)
        return -1;
    return redis_store_run_number(store, SCRIPT_BATCH_CREATE, &ignored, err);
}

/* --- listing --- */

enum {
    UUID,
    NAME,
    ALLOW_FAILURES,
    TOTAL,
    PENDING,
    COMPLETED,
    FAILED,
    CANCELLED,
    CREATED_AT,
    CANCELLED_AT,
    FINISHED_AT,
    SUCCESS,
    FAILURE,
    FINISH,
};

/* A batch with room for its callbacks. */
struct listed {
    struct batch batch;
    struct job callbacks[3];
};

static const struct job *read_callback(struct store *store, const struct reply *group,
                                       struct job *job)
{
    if (group->count == 0 || redis_job_read_group(group, &store->answer, job, NULL) < 0)
        return NULL;
    return job;
}

static uint64_t counter(const struct reply *row, size_t index)
{
    return (uint64_t)redis_reply_integer(redis_reply_item(row, index));
}

static void read_batch(struct store *store, const struct reply *row, struct listed *out)
{
    struct job *jobs = out->callbacks;
    out->batch = (struct batch){
        .uuid = redis_reply_text(redis_reply_item(row, UUID)),
        .name = redis_reply_text(redis_reply_item(row, NAME)),
        .allow_failures = redis_reply_integer(redis_reply_item(row, ALLOW_FAILURES)) != 0,
        .on_success = read_callback(store, redis_reply_item(row, SUCCESS), &jobs[0]),
        .on_failure = read_callback(store, redis_reply_item(row, FAILURE), &jobs[1]),
        .on_finish = read_callback(store, redis_reply_item(row, FINISH), &jobs[2]),
        .total = counter(row, TOTAL),
        .pending = counter(row, PENDING),
        .completed = counter(row, COMPLETED),
        .failed = counter(row, FAILED),
        .cancelled = counter(row, CANCELLED),
        .created_at_ms = redis_reply_integer(redis_reply_item(row, CREATED_AT)),
        .cancelled_at_ms = redis_reply_integer(redis_reply_item(row, CANCELLED_AT)),
        .finished_at_ms = redis_reply_integer(redis_reply_item(row, FINISHED_AT)),
    };
}

int redis_batch_list(struct store *store, const char *uuid, const char *after_uuid, size_t limit,
                     batch_fn each, void *context, struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, uuid);
    redis_command_text(arguments, after_uuid);
    redis_command_number(arguments, limit ? (int64_t)limit : store->settings->batch_size);
    struct reply *reply = redis_store_run(store, SCRIPT_BATCH_LIST, err);
    if (!reply)
        return -1;
    for (size_t i = 0; i < reply->count; i++) {
        struct listed listed;
        read_batch(store, redis_reply_item(reply, i), &listed);
        if (each(context, &listed.batch) != 0)
            break;
    }
    return 0;
}

/* --- ending --- */

int redis_batch_cancel(struct store *store, const char *uuid, uint64_t *removed, struct err *err)
{
    bool is_through = false;
    *removed = 0;
    while (!is_through) {
        struct command *arguments = redis_store_begin(store);
        redis_command_text(arguments, uuid);
        struct reply *reply = redis_store_run(store, SCRIPT_BATCH_CANCEL, err);
        if (!reply)
            return -1;
        *removed += (uint64_t)redis_reply_integer(redis_reply_item(reply, 0));
        is_through = redis_reply_integer(redis_reply_item(reply, 1)) != 0;
    }
    return 0;
}

int redis_batch_prune(struct store *store, int64_t before_ms, size_t limit, uint64_t *count,
                      struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    redis_command_number(arguments, before_ms);
    redis_command_number(arguments, limit ? (int64_t)limit : store->settings->batch_size);
    return redis_store_run_number(store, SCRIPT_BATCH_PRUNE, count, err);
}
