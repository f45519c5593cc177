/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_WAKE_H
#define DRIVERS_REDIS_WAKE_H

#include <stdbool.h>

#include "common/err.h"
#include "common/mem.h"
#include "drivers/redis/session.h"

/*
 * Wake-ups: a second connection that is subscribed to a channel of its own. A turn that finds less
 * than it asked for leaves the name of that channel with the queue, and a push speaks to as many of
 * these channels as it has jobs.
 */
#define WAKE_CHANNEL_SIZE 13 /* a random name with its NUL */

struct wake {
    int epoll_fd; /* what the worker watches; the subscription's socket is in it. -1: not open */
    struct link link;
    struct arena answer;
    char *queue;
    char channel[WAKE_CHANNEL_SIZE];
    bool is_left;       /* the channel is with the queue: the next push will speak to it */
    int timer_fd;       /* wakes the worker to subscribe again; -1: not open */
    struct endpoint at; /* where it is subscribed; host NULL for the connection's path */
};

/* Nothing is open and no queue is waited for. Finishing closes the connection and the descriptors.
 */
void redis_wake_init(struct wake *wake);
void redis_wake_finish(struct wake *wake);

/* Subscribes for a queue. Returns the descriptor, or -1 with err. The channel is not left yet. */
int redis_wake_start(struct wake *wake, struct session *session, const char *queue,
                     struct err *err);

/* Before a turn: subscribes anew where the connection is gone, or the session has moved to another
 * server. Returns the channel to leave with that queue; "" where there is none. */
const char *redis_wake_prepare(struct wake *wake, struct session *session, const char *queue);

/* Takes the news away. Returns whether there was some; a connection that broke is news too. */
bool redis_wake_drain(struct wake *wake);

#endif
