/* SPDX-License-Identifier: MIT */
#ifndef WORKER_STORE_VIEWS_H
#define WORKER_STORE_VIEWS_H

#include "common/json.h"
#include "queue/driver.h"

/* What a store holds, as JSON objects for the HTTP interface. The caller owns them. Times are
 * milliseconds since the epoch. */
cJSON *view_stats(const char *queue, const struct queue_stats *stats);
cJSON *view_failed(const struct failed_job *failed);
cJSON *view_job(const struct job_view *view);
cJSON *view_batch(const struct batch *batch);

#endif
