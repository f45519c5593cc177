/* SPDX-License-Identifier: MIT */
#ifndef WORKER_HOST_CALLS_H
#define WORKER_HOST_CALLS_H

#include "common/err.h"
#include "common/json.h"
#include "queue/queue.h"

/*
 * The calls of a master's scaler about the hosts that share a store (supervisor/scaling/hosts.h):
 * each leaves a note of the kind "host" that the store forgets after a while, and one of them holds
 * the note of the kind "scaler".
 *
 * exchange puts the "document" of "host" for "ttl_ms", and answers with "leads" (whether that host
 * holds the lease now) and "hosts": {"host", "document"} of all others. leave takes them back.
 * Return 0, or -1 with err.
 */
int host_calls_exchange(struct queue_connection *connection, const cJSON *request, cJSON *answer,
                        struct err *err);
int host_calls_leave(struct queue_connection *connection, const cJSON *request, struct err *err);

#endif
