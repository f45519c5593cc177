/* SPDX-License-Identifier: MIT */
#include "queue/batch.h"

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100. * (double)part / (double)whole : 0;
}

double batch_progress(const struct batch *batch)
{
    return percent(batch->completed, batch->total);
}

double batch_success_rate(const struct batch *batch)
{
    return percent(batch->completed, batch->completed + batch->failed);
}

enum batch_state batch_state(const struct batch *batch)
{
    if (batch->finished_at_ms == 0 && batch->cancelled_at_ms != 0)
        return BATCH_STATE_STOPPING;
    if (batch->finished_at_ms == 0)
        return batch->total > 0 ? BATCH_STATE_RUNNING : BATCH_STATE_EMPTY;
    if (batch->failed > 0)
        return BATCH_STATE_FAILED;
    return batch->total > 0 && batch->completed == batch->total ? BATCH_STATE_COMPLETED
                                                                : BATCH_STATE_CANCELLED;
}

const char *const batch_state_names[] = {
    [BATCH_STATE_EMPTY] = "empty",       [BATCH_STATE_RUNNING] = "running",
    [BATCH_STATE_STOPPING] = "stopping", [BATCH_STATE_COMPLETED] = "completed",
    [BATCH_STATE_FAILED] = "failed",     [BATCH_STATE_CANCELLED] = "cancelled",
};
