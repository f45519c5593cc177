/* SPDX-License-Identifier: MIT */
#include "worker/link.h"

#include <stdlib.h>
#include <string.h>

#include "common/backoff.h"
#include "common/log.h"
#include "drivers/drivers.h"

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)timer, (void)events; /* the turn of the loop is what was wanted */
}

static int open_store(struct link *link, struct err *err)
{
    return queue_connection_open(&link->connection, link->driver, link->settings, link->clock, err);
}

int link_init(struct link *link, struct ev_loop *loop, const struct connection_settings *settings,
              const struct clock *clock, const char *queue, struct err *err)
{
    *link = (struct link){.loop = loop, .settings = settings, .clock = clock, .queue = queue};
    link->wake_fd = -1;
    ev_init(&link->pause, on_pause_over);
    link->driver = drivers_find(settings, err);
    if (!link->driver)
        return -1;
    struct err cause = ERR_INIT;
    if (open_store(link, &cause) == 0)
        return 0;
    if (cause.code != ERR_UNAVAILABLE)
        return err_set(err, cause.code, "%s", cause.text);
    link_failed(link, &cause);
    return 0;
}

void link_finish(struct link *link)
{
    ev_timer_stop(link->loop, &link->pause);
    queue_connection_close(&link->connection);
}

bool link_is_away(const struct link *link)
{
    return link->failures > 0;
}

bool link_is_usable(struct link *link)
{
    if (ev_is_active(&link->pause))
        return false;
    struct err err = ERR_INIT;
    if (link->connection.store || open_store(link, &err) == 0)
        return true;
    link_failed(link, &err);
    return false;
}

void link_succeeded(struct link *link)
{
    if (link->failures == 0)
        return;
    int64_t away_us = clock_monotonic_us(link->clock) - link->away_since_us;
    log_write(LOG_WARN, "connection %s: the store is back after %.1f s", link->settings->name,
              (double)away_us / 1e6);
    link->failures = 0;
}

void link_failed(struct link *link, const struct err *err)
{
    static const struct backoff_policy policy = {.delay_ms = LINK_PAUSE_MS,
                                                 .delay_max_ms = LINK_PAUSE_MAX_MS};
    bool is_new = link->failures++ == 0;
    if (is_new)
        link->away_since_us = clock_monotonic_us(link->clock);
    log_write(is_new ? LOG_WARN : LOG_DEBUG, "connection %s: the store cannot be used: %s",
              link->settings->name, err->text);
    int64_t pause_ms = backoff_pause(&policy, link->failures, false, arc4random());
    ev_now_update(link->loop);
    ev_timer_stop(link->loop, &link->pause);
    ev_timer_set(&link->pause, (double)pause_ms / 1000., 0.);
    ev_timer_start(link->loop, &link->pause);
}

int link_wake_fd(struct link *link, bool *is_new)
{
    struct err err = ERR_INIT;
    struct store *store = link->connection.store;
    int fd = link->driver->wake_open(store, link->queue, &err);
    if (err.code != ERR_NONE)
        log_write(LOG_DEBUG, "connection %s: no wake-ups: %s", link->settings->name, err.text);
    *is_new = fd != link->wake_fd;
    link->wake_fd = fd;
    return fd;
}
