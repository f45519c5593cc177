/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_ALERTS_NOTIFY_H
#define SUPERVISOR_ALERTS_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/json.h"
#include "common/spawn.h"
#include "supervisor/alerts/rules.h"
#include "supervisor/reaper.h"

/*
 * Hands events to the notifier, a child that sends them (supervisor/notifier) and ends. One runs at
 * a time, so that their order stays; what comes meanwhile waits for the next one. Where nobody is
 * configured to be told there is no child at all.
 */
struct master;

#define NOTIFY_WAITING_MAX (1u << 20) /* bytes of events; what comes beyond is dropped */

struct notify {
    struct master *master;
    struct buf waiting; /* lines */
    bool is_running;
    struct spawn_child child;
    struct reaper_child reaped;
};

/* Nothing waits, and no notifier runs: that is started by the first event that somebody wants. */
void notify_init(struct notify *notify, struct master *master);

/* Ends the notifier, if one is there. */
void notify_finish(struct notify *notify);

/* An event, an object (docs/alerts.md), is to be sent. */
void notify_send(struct notify *notify, enum alert_severity severity, const cJSON *event);

#endif
