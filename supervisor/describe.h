/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_DESCRIBE_H
#define SUPERVISOR_DESCRIBE_H

#include "common/json.h"

struct master;
struct pool;
struct settings;

/* What the master tells of itself over the control socket (docs/control.md). */

/* Adds the members of `status` to an object. */
void describe_master(const struct master *master, cJSON *answer);

/* The same without its queues; one queue, as a new object. */
void describe_daemon(const struct master *master, cJSON *answer);
cJSON *describe_pool(const struct settings *settings, const struct pool *pool);

/* Adds one object a worker of a pool to a list. */
void describe_workers(const struct pool *pool, cJSON *list);

#endif
