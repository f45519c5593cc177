/* SPDX-License-Identifier: MIT */
#ifndef WORKER_STORE_VIEWS_H
#define WORKER_STORE_VIEWS_H

#include "common/json.h"
#include "queue/driver.h"
#include "queue/figures.h"
#include "queue/pause.h"

/* What a store holds, as JSON objects for the HTTP interface. The caller owns them. Times are
 * milliseconds since the epoch. */
cJSON *view_stats(const char *queue, const struct queue_stats *stats);
cJSON *view_failed(const struct failed_job *failed);
cJSON *view_job(const struct job_view *view);
cJSON *view_batch(const struct batch *batch);
cJSON *view_pause(const struct pause *pause);

/* What was done in one span of time, for a chart. */
cJSON *view_point(int64_t at_ms, int64_t span_ms, const struct metrics *metrics);

/* Adds the figures of a window to an object, those of each class, and the bottlenecks. */
void view_metrics(cJSON *object, const struct figures_input *input, int64_t window_ms);

#endif
