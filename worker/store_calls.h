/* SPDX-License-Identifier: MIT */
#ifndef WORKER_STORE_CALLS_H
#define WORKER_STORE_CALLS_H

#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"
#include "common/settings.h"
#include "queue/queue.h"

/*
 * What may be asked of a store through the master: one row an operation, by name. The request's
 * members are those of the HTTP interface (docs/openapi.json), whose answers these are.
 */

/* Does what the "call" of a request, an object, says, and appends a JSON value to answer; settings
 * say what classes give to jobs that are pushed. Returns 0, or -1 with err.
 */
int store_calls_run(struct queue_connection *connection, const struct settings *settings,
                    const char *request, size_t length, struct buf *answer, struct err *err);

#endif
