/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "drivers/pgsql/owner.h"
#include "drivers/pgsql/pgsql.h"
#include "drivers/pgsql/schema.h"
#include "drivers/pgsql/store.h"
#include "drivers/pgsql/wake.h"

#define SETTLE_MAX 4096

/* How a session, or through a pooler each transaction, has to be. Plans must not depend on what was
 * last counted: a table that was empty then may hold a million jobs now. The transactions rely on
 * seeing what others have committed. */
static const char *const fixed[][2] = {
    {"default_transaction_isolation", "read committed"},
    {"enable_seqscan", "off"},
    {"enable_bitmapscan", "off"},
    {"enable_hashjoin", "off"},
    {"enable_mergejoin", "off"},
    {"jit", "off"},
    {"plan_cache_mode", "force_generic_plan"},
};

static const char *const commit_modes[] = {
    [COMMIT_OFF] = "off",
    [COMMIT_LOCAL] = "local",
    [COMMIT_REMOTE_WRITE] = "remote_write",
    [COMMIT_ON] = "on",
    [COMMIT_REMOTE_APPLY] = "remote_apply",
};

static void append_setting(struct buf *text, const char *name, const char *value, bool is_local)
{
    buf_printf(text, ", set_config('%s', '%s', %s)", name, value, is_local ? "true" : "false");
}

/* The server gives up a little before we do, so that what it is doing for us comes to an end. */
static char *settle_text(const struct connection_settings *settings)
{
    struct buf text;
    bool is_local = !settings->prepare;
    buf_init(&text, SETTLE_MAX);
    buf_printf(&text, "SELECT set_config('statement_timeout', '%lld', %s)",
               (long long)(settings->timeout * 9 / 10), is_local ? "true" : "false");
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        append_setting(&text, fixed[i][0], fixed[i][1], is_local);
    if (settings->synchronous_commit != COMMIT_SERVER)
        append_setting(&text, "synchronous_commit", commit_modes[settings->synchronous_commit],
                       is_local);
    return buf_steal(&text);
}

void pgsql_begin(struct store *store)
{
    store->deadline_us = pg_session_now_us() + store->settings->timeout * 1000;
}

int pg_store_run(struct store *store, const char *text, PGresult **result, struct err *err)
{
    struct buf sql;
    buf_init(&sql, NAMES_TEXT_MAX);
    pg_names_expand(&store->names, text, &sql);
    int done = pg_session_run(&store->session, buf_text(&sql), result, store->deadline_us, err);
    buf_finish(&sql);
    return done;
}

static int set_up(struct store *store, struct err *err)
{
    struct session *session = &store->session;
    if (!store->has_schema && pg_schema_ensure(store, err) < 0)
        return -1;
    store->has_schema = true;
    if (store->settings->prepare &&
        pg_session_run(session, store->settle, NULL, store->deadline_us, err) < 0)
        return -1;
    if (pg_owner_claim(store, err) < 0)
        return -1;
    if (!PQenterPipelineMode(session->pg))
        return err_set(err, ERR_SYSTEM, "libpq does not enter pipeline mode");
    return 0;
}

int pgsql_connect(struct store *store, struct err *err)
{
    struct session *session = &store->session;
    if (pg_session_is_alive(session))
        return 0;
    store->unread = 0;
    memset(store->is_prepared, 0, sizeof store->is_prepared);
    if (pg_session_open(session, &store->info, store->deadline_us, err) < 0)
        return -1;
    if (set_up(store, err) == 0)
        return 0;
    pg_session_close(session);
    return -1;
}

static struct store *store_new(const struct connection_settings *settings,
                               const struct clock *clock)
{
    struct store *store = mem_new(1, sizeof *store);
    store->settings = settings;
    store->clock = clock;
    store->settle = settle_text(settings);
    pg_wake_init(&store->wake);
    pg_names_init(&store->names, settings->table, settings->failed_table);
    return store;
}

static void store_close(struct store *store)
{
    if (!store)
        return;
    pg_wake_finish(&store->wake);
    pg_session_close(&store->session);
    pg_conninfo_finish(&store->info);
    free(store->scan_queue);
    free(store->settle);
    free(store);
}

static int store_open(const struct connection_settings *settings, const struct clock *clock,
                      struct store **opened, struct err *err)
{
    struct store *store = store_new(settings, clock);
    pgsql_begin(store);
    if (pg_conninfo_init(&store->info, settings, settings->dsn, err) < 0 ||
        pgsql_connect(store, err) < 0) {
        store_close(store);
        return -1;
    }
    *opened = store;
    return 0;
}

static const char *const features[] = {
    "delayed_jobs", "priority_queues",    "atomic_operations", "batches",
    "unique_jobs",  "transactional_push", "wake_ups",          NULL};
static const char *const dependencies[] = {"libpq", NULL};

const struct driver driver_pgsql = {
    .abi = DRIVER_ABI,
    .size = sizeof(struct driver),
    .name = "pgsql",
    .version = MUSTER_VERSION,
    .description = "Jobs in PostgreSQL, shared by many hosts; pushed in an application's own "
                   "transaction where it likes",
    .features = features,
    .dependencies = dependencies,
    .open = store_open,
    .close = store_close,
    .push = pgsql_push,
    .turn = pgsql_turn,
    .extend = pgsql_extend,
    .return_owner = pgsql_return_owner,
    .upkeep = pgsql_upkeep,
    .wake_open = pgsql_wake_open,
    .wake_read = pgsql_wake_read,
    .stats = pgsql_stats,
    .queues = pgsql_queues,
    .purge = pgsql_purge,
    .failed_list = pgsql_failed_list,
    .failed_retry = pgsql_failed_retry,
    .failed_remove = pgsql_failed_remove,
    .job_list = pgsql_job_list,
    .job_cancel = pgsql_job_cancel,
    .batch_create = pgsql_batch_create,
    .batch_list = pgsql_batch_list,
    .batch_cancel = pgsql_batch_cancel,
    .batch_prune = pgsql_batch_prune,
    .note_put = pgsql_note_put,
    .note_claim = pgsql_note_claim,
    .note_list = pgsql_note_list,
    .note_remove = pgsql_note_remove,
    .health = pgsql_health,
};
