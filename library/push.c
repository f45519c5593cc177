/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/uuid.h"
#include "library/manager.h"
#include "queue/job_class.h"

#define DEFAULT_QUEUE "default"

_Static_assert(MUSTER_UUID_SIZE == UUID_SIZE, "a new uuid fits");
_Static_assert((int)MUSTER_DUPLICATE == (int)PUSH_DUPLICATE, "the results of users are ours");

/* --- from users' jobs to ours --- */

static enum unique_until until_of(const struct muster_job *from)
{
    switch (from->unique_until) {
    case MUSTER_UNIQUE_STARTED:
        return UNIQUE_STARTED;
    case MUSTER_UNIQUE_TIME:
        return UNIQUE_TIME;
    case MUSTER_UNIQUE_DONE:
        break;
    }
    return UNIQUE_DONE;
}

/* A copy in the arena that may be written to, checked to be JSON. */
static int take_json(const char *text, const char *what, struct arena *arena,
                     struct json_slice *slice, struct err *err)
{
    size_t length = strlen(text);
    char *copy = arena_strndup(arena, text, length);
    return json_scan(copy, length, slice, err) < 0 ? err_prefix(err, "%s", what) : 0;
}

static int take_job(const struct muster_job *from, const struct job_defaults *defaults,
                    struct arena *arena, struct job *job, struct err *err)
{
    *job = (struct job){
        .uuid = from->uuid,
        .queue = from->queue,
        .name = from->job,
        .batch_uuid = from->batch_uuid,
        .priority = from->priority,
        .max_attempts = from->max_attempts,
        .timeout_ms = from->timeout_ms,
        .delay_ms = from->delay_ms,
        .unique_key = from->unique_key,
        .unique_until = from->unique_key ? until_of(from) : UNIQUE_NONE,
        .unique_ms = from->unique_ms,
        .traceparent = from->traceparent,
    };
    if (!job->name)
        return err_set(err, ERR_INVALID, "the job has no class");
    if (take_json(from->data ? from->data : "{}", "data", arena, &job->data, err) < 0 ||
        (from->chain && take_json(from->chain, "chain", arena, &job->chain, err) < 0))
        return -1;
    return job_apply_defaults(job, from->priority != 0, defaults, arena, err);
}

static void tell(const struct muster_job *from, const struct job *job, enum push_result result,
                 struct muster_pushed *pushed)
{
    if (!pushed)
        return;
    pushed->state = (enum muster_pushed_state)result;
    snprintf(pushed->uuid, sizeof pushed->uuid, "%s", from->uuid ? "" : job->uuid);
}

/* --- one job --- */

static int store_one(const struct muster *muster, struct job *job, char *uuid,
                     enum push_result *result, struct err *err)
{
    struct pool *pool = manager_pool(muster, job->queue);
    struct queue_connection *connection = pool_take(pool, err);
    if (!connection)
        return -1;
    int stored = queue_push(connection, job, uuid, result, err);
    pool_give(pool, connection);
    return stored;
}

static int push_one(const struct muster *muster, const struct muster_job *from,
                    struct muster_pushed *pushed, struct err *err)
{
    struct job job;
    struct arena arena = {0};
    char uuid[UUID_SIZE];
    enum push_result result;
    if (manager_check(muster, err) < 0)
        return -1;
    const struct job_defaults defaults = {.queue = DEFAULT_QUEUE,
                                          .settings = muster->manager->settings};
    int stored = take_job(from, &defaults, &arena, &job, err);
    if (stored == 0)
        stored = store_one(muster, &job, uuid, &result, err);
    if (stored == 0)
        tell(from, &job, result, pushed);
    arena_finish(&arena);
    return stored;
}

MUSTER_API int muster_push_job(struct muster *muster, const struct muster_job *job,
                               struct muster_pushed *pushed, struct muster_error *error)
{
    struct err err = ERR_INIT;
    push_one(muster, job, pushed, &err);
    return manager_result(error, &err);
}

MUSTER_API int muster_later(struct muster *muster, int64_t delay_ms, const char *job,
                            const char *data, const char *queue, char uuid[MUSTER_UUID_SIZE],
                            struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct muster_pushed pushed;
    const struct muster_job from = {.job = job, .data = data, .queue = queue, .delay_ms = delay_ms};
    if (push_one(muster, &from, &pushed, &err) == 0 && pushed.state == MUSTER_DUPLICATE)
        err_set(&err, ERR_CONFLICT, "a live job holds its unique key");
    if (err.code == ERR_NONE && uuid)
        memcpy(uuid, pushed.uuid, sizeof pushed.uuid);
    return manager_result(error, &err);
}

MUSTER_API int muster_push(struct muster *muster, const char *job, const char *data,
                           const char *queue, char uuid[MUSTER_UUID_SIZE],
                           struct muster_error *error)
{
    return muster_later(muster, 0, job, data, queue, uuid, error);
}

/* --- many --- */

struct bulk {
    struct arena arena;
    struct job *jobs;
    enum push_result *results;
    size_t stored;
};

static int take_jobs(struct bulk *bulk, const struct muster *muster, const struct muster_job *from,
                     size_t count, const char *queue, struct err *err)
{
    const struct job_defaults defaults = {
        .said_queue = queue, .queue = DEFAULT_QUEUE, .settings = muster->manager->settings};
    for (size_t i = 0; i < count; i++) {
        if (take_job(&from[i], &defaults, &bulk->arena, &bulk->jobs[i], err) < 0)
            return err_prefix(err, "job %zu of %zu", i + 1, count);
    }
    return 0;
}

static int store_all(struct bulk *bulk, const struct muster *muster, size_t count,
                     const char *queue, struct err *err)
{
    struct pool *pool = manager_pool(muster, queue);
    struct queue_connection *connection = pool_take(pool, err);
    if (!connection)
        return -1;
    int result =
        queue_bulk(connection, bulk->jobs, count, &bulk->arena, bulk->results, &bulk->stored, err);
    pool_give(pool, connection);
    return result;
}

MUSTER_API int muster_bulk(struct muster *muster, const struct muster_job *jobs, size_t count,
                           const char *queue, struct muster_pushed *pushed, size_t *stored,
                           struct muster_error *error)
{
    struct err err = ERR_INIT;
    struct bulk bulk = {.stored = 0};
    if (manager_check(muster, &err) == 0) {
        bulk.jobs = mem_new(count, sizeof *bulk.jobs);
        bulk.results = mem_new(count, sizeof *bulk.results);
        if (take_jobs(&bulk, muster, jobs, count, queue, &err) == 0)
            store_all(&bulk, muster, count, queue, &err);
    }
    for (size_t i = 0; i < bulk.stored && pushed; i++)
        tell(&jobs[i], &bulk.jobs[i], bulk.results[i], &pushed[i]);
    if (stored)
        *stored = bulk.stored;
    arena_finish(&bulk.arena);
    free(bulk.jobs);
    free(bulk.results);
    return manager_result(error, &err);
}
