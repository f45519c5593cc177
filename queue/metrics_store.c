/* SPDX-License-Identifier: MIT */
#include "queue/metrics_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"
#include "common/mem.h"
#include "queue/metrics_spans.h"

#define HOUR_MS (60 * METRICS_MINUTE_MS)
#define DAY_MS  (24 * HOUR_MS)

#define PAGE        500 /* notes in one listing */
#define CURSOR_SIZE 128
#define TRIES_MAX   5

const struct metrics_span_kind metrics_spans[METRICS_SPAN_COUNT] = {
    [METRICS_PART] = {"metrics-part", METRICS_MINUTE_MS},
    [METRICS_MINUTE] = {"metrics-minute", METRICS_MINUTE_MS},
    [METRICS_HOUR] = {"metrics-hour", HOUR_MS},
    [METRICS_DAY] = {"metrics-day", DAY_MS},
};

static const char *const cursor_names[METRICS_SPAN_COUNT] = {
    [METRICS_MINUTE] = "minute", [METRICS_HOUR] = "hour", [METRICS_DAY] = "day"};

int64_t metrics_round_up(int64_t ms, int64_t span_ms)
{
    return (ms + span_ms - 1) / span_ms * span_ms;
}

/* Writing */

void metrics_key(char key[NOTE_KEY_MAX + 1], const char *queue, enum metrics_span span,
                 int64_t at_ms, const char *who)
{
    snprintf(key, NOTE_KEY_MAX + 1, "%.100s/%010" PRId64 "/%.100s", queue,
             at_ms / metrics_spans[span].ms, who);
}

static void merge_classes(struct metrics *metrics)
{
    struct metrics_class total;
    metrics_total(metrics, &total);
    for (size_t i = 0; i < metrics->class_count; i++)
        free(metrics->classes[i].name);
    total.name = mem_strdup(METRICS_OTHERS);
    metrics->classes[0] = total;
    metrics->class_count = 1;
}

static int print(const struct metrics *metrics, struct buf *text)
{
    if (metrics_print(metrics, text) == 0)
        return 0;
    struct metrics copy = {0};
    metrics_merge(&copy, metrics);
    merge_classes(&copy);
    buf_clear(text);
    int result = metrics_print(&copy, text);
    metrics_reset(&copy);
    return result;
}

int metrics_put(struct queue_connection *connection, const char *queue, enum metrics_span span,
                int64_t at_ms, const char *who, const struct metrics *metrics, int64_t keep_ms,
                struct err *err)
{
    char key[NOTE_KEY_MAX + 1];
    metrics_key(key, queue, span, at_ms, who);
    struct buf text;
    buf_init(&text, METRICS_TEXT_MAX);
    int result = print(metrics, &text);
    const struct note note = {
        .kind = metrics_spans[span].kind, .key = key, .value = buf_text(&text), .ttl_ms = keep_ms};
    result = result == 0 ? connection->driver->note_put(connection->store, &note, err)
                         : err_set(err, ERR_LIMIT, "the figures of queue %s are too large", queue);
    buf_finish(&text);
    return result;
}

int metrics_write(struct queue_connection *connection, const char *queue, int64_t at_ms,
                  const char *who, const struct metrics *metrics, struct err *err)
{
    return metrics_put(connection, queue, METRICS_PART, at_ms, who, metrics,
                       METRICS_MINUTES_KEPT_MS, err);
}

/* The cursor */

static int take_cursor(void *context, const struct note *note)
{
    struct metrics_cursor *cursor = context;
    cJSON *object = json_parse(note->value, strlen(note->value), NULL);
    for (int span = METRICS_MINUTE; span < METRICS_SPAN_COUNT; span++)
        cursor->until_ms[span] = json_get_integer(object, cursor_names[span], 0);
    cJSON_Delete(object);
    return 1;
}

/* The key of a queue's cursor ends with what no name has, so it is the prefix of no other. */
static void cursor_key(char key[NOTE_KEY_MAX + 1], const char *queue)
{
    snprintf(key, NOTE_KEY_MAX + 1, "%.100s/", queue);
}

int metrics_cursor_read(struct queue_connection *connection, const char *queue,
                        struct metrics_cursor *cursor, struct err *err)
{
    char key[NOTE_KEY_MAX + 1];
    cursor_key(key, queue);
    *cursor = (struct metrics_cursor){0};
    return connection->driver->note_list(connection->store, METRICS_CURSOR_KIND, key, NULL, 1,
                                         take_cursor, cursor, err);
}

int metrics_cursor_write(struct queue_connection *connection, const char *queue,
                         const struct metrics_cursor *cursor, int64_t keep_ms, struct err *err)
{
    char key[NOTE_KEY_MAX + 1], value[CURSOR_SIZE];
    cursor_key(key, queue);
    snprintf(value, sizeof value,
             "{\"minute\":%" PRId64 ",\"hour\":%" PRId64 ",\"day\":%" PRId64 "}",
             cursor->until_ms[METRICS_MINUTE], cursor->until_ms[METRICS_HOUR],
             cursor->until_ms[METRICS_DAY]);
    const struct note note = {
        .kind = METRICS_CURSOR_KIND, .key = key, .value = value, .ttl_ms = keep_ms};
    return connection->driver->note_put(connection->store, &note, err);
}

/* Reading one span */

struct scan {
    const char *queue;
    int64_t span_ms, to_ms;
    metrics_fn each;
    void *context;
    char last[NOTE_KEY_MAX + 1];
    size_t seen;
    bool is_over;
};

static int scan_note(void *context, const struct note *note)
{
    struct scan *scan = context;
    scan->seen++;
    snprintf(scan->last, sizeof scan->last, "%s", note->key);
    int64_t at_ms = strtoll(note->key + strlen(scan->queue) + 1, NULL, 10) * scan->span_ms;
    if (at_ms >= scan->to_ms) {
        scan->is_over = true;
        return 1;
    }
    struct metrics metrics = {0};
    struct err err = ERR_INIT;
    if (metrics_parse(note->value, strlen(note->value), &metrics, &err) < 0)
        log_write(LOG_WARN, "the figures %s are passed over: %s", note->key, err.text);
    else
        scan->each(scan->context, at_ms, scan->span_ms, &metrics);
    metrics_reset(&metrics);
    return 0;
}

int metrics_scan(struct queue_connection *connection, const char *queue, enum metrics_span span,
                 int64_t from_ms, int64_t to_ms, metrics_fn each, void *context, struct err *err)
{
    const int64_t span_ms = metrics_spans[span].ms;
    struct scan scan = {
        .queue = queue, .span_ms = span_ms, .to_ms = to_ms, .each = each, .context = context};
    char prefix[NOTE_KEY_MAX + 1], after[NOTE_KEY_MAX + 1];
    snprintf(prefix, sizeof prefix, "%.100s/", queue);
    metrics_key(scan.last, queue, span, metrics_round_up(from_ms, span_ms), "");
    do {
        scan.seen = 0;
        memcpy(after, scan.last, sizeof after);
        if (connection->driver->note_list(connection->store, metrics_spans[span].kind, prefix,
                                          after, PAGE, scan_note, &scan, err) < 0)
            return -1;
    } while (scan.seen == PAGE && !scan.is_over);
    return 0;
}

/* Reading what there is */

void metrics_series_reset(struct metrics_series *series)
{
    for (size_t i = 0; i < series->count; i++)
        metrics_reset(&series->points[i].metrics);
    free(series->points);
    *series = (struct metrics_series){.span_ms = series->span_ms};
}

void metrics_series_add(void *context, int64_t at_ms, int64_t span_ms,
                        const struct metrics *metrics)
{
    (void)span_ms;
    struct metrics_series *series = context;
    int64_t begin_ms = at_ms / series->span_ms * series->span_ms;
    if (series->count == 0 || series->points[series->count - 1].at_ms != begin_ms) {
        series->points = mem_resize(series->points, series->count + 1, sizeof series->points[0]);
        series->points[series->count++] = (struct metrics_point){.at_ms = begin_ms};
    }
    metrics_merge(&series->points[series->count - 1].metrics, metrics);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Parts go when the cursor has passed them: where it stands still while they are read, they are
 * just those that no minute has. */
static int read_parts(struct queue_connection *connection, const char *queue,
                      const struct metrics_range *range, struct metrics_cursor *cursor,
                      struct metrics_series *recent, struct err *err)
{
    struct metrics_cursor before;
    int result = metrics_cursor_read(connection, queue, cursor, err);
    for (int i = 0; result == 0 && i < TRIES_MAX; i++) {
        before = *cursor;
        metrics_series_reset(recent);
        int64_t from_ms = later(range->from_ms, cursor->until_ms[METRICS_MINUTE]);
        result = metrics_scan(connection, queue, METRICS_PART, from_ms, range->to_ms,
                              metrics_series_add, recent, err);
        if (result == 0)
            result = metrics_cursor_read(connection, queue, cursor, err);
        if (before.until_ms[METRICS_MINUTE] == cursor->until_ms[METRICS_MINUTE])
            break;
    }
    return result;
}

/* Whole days as long as their hours are not kept, whole hours as long as their minutes are not, and
 * minutes up to the cursor. */
static int read_sums(struct queue_connection *connection, const char *queue,
                     const struct metrics_range *range, const struct metrics_cursor *cursor,
                     metrics_fn each, void *context, struct err *err)
{
    int64_t hours_from = metrics_round_up(range->now_ms - METRICS_HOURS_KEPT_MS + HOUR_MS, DAY_MS);
    int64_t minutes_from =
        metrics_round_up(range->now_ms - METRICS_MINUTES_KEPT_MS + HOUR_MS, HOUR_MS);
    const struct {
        enum metrics_span span;
        int64_t from_ms, to_ms;
    } reads[] = {
        {METRICS_DAY, range->from_ms, hours_from},
        {METRICS_HOUR, later(range->from_ms, hours_from), minutes_from},
        {METRICS_MINUTE, later(range->from_ms, minutes_from), cursor->until_ms[METRICS_MINUTE]},
    };
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
        int64_t to_ms = reads[i].to_ms < range->to_ms ? reads[i].to_ms : range->to_ms;
        if (reads[i].from_ms < to_ms &&
            metrics_scan(connection, queue, reads[i].span, reads[i].from_ms, to_ms, each, context,
                         err) < 0)
            return -1;
    }
    return 0;
}

int metrics_read(struct queue_connection *connection, const char *queue,
                 const struct metrics_range *range, metrics_fn each, void *context, struct err *err)
{
    struct metrics_series recent = {.span_ms = METRICS_MINUTE_MS};
    struct metrics_cursor cursor;
    int result = read_parts(connection, queue, range, &cursor, &recent, err);
    if (result == 0)
        result = read_sums(connection, queue, range, &cursor, each, context, err);
    for (size_t i = 0; result == 0 && i < recent.count; i++)
        each(context, recent.points[i].at_ms, recent.span_ms, &recent.points[i].metrics);
    metrics_series_reset(&recent);
    return result;
}

static void add_up(void *context, int64_t at_ms, int64_t span_ms, const struct metrics *metrics)
{
    (void)at_ms, (void)span_ms;
    metrics_merge(context, metrics);
}

int metrics_sum(struct queue_connection *connection, const char *queue,
                const struct metrics_range *range, struct metrics *sum, struct err *err)
{
    metrics_reset(sum);
    return metrics_read(connection, queue, range, add_up, sum, err);
}
