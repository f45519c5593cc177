/* SPDX-License-Identifier: MIT */
#include "queue/queue.h"

#include <string.h>

#include "common/uuid.h"

int queue_connection_open(struct queue_connection *connection, const struct driver *driver,
                          const struct connection_settings *settings, const struct clock *clock,
                          struct err *err)
{
    *connection = (struct queue_connection){.driver = driver, .settings = settings, .clock = clock};
    if (driver->open(settings, clock, &connection->store, err) == 0)
        return 0;
    return err_prefix(err, "connection %s", settings->name);
}

void queue_connection_close(struct queue_connection *connection)
{
    if (connection->store)
        connection->driver->close(connection->store);
    connection->store = NULL;
}

int queue_push(struct queue_connection *connection, struct job *job, char *uuid,
               enum push_result *result, struct err *err)
{
    if (job_check(job, err) < 0)
        return -1;
    if (!job->uuid) {
        uuid_make(uuid, clock_wall_ms(connection->clock));
        job->uuid = uuid;
    }
    return connection->driver->push(connection->store, job, 1, result, err);
}

static int prepare(struct queue_connection *connection, struct job *jobs, size_t count,
                   struct arena *arena, struct err *err)
{
    int64_t now_ms = clock_wall_ms(connection->clock);
    for (size_t i = 0; i < count; i++) {
        if (job_check(&jobs[i], err) < 0)
            return err_prefix(err, "job %zu of %zu", i + 1, count);
        if (jobs[i].uuid)
            continue;
        char *uuid = arena_alloc(arena, UUID_SIZE);
        uuid_make(uuid, now_ms);
        jobs[i].uuid = uuid;
    }
    return 0;
}

static bool is_of_one_batch(const struct job *a, const struct job *b)
{
    return a->batch_uuid && b->batch_uuid && strcmp(a->batch_uuid, b->batch_uuid) == 0;
}

/* How many of the jobs go in one call. */
static size_t part_of(const struct job *jobs, size_t count, size_t most)
{
    size_t part = count < most ? count : most;
    while (part < count && part < QUEUE_TOGETHER_MAX &&
           is_of_one_batch(&jobs[part - 1], &jobs[part]))
        part++;
    return part;
}

int queue_bulk(struct queue_connection *connection, struct job *jobs, size_t count,
               struct arena *arena, enum push_result *results, size_t *stored, struct err *err)
{
    *stored = 0;
    if (prepare(connection, jobs, count, arena, err) < 0)
        return -1;
    size_t most = (size_t)connection->settings->batch_size;
    while (*stored < count) {
        size_t part = part_of(jobs + *stored, count - *stored, most);
        if (connection->driver->push(connection->store, jobs + *stored, part,
                                     results ? results + *stored : NULL, err) < 0)
            return -1;
        *stored += part;
    }
    return 0;
}
