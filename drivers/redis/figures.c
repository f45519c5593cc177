/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/redis/store.h"

#define PURGED_AT_ONCE 1000

/* The figures of one queue, as the script gives them. */
struct row {
    const char *queue;
    struct queue_stats stats;
};

enum { ROW_SIZE = 6 };

static struct row row_at(const struct reply *reply, size_t index)
{
    const struct reply *first = &reply->items[index * ROW_SIZE];
    return (struct row){.queue = redis_reply_text(&first[0]),
                        .stats = {.pending = (uint64_t)redis_reply_integer(&first[1]),
                                  .reserved = (uint64_t)redis_reply_integer(&first[2]),
                                  .delayed = (uint64_t)redis_reply_integer(&first[3]),
                                  .failed = (uint64_t)redis_reply_integer(&first[4]),
                                  .oldest_ms = redis_reply_integer(&first[5])}};
}

/* Rows of one queue, or of all (NULL). Returns how many, or -1 with err. */
static ssize_t read_rows(struct store *store, const char *queue, struct row **rows, struct err *err)
{
    struct command *arguments = redis_store_begin(store);
    redis_command_number(arguments, store->settings->job_expiration);
    if (queue)
        redis_command_text(arguments, queue);
    struct reply *reply = redis_store_run(store, SCRIPT_STATS, err);
    if (!reply)
        return -1;
    size_t count = reply->count / ROW_SIZE;
    *rows = arena_alloc(&store->answer, count * sizeof **rows);
    for (size_t i = 0; i < count; i++)
        (*rows)[i] = row_at(reply, i);
    return (ssize_t)count;
}

static uint64_t live(const struct queue_stats *stats)
{
    return stats->pending + stats->reserved + stats->delayed;
}

int redis_stats(struct store *store, const char *queue, struct queue_stats *stats, struct err *err)
{
    struct row *rows;
    ssize_t count = read_rows(store, queue, &rows, err);
    if (count < 0)
        return -1;
    *stats = (struct queue_stats){.oldest_ms = -1};
    for (ssize_t i = 0; i < count; i++) {
        const struct queue_stats *one = &rows[i].stats;
        stats->pending += one->pending;
        stats->reserved += one->reserved;
        stats->delayed += one->delayed;
        stats->failed += one->failed;
        if (one->oldest_ms > stats->oldest_ms)
            stats->oldest_ms = one->oldest_ms;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->queue, ((const struct row *)b)->queue);
}

int redis_queues(struct store *store, queue_name_fn each, void *context, struct err *err)
{
    struct row *rows;
    ssize_t count = read_rows(store, NULL, &rows, err);
    if (count < 0)
        return -1;
    qsort(rows, (size_t)count, sizeof *rows, by_name);
    for (ssize_t i = 0; i < count; i++) {
        bool is_used = live(&rows[i].stats) + rows[i].stats.failed > 0;
        if (is_used && each(context, rows[i].queue) != 0)
            break;
    }
    return 0;
}

/* Some jobs a call, so that Redis is not held up; not more than there were at first, whatever is
 * pushed meanwhile. */
static int purge_queue(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    uint64_t left = UINT64_MAX;
    while (left > 0) {
        struct command *arguments = redis_store_begin(store);
        redis_command_text(arguments, queue);
        redis_command_number(arguments, PURGED_AT_ONCE);
        struct reply *reply = redis_store_run(store, SCRIPT_PURGE, err);
        if (!reply)
            return -1;
        uint64_t now = (uint64_t)redis_reply_integer(redis_reply_item(reply, 0));
        uint64_t still = (uint64_t)redis_reply_integer(redis_reply_item(reply, 1));
        *removed += now;
        left = left == UINT64_MAX ? still : left - (now < left ? now : left);
        left = left < still ? left : still;
    }
    return 0;
}

/* The names outlive the answers that the purges bring. */
struct names {
    struct arena arena;
    const char **names;
    size_t count;
};

static int keep_name(void *context, const char *queue)
{
    struct names *names = context;
    names->names = mem_resize(names->names, names->count + 1, sizeof *names->names);
    names->names[names->count++] = arena_strndup(&names->arena, queue, strlen(queue));
    return 0;
}

int redis_purge(struct store *store, const char *queue, uint64_t *removed, struct err *err)
{
    struct names names = {0};
    *removed = 0;
    if (queue)
        return purge_queue(store, queue, removed, err);
    int result = redis_queues(store, keep_name, &names, err);
    for (size_t i = 0; i < names.count && result == 0; i++)
        result = purge_queue(store, names.names[i], removed, err);
    arena_finish(&names.arena);
    free(names.names);
    return result;
}

int redis_health(struct store *store, struct store_health *health, struct err *err)
{
    struct row *rows;
    ssize_t count = read_rows(store, NULL, &rows, err);
    if (count < 0)
        return -1;
    *health = (struct store_health){0};
    snprintf(health->version, sizeof health->version, "%s", store->session.version);
    for (ssize_t i = 0; i < count; i++) {
        health->total_queues += live(&rows[i].stats) + rows[i].stats.failed > 0;
        health->total_jobs += live(&rows[i].stats);
    }
    return 0;
}
