/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_METRICS_SPANS_H
#define QUEUE_METRICS_SPANS_H

#include "queue/metrics_store.h"

/* How figures lie in the notes: for metrics_store.c and metrics_roll_up.c alone. */
enum metrics_span {
    METRICS_PART, /* of a minute, by one worker */
    METRICS_MINUTE,
    METRICS_HOUR,
    METRICS_DAY,
    METRICS_SPAN_COUNT,
};

struct metrics_span_kind {
    const char *kind; /* of the notes */
    int64_t ms;
};
extern const struct metrics_span_kind metrics_spans[METRICS_SPAN_COUNT];

/* Up to where (wall clock, the beginning of a span) the finer figures have been summed up to each
 * span; that of METRICS_PART means nothing. Zeroes where nothing ever was. */
struct metrics_cursor {
    int64_t until_ms[METRICS_SPAN_COUNT];
};
int metrics_cursor_read(struct queue_connection *connection, const char *queue,
                        struct metrics_cursor *cursor, struct err *err);
int metrics_cursor_write(struct queue_connection *connection, const char *queue,
                         const struct metrics_cursor *cursor, int64_t keep_ms, struct err *err);
#define METRICS_CURSOR_KIND "metrics-cursor"

/* "QUEUE/NUMBER/WHO" of the span in which at_ms lies. */
void metrics_key(char key[NOTE_KEY_MAX + 1], const char *queue, enum metrics_span span,
                 int64_t at_ms, const char *who);

/* One note, of any span. */
int metrics_put(struct queue_connection *connection, const char *queue, enum metrics_span span,
                int64_t at_ms, const char *who, const struct metrics *metrics, int64_t keep_ms,
                struct err *err);

/* Calls each for every note of one span that begins in [from_ms, to_ms), oldest first; of parts
 * there may be several with the same beginning. */
int metrics_scan(struct queue_connection *connection, const char *queue, enum metrics_span span,
                 int64_t from_ms, int64_t to_ms, metrics_fn each, void *context, struct err *err);

/* Figures of spans of one length, the oldest first: what a scan can be gathered in, since nothing
 * may be written to the store during it. An empty one is zeroed memory but for its span_ms. */
struct metrics_series {
    int64_t span_ms;
    struct metrics_point {
        int64_t at_ms;
        struct metrics metrics;
    } * points;
    size_t count;
};
void metrics_series_reset(struct metrics_series *series);

/* A metrics_fn whose context is a series: adds to its span. */
void metrics_series_add(void *context, int64_t at_ms, int64_t span_ms,
                        const struct metrics *metrics);

/* The beginning of the first span that does not begin before ms. */
int64_t metrics_round_up(int64_t ms, int64_t span_ms);

#endif
