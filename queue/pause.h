/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_PAUSE_H
#define QUEUE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "queue/queue.h"

/*
 * Pauses: notes in the store of a queue (note.h) that say that its workers are to reserve nothing,
 * everywhere or on one host. They hold until somebody takes them away; what runs goes on.
 */
#define PAUSE_ALL      "*" /* in place of a queue's or a host's name */
#define PAUSE_HOST_MAX 64  /* bytes of a host's name */

struct pause {
    const char *queue;
    const char *host;
    const char *by;
    int64_t since_ms; /* wall clock */
};

/* The name of this host, as pauses know it. */
void pause_host(char host[PAUSE_HOST_MAX + 1]);

/* Pauses a queue (or PAUSE_ALL) on a host (or PAUSE_ALL); by (or NULL) tells people who it was.
 * Returns 0, or -1 with err. */
int pause_set(struct queue_connection *connection, const char *queue, const char *host,
              const char *by, struct err *err);

/* Takes away just this one; *was tells whether there was one. */
int pause_clear(struct queue_connection *connection, const char *queue, const char *host, bool *was,
                struct err *err);

/* Calls each for every pause; its strings live during the call. */
typedef void (*pause_fn)(void *context, const struct pause *pause);
int pause_list(struct queue_connection *connection, pause_fn each, void *context, struct err *err);

/* Whether a pause is for a queue's workers on this host. Pure. */
bool pause_holds(const struct pause *pause, const char *queue, const char *host);

/* Whether a queue is paused on a host. */
int pause_find(struct queue_connection *connection, const char *queue, const char *host,
               bool *is_paused, struct err *err);

#endif
