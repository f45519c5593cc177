/* SPDX-License-Identifier: MIT */

/* Summing up: parts to minutes, minutes to hours, hours to days. First the sums are stored, then
 * how far they go, then the parts are removed: whatever ends in between can be done again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "queue/metrics_spans.h"

#define SUM        "sum"                   /* who writes what was summed up */
#define LATE_MS    (3 * METRICS_MINUTE_MS) /* a part may come so long after its minute */
#define REMOVE_MAX 500
#define DAY_MS     (INT64_C(24) * 3600 * 1000)

/* One queue that is being summed up. */
struct rolling {
    struct queue_connection *connection;
    const char *queue;
    int64_t now_ms, retention_ms;
    struct err *err;
};

static int store_sums(const struct rolling *rolling, enum metrics_span span, int64_t keep_ms,
                      const struct metrics_series *sums)
{
    for (size_t i = 0; i < sums->count; i++)
        if (metrics_put(rolling->connection, rolling->queue, span, sums->points[i].at_ms, SUM,
                        &sums->points[i].metrics, keep_ms, rolling->err) < 0)
            return -1;
    return 0;
}

static int64_t keep_of(const struct rolling *rolling, enum metrics_span span)
{
    int64_t retention_ms = rolling->retention_ms;
    if (span == METRICS_DAY)
        return retention_ms;
    if (span == METRICS_MINUTE)
        return METRICS_MINUTES_KEPT_MS;
    if (retention_ms < 2 * DAY_MS) /* days are still to be made of them */
        return 2 * DAY_MS;
    return retention_ms < METRICS_HOURS_KEPT_MS ? retention_ms : METRICS_HOURS_KEPT_MS;
}

/* Up to where the finer ones are complete: finished parts, and what was summed up itself. */
static int64_t end_of(const struct rolling *rolling, const struct metrics_cursor *cursor,
                      enum metrics_span span)
{
    int64_t span_ms = metrics_spans[span].ms;
    int64_t complete_ms =
        span == METRICS_MINUTE ? rolling->now_ms - LATE_MS : cursor->until_ms[span - 1];
    return complete_ms / span_ms * span_ms;
}

/* One that never was begun begins with what is kept of the finer ones. */
static int64_t begin_of(const struct rolling *rolling, const struct metrics_cursor *cursor,
                        enum metrics_span span)
{
    int64_t kept_ms = span == METRICS_DAY ? METRICS_HOURS_KEPT_MS : METRICS_MINUTES_KEPT_MS;
    int64_t oldest_ms = metrics_round_up(rolling->now_ms - kept_ms, metrics_spans[span].ms);
    return cursor->until_ms[span] > oldest_ms ? cursor->until_ms[span] : oldest_ms;
}

/* Returns how many sums were stored, or -1 with err. */
static int roll_span(const struct rolling *rolling, enum metrics_span span,
                     struct metrics_cursor *cursor)
{
    int64_t begin_ms = begin_of(rolling, cursor, span), end_ms = end_of(rolling, cursor, span);
    if (begin_ms >= end_ms)
        return 0;
    struct metrics_series sums = {.span_ms = metrics_spans[span].ms};
    int result = metrics_scan(rolling->connection, rolling->queue, span - 1, begin_ms, end_ms,
                              metrics_series_add, &sums, rolling->err);
    if (result == 0)
        result = store_sums(rolling, span, keep_of(rolling, span), &sums);
    int count = (int)sums.count;
    metrics_series_reset(&sums);
    if (result < 0)
        return -1;
    cursor->until_ms[span] = end_ms;
    return count;
}

static int remove_parts(const struct rolling *rolling, int64_t before_ms)
{
    char prefix[NOTE_KEY_MAX + 1], before[NOTE_KEY_MAX + 1];
    snprintf(prefix, sizeof prefix, "%.100s/", rolling->queue);
    metrics_key(before, rolling->queue, METRICS_PART, before_ms, "");
    uint64_t count = REMOVE_MAX;
    while (count == REMOVE_MAX)
        if (rolling->connection->driver->note_remove(rolling->connection->store,
                                                     metrics_spans[METRICS_PART].kind, prefix,
                                                     before, REMOVE_MAX, &count, rolling->err) < 0)
            return -1;
    return 0;
}

static int64_t longest_kept(int64_t retention_ms)
{
    return retention_ms > METRICS_HOURS_KEPT_MS ? retention_ms : METRICS_HOURS_KEPT_MS;
}

static int roll_queue(struct queue_connection *connection, const char *queue, int64_t now_ms,
                      int64_t retention_ms, struct err *err)
{
    const struct rolling rolling = {.connection = connection,
                                    .queue = queue,
                                    .now_ms = now_ms,
                                    .retention_ms = retention_ms,
                                    .err = err};
    struct metrics_cursor cursor;
    bool has_sums = false;
    if (metrics_cursor_read(connection, queue, &cursor, err) < 0)
        return -1;
    for (enum metrics_span span = METRICS_MINUTE; span < METRICS_SPAN_COUNT; span++) {
        int result = roll_span(&rolling, span, &cursor);
        if (result < 0)
            return -1;
        has_sums = has_sums || result > 0;
    }
    if (!has_sums)
        return 0;
    if (metrics_cursor_write(connection, queue, &cursor, longest_kept(retention_ms), err) < 0)
        return -1;
    return remove_parts(&rolling, cursor.until_ms[METRICS_MINUTE]);
}

/* The queues that have something to be summed up: parts, or a cursor. */
struct names {
    char **names;
    size_t count;
    char last[NOTE_KEY_MAX + 1];
    bool is_found;
};

static int add_name(void *context, const struct note *note)
{
    struct names *names = context;
    char *name = mem_strndup(note->key, strcspn(note->key, "/"));
    names->is_found = true;
    snprintf(names->last, sizeof names->last, "%s", note->key);
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0) {
            free(name);
            return 0;
        }
    names->names = mem_resize(names->names, names->count + 1, sizeof names->names[0]);
    names->names[names->count++] = name;
    return 0;
}

/* The first note of each queue: what sorts behind all keys of a queue is its name and "0". */
static int collect(struct queue_connection *connection, const char *kind, struct names *names,
                   struct err *err)
{
    names->last[0] = '\0';
    do {
        char after[NOTE_KEY_MAX + 1];
        size_t length = strcspn(names->last, "/");
        snprintf(after, sizeof after, "%.*s%s", (int)(length < 200 ? length : 200), names->last,
                 length > 0 ? "0" : "");
        names->is_found = false;
        if (connection->driver->note_list(connection->store, kind, "", after[0] ? after : NULL, 1,
                                          add_name, names, err) < 0)
            return -1;
    } while (names->is_found);
    return 0;
}

int metrics_roll_up(struct queue_connection *connection, int64_t now_ms, int64_t retention_ms,
                    struct err *err)
{
    struct names names = {0};
    int result = 0;
    if (collect(connection, metrics_spans[METRICS_PART].kind, &names, err) < 0 ||
        collect(connection, METRICS_CURSOR_KIND, &names, err) < 0)
        result = -1;
    for (size_t i = 0; i < names.count; i++) {
        if (result == 0)
            result = roll_queue(connection, names.names[i], now_ms, retention_ms, err);
        free(names.names[i]);
    }
    free(names.names);
    return result;
}
