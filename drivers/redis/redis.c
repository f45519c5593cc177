/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "drivers/redis/redis.h"
#include "drivers/redis/store.h"

#define TEXT_MAX (64u << 20) /* of one argument */

/* --- how operations run a script --- */

struct command *redis_store_begin(struct store *store)
{
    arena_reset(&store->answer);
    redis_command_clear(&store->arguments);
    buf_clear(&store->text);
    buf_trim(&store->text, 1u << 20);
    return &store->arguments;
}

struct reply *redis_store_run_into(struct store *store, enum script_id script, struct arena *arena,
                                   struct err *err)
{
    struct call call = {.script = script, .arguments = &store->arguments, .arena = arena};
    redis_session_begin(&call, store->settings);
    struct reply *reply = redis_session_call(&store->session, &call, err);
    store->was_repeated = call.was_lost;
    return reply;
}

struct reply *redis_store_run(struct store *store, enum script_id script, struct err *err)
{
    return redis_store_run_into(store, script, &store->answer, err);
}

int redis_store_run_number(struct store *store, enum script_id script, uint64_t *number,
                           struct err *err)
{
    struct reply *reply = redis_store_run(store, script, err);
    if (!reply)
        return -1;
    *number = (uint64_t)redis_reply_integer(reply);
    return 0;
}

/* --- opening --- */

static void redis_close(struct store *store)
{
    if (!store)
        return;
    redis_wake_finish(&store->wake);
    redis_session_finish(&store->session);
    redis_command_finish(&store->arguments);
    buf_finish(&store->text);
    arena_finish(&store->answer);
    free(store);
}

/* A server that throws keys away when its memory is full throws jobs away. */
static void warn_of_eviction(const struct store *store)
{
    const struct session *session = &store->session;
    if (session->is_bounded && strncmp(session->policy, "allkeys", strlen("allkeys")) == 0)
        log_write(LOG_WARN,
                  "connection %s: Redis has maxmemory-policy %s and will throw jobs away when its "
                  "memory is full; set it to noeviction",
                  store->settings->name, session->policy);
}

static int redis_open(const struct connection_settings *settings, const struct clock *clock,
                      struct store **store, struct err *err)
{
    struct store *opened = mem_new(1, sizeof *opened);
    opened->settings = settings;
    opened->clock = clock;
    redis_command_init(&opened->arguments);
    buf_init(&opened->text, TEXT_MAX);
    redis_wake_init(&opened->wake);
    opened->turns = (uint32_t)clock_monotonic_us(&clock_system);
    if (redis_session_init(&opened->session, settings, err) < 0 ||
        redis_session_ensure(&opened->session, err) < 0) {
        redis_close(opened);
        return -1;
    }
    warn_of_eviction(opened);
    *store = opened;
    return 0;
}

static int redis_wake_open(struct store *store, const char *queue, struct err *err)
{
    uint64_t ignored;
    if (redis_session_ensure(&store->session, err) < 0)
        return -1;
    int fd = redis_wake_start(&store->wake, &store->session, queue, err);
    if (fd < 0 || store->wake.is_left)
        return fd;
    struct command *arguments = redis_store_begin(store);
    redis_command_text(arguments, queue);
    redis_command_text(arguments, store->wake.channel);
    if (redis_store_run_number(store, SCRIPT_LISTEN, &ignored, err) < 0)
        return -1;
    store->wake.is_left = true;
    return fd;
}

static bool redis_wake_read(struct store *store)
{
    return redis_wake_drain(&store->wake);
}

static const char *const features[] = {
    "delayed_jobs",    "priority_queues",   "high_throughput",
    "bulk_operations", "atomic_operations", "batches",
    "unique_jobs",     "wake_ups",          NULL,
};

static const char *const dependencies[] = {"redis", NULL};

const struct driver driver_redis = {
    .abi = DRIVER_ABI,
    .size = sizeof(struct driver),
    .name = "redis",
    .version = MUSTER_VERSION,
    .description = "High-performance Redis-backed queue driver",
    .features = features,
    .dependencies = dependencies,
    .open = redis_open,
    .close = redis_close,
    .push = redis_push,
    .turn = redis_turn,
    .extend = redis_extend,
    .return_owner = redis_return_owner,
    .upkeep = redis_upkeep,
    .wake_open = redis_wake_open,
    .wake_read = redis_wake_read,
    .stats = redis_stats,
    .queues = redis_queues,
    .purge = redis_purge,
    .failed_list = redis_failed_list,
    .failed_retry = redis_failed_retry,
    .failed_remove = redis_failed_remove,
    .job_list = redis_job_list,
    .job_cancel = redis_job_cancel,
    .batch_create = redis_batch_create,
    .batch_list = redis_batch_list,
    .batch_cancel = redis_batch_cancel,
    .batch_prune = redis_batch_prune,
    .note_put = redis_note_put,
    .note_claim = redis_note_claim,
    .note_list = redis_note_list,
    .note_remove = redis_note_remove,
    .health = redis_health,
};
