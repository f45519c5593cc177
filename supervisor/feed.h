/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_FEED_H
#define SUPERVISOR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/json.h"

/*
 * What changes, as it changes, for those who look on: a ring of the last events, numbered, so that
 * who was away for a moment goes on where it was. It costs nothing while nobody looks: events are
 * kept only between feed_begin and feed_end. Pure.
 */
#define FEED_EVENTS_MAX 1024
#define FEED_BYTES_MAX  (256u << 10) /* of all events together; the oldest go */
#define FEED_ID_SIZE    40

struct feed_event {
    char *text; /* the event as server-sent events have it, with its id */
    size_t length;
};

struct feed {
    int64_t epoch; /* when it began to be kept, wall time in ms; 0: it is not */
    uint64_t last; /* the number of the last event; they count from 1 in each epoch */
    size_t count, bytes;
    struct feed_event *ring; /* FEED_EVENTS_MAX of them, while it is kept */
};

/* Zeroed memory is a feed that is not kept. feed_begin gives new numbers where it was not. */
void feed_begin(struct feed *feed, int64_t now_wall_ms);
void feed_end(struct feed *feed);
bool feed_is_kept(const struct feed *feed);

/* Adds an event; name is a word, data one JSON value. Nothing happens where nobody looks. One that
 * is larger than the ring drops all: whoever is behind begins anew. */
void feed_put(struct feed *feed, const char *name, const cJSON *data);
void feed_put_text(struct feed *feed, const char *name, const char *data);

/* The id of the last event: what who has seen everything would say. */
void feed_id(const struct feed *feed, char id[FEED_ID_SIZE]);

/* The number of the event with this id, where all that came later is still there; -1 where it is
 * not, or the id is not one of ours. */
int64_t feed_find(const struct feed *feed, const char *id);

/* The event of a number, NULL where it is not there (any more). */
const struct feed_event *feed_get(const struct feed *feed, uint64_t number);

#endif
