/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_DESCRIBE_H
#define SUPERVISOR_DESCRIBE_H

#include "common/json.h"

struct master;
struct pool;

/* What the master tells of itself over the control socket (docs/control.md). */

/* Adds the members of `status` to an object. */
void describe_master(const struct master *master, cJSON *answer);

/* Adds one object a worker of a pool to a list. */
void describe_workers(const struct pool *pool, cJSON *list);

#endif
