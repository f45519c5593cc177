/* SPDX-License-Identifier: MIT */
#include "supervisor/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"

bool feed_is_kept(const struct feed *feed)
{
    return feed->epoch != 0;
}

/* Also where a clock stands still, or goes back, an id is not given twice. */
void feed_begin(struct feed *feed, int64_t now_wall_ms)
{
    if (feed_is_kept(feed))
        return;
    feed->epoch = now_wall_ms > 0 ? now_wall_ms : 1;
    feed->last = 0;
    feed->ring = mem_new(FEED_EVENTS_MAX, sizeof *feed->ring);
}

static struct feed_event *slot_of(struct feed *feed, uint64_t number)
{
    return &feed->ring[number % FEED_EVENTS_MAX];
}

static void drop_oldest(struct feed *feed)
{
    struct feed_event *event = slot_of(feed, feed->last - feed->count + 1);
    feed->bytes -= event->length;
    feed->count--;
    free(event->text);
    *event = (struct feed_event){0};
}

void feed_end(struct feed *feed)
{
    while (feed->count > 0)
        drop_oldest(feed);
    free(feed->ring);
    feed->ring = NULL;
    feed->epoch = 0;
}

static void write_id(const struct feed *feed, uint64_t number, char id[FEED_ID_SIZE])
{
    snprintf(id, FEED_ID_SIZE, "%" PRIx64 "-%" PRIu64, (uint64_t)feed->epoch, number);
}

void feed_id(const struct feed *feed, char id[FEED_ID_SIZE])
{
    write_id(feed, feed->last, id);
}

void feed_put_text(struct feed *feed, const char *name, const char *data)
{
    if (!feed_is_kept(feed))
        return;
    char id[FEED_ID_SIZE];
    write_id(feed, feed->last + 1, id);
    struct feed_event event = {.text =
                                   mem_printf("id: %s\nevent: %s\ndata: %s\n\n", id, name, data)};
    event.length = strlen(event.text);
    while (feed->count > 0 &&
           (feed->count == FEED_EVENTS_MAX || feed->bytes + event.length > FEED_BYTES_MAX))
        drop_oldest(feed);
    feed->last++;
    if (event.length > FEED_BYTES_MAX) {
        free(event.text);
        return;
    }
    *slot_of(feed, feed->last) = event;
    feed->count++;
    feed->bytes += event.length;
}

void feed_put(struct feed *feed, const char *name, const cJSON *data)
{
    if (!feed_is_kept(feed))
        return;
    char *text = cJSON_PrintUnformatted(data);
    feed_put_text(feed, name, text);
    cJSON_free(text);
}

int64_t feed_find(const struct feed *feed, const char *id)
{
    char again[FEED_ID_SIZE];
    const char *dash = strchr(id, '-');
    uint64_t number = dash ? strtoull(dash + 1, NULL, 10) : 0;
    write_id(feed, number, again);
    bool is_ours = feed_is_kept(feed) && dash && strcmp(again, id) == 0;
    bool is_there = number <= feed->last && number >= feed->last - feed->count;
    return is_ours && is_there ? (int64_t)number : -1;
}

const struct feed_event *feed_get(const struct feed *feed, uint64_t number)
{
    if (number > feed->last || number <= feed->last - feed->count)
        return NULL;
    return &feed->ring[number % FEED_EVENTS_MAX];
}
