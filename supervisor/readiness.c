/* SPDX-License-Identifier: MIT */
#include "supervisor/master.h"

#include <string.h>

static bool is_silent(const struct master *master, const struct pool *pool)
{
    int64_t now_ms = clock_monotonic_ms(master->host.clock);
    return !pool->has_metrics || now_ms - pool->measured_ms > MASTER_SILENCE_MS;
}

/* The last word on a connection: of the store itself, or the figures of its queues. */
static int check_connection(const struct master *master, const char *connection, struct err *err)
{
    const struct settings *settings = master->settings;
    if (alerts_store_is_away(&master->alerts, connection))
        return err_set(err, ERR_UNAVAILABLE, "the store of connection %s is away", connection);
    for (const struct pool *pool = master->pools; pool; pool = pool->next)
        if (settings_queue(settings, pool->queue) && is_silent(master, pool) &&
            strcmp(settings_connection_of(settings, pool->queue)->name, connection) == 0)
            return err_set(err, ERR_UNAVAILABLE, "nothing was heard of queue %s lately",
                           pool->queue);
    return 0;
}

int master_check_ready(const struct master *master, struct err *err)
{
    const struct settings *settings = master->settings;
    if (master->phase != MASTER_RUNNING)
        return err_set(err, ERR_CONFLICT, "stopping");
    if (!settings->serves_queues)
        return 0;
    if (master->maintenance.process.state != PROCESS_RUNNING)
        return err_set(err, ERR_UNAVAILABLE, "the maintenance process is not there");
    for (size_t i = 0; i < settings->connection_count; i++)
        if (check_connection(master, settings->connections[i].name, err) < 0)
            return -1;
    return 0;
}
