/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_SCALING_DESCRIBE_H
#define SUPERVISOR_SCALING_SCALING_DESCRIBE_H

#include "common/json.h"
#include "supervisor/scaling/scaling.h"

/* What the scaler tells of itself (docs/control.md). Objects belong to the caller. */

/* Adds the members of all queues together to an object. */
void scaling_describe(const struct scaling *scaling, cJSON *object);

/* One queue: its workers, bounds and target, the last decision with its reason, the order, and the
 * metrics. */
cJSON *scaling_describe_queue(const struct scaled *scaled);

/* A change of the number of workers, with the guide's members. */
cJSON *scaling_describe_action(const struct scaled *scaled, int64_t from);

/* Adds what a decision was made from, what binds, and what would change it. */
void scaling_describe_why(const struct scaled *scaled, cJSON *object);

/* The figures of the last minute under the guide's names. */
cJSON *scaling_describe_metrics(const struct scaled *scaled);

#endif
