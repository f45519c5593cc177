/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_HEALTH_H
#define SUPERVISOR_HEALTH_H

#include <stdint.h>

#include "supervisor/lifecycle.h"

/*
 * The limits in time of a process: pure. Each state has at most one; a process that has passed it
 * gets EVENT_TIMEOUT. Times are monotonic milliseconds.
 */
enum stop_stage { STOP_DRAIN, STOP_TERMINATE, STOP_KILL };

struct health_limits {
    int64_t boot_ms;      /* from the start until it says that it works */
    int64_t silence_ms;   /* between two signs of life; 0: it need not give any */
    int64_t drain_ms;     /* from the wish that it stops to the order */
    int64_t terminate_ms; /* from the order to SIGKILL */
};

/* What is known of a process. */
struct health_view {
    enum process_state state;
    enum stop_stage stage; /* in PROCESS_STOPPING */
    int64_t since_ms;      /* when the state, or the stage, began */
    int64_t alive_ms;      /* the last sign of life */
    int64_t pause_ms;      /* in PROCESS_BACKOFF: how long it lasts */
};

#define HEALTH_NEVER INT64_MAX

/* When the process passes its limit; HEALTH_NEVER where it has none. */
int64_t health_due_ms(const struct health_limits *limits, const struct health_view *view);

/* The next way of stopping it. */
enum stop_stage health_escalate(enum stop_stage stage);

#endif
