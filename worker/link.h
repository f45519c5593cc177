/* SPDX-License-Identifier: MIT */
#ifndef WORKER_LINK_H
#define WORKER_LINK_H

#include <stdbool.h>

#include <ev.h>

#include "common/err.h"
#include "queue/queue.h"

/*
 * A worker's link to its store: open, and usable or not. While the store is away it is tried again
 * after pauses that double, at most LINK_PAUSE_MAX_MS long, so that full speed is back soon after
 * it is; whoever has calls to make asks link_is_usable first.
 */
#define LINK_PAUSE_MS     50
#define LINK_PAUSE_MAX_MS 2000

struct link {
    struct ev_loop *loop;
    struct queue_connection connection; /* zeroed until it is open */
    const struct driver *driver;
    const struct connection_settings *settings;
    const struct clock *clock;
    ev_timer pause;    /* active while it is not to be tried */
    unsigned failures; /* in a row; 0: the store is there */
    int64_t away_since_us;
    const char *queue;
    int wake_fd; /* -1 where there is none */
};

/* Finds the driver and opens the store for a worker of this queue. A store that cannot be reached
 * now is no failure. Returns 0, or -1 with err. */
int link_init(struct link *link, struct ev_loop *loop, const struct connection_settings *settings,
              const struct clock *clock, const char *queue, struct err *err);
void link_finish(struct link *link);

/* True where a call may be made now: the store is there, or it is time to try. */
bool link_is_usable(struct link *link);
bool link_is_away(const struct link *link);

/* Call one of these after each call. */
void link_succeeded(struct link *link);
void link_failed(struct link *link, const struct err *err);

/* The descriptor for wake-ups, -1 where there is none. *is_new tells that it is another one than
 * before, so that news may have been missed. */
int link_wake_fd(struct link *link, bool *is_new);

#endif
