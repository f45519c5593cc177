/* SPDX-License-Identifier: MIT */
#include "supervisor/control/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "supervisor/master.h"
#include "supervisor/watch.h"

#define LOOK_SECONDS 0.1
#define HEARTBEAT    ": still here\n\n"
#define DROPPED      "event: dropped\ndata: {\"cause\":\"too slow\"}\n\n"

struct client {
    struct events *events;
    struct client *next;
    struct http_request *http;
    uint64_t seen;    /* the number of the last event that it was given */
    double spoken_at; /* when it was given something; the loop's time */
};

struct events {
    struct master *master;
    struct client *clients;
    unsigned count;
    struct watch watch;
    ev_timer look;
    double left_at; /* when the last client went */
};

/* Clients */

static void give(struct client *client, const char *text, size_t length)
{
    http_stream_write(client->http, text, length);
    client->spoken_at = ev_now(client->events->master->loop);
}

static void forget(struct client *client)
{
    struct events *events = client->events;
    struct client **link = &events->clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    events->count--;
    events->left_at = ev_now(events->master->loop);
    free(client);
}

static void on_gone(void *context)
{
    forget(context);
}

/* A slow one does not hold memory for others' events: it may come again, and begins anew. */
static void drop(struct client *client)
{
    struct http_request *http = client->http;
    give(client, DROPPED, strlen(DROPPED));
    forget(client);
    http_stream_end(http);
}

static void catch_up(struct client *client)
{
    const struct feed *feed = &client->events->master->feed;
    while (client->seen < feed->last) {
        const struct feed_event *event = feed_get(feed, client->seen + 1);
        if (!event || http_stream_waiting(client->http) + event->length > EVENTS_WAITING_MAX) {
            drop(client);
            return;
        }
        give(client, event->text, event->length);
        client->seen++;
    }
    if (ev_now(client->events->master->loop) - client->spoken_at >= EVENTS_HEARTBEAT_SECONDS)
        give(client, HEARTBEAT, strlen(HEARTBEAT));
}

/* Looking */

static void rest(struct events *events)
{
    ev_timer_stop(events->master->loop, &events->look);
    feed_end(&events->master->feed);
}

static void on_look(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct events *events = timer->data;
    if (events->count == 0 && ev_now(loop) - events->left_at >= EVENTS_LINGER_SECONDS) {
        rest(events);
        return;
    }
    watch_look(&events->watch);
    struct client *next;
    for (struct client *client = events->clients; client; client = next) {
        next = client->next;
        catch_up(client);
    }
}

static void wake(struct events *events)
{
    struct master *master = events->master;
    if (feed_is_kept(&master->feed))
        return;
    feed_begin(&master->feed, clock_wall_ms(master->host.clock));
    watch_begin(&events->watch, master);
    ev_timer_set(&events->look, LOOK_SECONDS, LOOK_SECONDS);
    ev_timer_start(master->loop, &events->look);
}

/* Beginning and end */

static void greet(struct client *client, const char *last_id)
{
    const struct feed *feed = &client->events->master->feed;
    int64_t found = last_id ? feed_find(feed, last_id) : -1;
    char id[FEED_ID_SIZE], text[200];
    client->seen = found >= 0 ? (uint64_t)found : feed->last;
    feed_id(feed, id);
    int length = found >= 0 ? snprintf(text, sizeof text, "retry: 1000\n\n")
                            : snprintf(text, sizeof text,
                                       "retry: 1000\nid: %s\nevent: %s\ndata: {\"id\":\"%s\"}\n\n",
                                       id, last_id ? "reset" : "hello", id);
    give(client, text, (size_t)length);
}

void events_answer(struct events *events, struct http_request *http, const char *last_id)
{
    static const struct http_header headers[] = {{"Content-Type", "text/event-stream"},
                                                 {"Cache-Control", "no-store"},
                                                 {"X-Accel-Buffering", "no"},
                                                 {"X-Content-Type-Options", "nosniff"},
                                                 {NULL, NULL}};
    if (events->count == EVENTS_CLIENTS_MAX) {
        web_reply_problem(http, 503, "too many clients listen for events");
        return;
    }
    wake(events);
    struct client *client = mem_new(1, sizeof *client);
    *client = (struct client){.events = events, .next = events->clients, .http = http};
    events->clients = client;
    events->count++;
    http_stream(http, 200, headers, on_gone, client);
    greet(client, last_id);
    catch_up(client);
}

struct events *events_create(struct master *master)
{
    struct events *events = mem_new(1, sizeof *events);
    events->master = master;
    ev_init(&events->look, on_look);
    events->look.data = events;
    return events;
}

void events_destroy(struct events *events)
{
    if (!events)
        return;
    rest(events);
    free(events);
}
