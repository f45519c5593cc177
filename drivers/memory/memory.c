/* SPDX-License-Identifier: MIT */
#include <muster/driver.h>

#include "drivers/memory/memory.h"

/* Workers of a store without wake-ups look every `sleep`. */
static int no_wake(struct store *store, const char *queue, struct err *err)
{
    (void)store, (void)queue, (void)err;
    return -1;
}

static bool no_news(struct store *store)
{
    (void)store;
    return false;
}

static const char *const features[] = {"delayed_jobs", "priority_queues", "atomic_operations",
                                       "batches",      "unique_jobs",     NULL};
static const char *const dependencies[] = {NULL};

static const struct driver memory = {
    .abi = DRIVER_ABI,
    .size = sizeof(struct driver),
    .name = "memory",
    .version = "1.0",
    .description = "Example of a plugin: jobs in memory, shared through a file in /dev/shm",
    .features = features,
    .dependencies = dependencies,
    .set_log = log_forward,
    .open = memory_open,
    .close = memory_close,
    .push = memory_push,
    .turn = memory_turn,
    .extend = memory_extend,
    .return_owner = memory_return_owner,
    .upkeep = memory_upkeep,
    .wake_open = no_wake,
    .wake_read = no_news,
    .stats = memory_stats,
    .queues = memory_queues,
    .purge = memory_purge,
    .failed_list = memory_failed_list,
    .failed_retry = memory_failed_retry,
    .failed_remove = memory_failed_remove,
    .job_list = memory_job_list,
    .job_cancel = memory_job_cancel,
    .batch_create = memory_batch_create,
    .batch_list = memory_batch_list,
    .batch_cancel = memory_batch_cancel,
    .batch_prune = memory_batch_prune,
    .note_put = memory_note_put,
    .note_claim = memory_note_claim,
    .note_list = memory_note_list,
    .note_remove = memory_note_remove,
    .health = memory_health,
};

MUSTER_DRIVER(memory);
