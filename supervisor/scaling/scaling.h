/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_SCALING_H
#define SUPERVISOR_SCALING_SCALING_H

#include <ev.h>

#include "supervisor/scaling/hosts.h"
#include "supervisor/scaling/scaled.h"

/*
 * The autoscaler's part in the master: once an interval it lets the pure functions of scaler/
 * decide, from what the maintenance process and the workers have told, and has the pools have as
 * many workers. It costs no wake-up while no queue is scaled and nothing is ordered.
 */
struct master;

enum scaling_state {
    SCALING_AS_CONFIGURED,
    SCALING_ON,  /* as if it said [auto_scaling] enabled = yes */
    SCALING_OFF, /* all stays as it is, but for orders */
};

struct scaling {
    struct master *master;
    struct scaled *queues; /* in byte order of their names */
    struct hosts *stores;
    char host[HOST_ID_SIZE];
    enum scaling_state state;
    int64_t state_ms; /* wall time when somebody set it; 0: nobody */
    char host_full[REASON_SIZE];
    int64_t ticked_ms; /* monotonic */
    ev_timer tick, exchange;
};

/* Zeroed memory. */
void scaling_init(struct scaling *scaling, struct master *master);
void scaling_finish(struct scaling *scaling);

/* True where the workers of a queue follow its load. */
bool scaling_scales(const struct scaling *scaling, const struct queue_settings *queue);

/* Pools or settings have changed. */
void scaling_follow(struct scaling *scaling);

/* The master stops: nothing is decided any more, and other hosts are told. */
void scaling_stop(struct scaling *scaling);

/* Decides now. */
void scaling_decide(struct scaling *scaling);

/* Something was heard of the other hosts of a store. */
void scaling_heard(struct scaling *scaling, struct hosts *hosts);

/* The queue of this name; NULL: there is none. The hosts of its store; NULL where the queue is not
 * scaled. */
struct scaled *scaling_queue(const struct scaling *scaling, const char *queue);
struct hosts *scaling_hosts_of(const struct scaling *scaling, const struct scaled *scaled);

/* An order (workers may be ORDER_NONE: it is taken back), and the switch; both are told to the
 * other hosts, and are carried out at once here. */
void scaling_order(struct scaling *scaling, struct scaled *scaled, const struct order *order);
void scaling_switch(struct scaling *scaling, enum scaling_state state);

/* "configured", "on", "off". */
const char *scaling_state_name(enum scaling_state state);

/* Workers that this host can have of the scaled queues of a store. */
int64_t scaling_capacity(const struct scaling *scaling, const struct hosts *hosts);

/* Workers of queues of a store that are not scaled. */
int64_t scaling_fixed(const struct scaling *scaling, const struct hosts *hosts);

#endif
