/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_EVENTS_H
#define SUPERVISOR_CONTROL_EVENTS_H

#include "supervisor/control/web.h"

/*
 * GET /api/v1/events: the feed as server-sent events (docs/control.md). A client begins with
 * "hello", or where it was (Last-Event-ID), or with "reset" where that is gone. While nobody
 * listens, and nobody has for EVENTS_LINGER_SECONDS, nothing is looked at.
 */
#define EVENTS_CLIENTS_MAX 32
#define EVENTS_WAITING_MAX (512u << 10) /* bytes that a client has not taken: then it is dropped   \
                                         */
#define EVENTS_HEARTBEAT_SECONDS 15
#define EVENTS_LINGER_SECONDS    60

struct events;

/* Nobody listens yet, so nothing is looked at. The caller ends it with events_destroy; master must
 * outlive it. */
struct events *events_create(struct master *master);

/* Accepts NULL; only when no connection is left (http_destroy). */
void events_destroy(struct events *events);

/* Answers a request; last_id (or NULL) is what its client has seen. */
void events_answer(struct events *events, struct http_request *http, const char *last_id);

#endif
