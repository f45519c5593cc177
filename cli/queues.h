/* SPDX-License-Identifier: MIT */
#ifndef CLI_QUEUES_H
#define CLI_QUEUES_H

#include <stddef.h>

#include "common/err.h"
#include "common/settings.h"
#include "queue/queue.h"

/* The names of the queues of a connection: those that have jobs, and those that are configured on
 * it. Begins as zeroed memory. */
struct queue_names {
    char **names;
    size_t count;
};

/* Collects them in byte order. Returns 0, or -1 with err. */
int queue_names_collect(struct queue_names *names, const struct queue_connection *connection,
                        const struct settings *settings, struct err *err);
void queue_names_finish(struct queue_names *names);

#endif
