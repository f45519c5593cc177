/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_ALERTS_ALERTS_H
#define SUPERVISOR_ALERTS_ALERTS_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/json.h"
#include "supervisor/alerts/notify.h"
#include "supervisor/alerts/rules.h"

/*
 * The master's alerts: looks at what it knows of its queues and connections each alert_interval,
 * and tells what begins, goes on and ends to the log and to the notifier. What belongs to the store
 * as a whole is told by one host of those that share it.
 */
struct master;
struct alert;

#define ALERT_HISTORY_MAX 100 /* events that are remembered */
#define ALERTS_A_MINUTE   60  /* events that are sent; the log has all */

struct alerts {
    struct master *master;
    struct alert *first;
    struct alert_store *stores; /* what is known of the connections */
    struct notify notify;
    cJSON *history; /* an array of events, the newest last */
    int64_t minute; /* of the last event */
    unsigned in_minute;
    unsigned round; /* of looking */
    ev_timer timer;
};

/* No alert, and no look at anything before alerts_configure. Finishing forgets all, and ends the
 * notifier. */
void alerts_init(struct alerts *alerts, struct master *master);
void alerts_finish(struct alerts *alerts);

/* Takes alert_interval from the settings; called when they are new. */
void alerts_configure(struct alerts *alerts);

/* The maintenance process tells that a store is away, or there. */
void alerts_store(struct alerts *alerts, const char *connection, bool is_away);
bool alerts_store_is_away(const struct alerts *alerts, const char *connection);

/* Appends those that are active now to a list, as objects; and copies of the remembered events. */
void alerts_describe(const struct alerts *alerts, cJSON *active);
void alerts_describe_history(const struct alerts *alerts, cJSON *list);

/* How many of a severity are active. */
unsigned alerts_count(const struct alerts *alerts, enum alert_severity severity);

#endif
