/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_ALERTS_RULES_H
#define SUPERVISOR_ALERTS_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings.h"

/*
 * When people are to be told, and how often: pure. A condition is judged by figures; an alert is
 * raised when its condition has held for a while, repeated as long as it holds, and resolved when
 * it has not held for a while, so that figures which jump around a threshold make one alert, not
 * hundreds.
 */
enum alert_type {
    ALERT_FAILURE_RATE,
    ALERT_QUEUE_SIZE,
    ALERT_OLDEST_WAIT,
    ALERT_STALLED_WORKERS,
    ALERT_WORKER_MEMORY,
    ALERT_NO_WORKERS,
    ALERT_CRASH_LOOP,
    ALERT_QUEUE_TYPES,                    /* those before are of a queue */
    ALERT_STORE_DOWN = ALERT_QUEUE_TYPES, /* of a connection */
    ALERT_TYPE_COUNT,
};

enum alert_severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO };

/* "high_failure_rate", … */
const char *alert_type_name(enum alert_type type);
enum alert_severity alert_severity_of(enum alert_type type);
const char *alert_severity_name(enum alert_severity severity);

/* What is known of a queue, or of a connection. */
struct alert_view {
    const char *subject; /* its name */
    bool has_figures;    /* the next four are known */
    bool is_ours;        /* and this host is the one that tells of them */
    uint64_t ready;      /* jobs */
    int64_t oldest_ms;   /* that the oldest of them has waited; -1 where there is none */
    uint64_t ended;      /* jobs that came to an end within the window */
    uint64_t failed;     /* of those, the ones that failed for good */
    bool is_paused;      /* nothing is to be done */
    int64_t wanted;      /* workers */
    int64_t running;     /* of them */
    unsigned stalled;    /* workers that were killed for their silence within the window */
    unsigned failures;   /* starts of one worker that failed in a row, the most */
    double memory;       /* percent of its limit, of the largest process; 0: no limit */
    bool store_is_away;  /* of a connection */
};

#define ALERT_MESSAGE_SIZE 256

enum alert_judgement {
    ALERT_UNKNOWN, /* nothing is known: what was goes on */
    ALERT_FINE,
    ALERT_HOLDS,
};

struct alert_finding {
    enum alert_judgement judgement;
    double value, threshold; /* where it holds */
    char message[ALERT_MESSAGE_SIZE];
};

/* Judges one condition. An option that is 0 switches it off (ALERT_FINE). */
void alert_judge(enum alert_type type, const struct alert_view *view,
                 const struct alert_options *options, struct alert_finding *finding);

/* One alert in time; zeroed memory is one that never was. Times are monotonic milliseconds. */
enum alert_phase {
    ALERT_QUIET,
    ALERT_SUSPECTED, /* it holds, but not for long enough */
    ALERT_ACTIVE,
    ALERT_CLEARING, /* active, and it does not hold, but not for long enough */
};

struct alert_state {
    enum alert_phase phase;
    int64_t since_ms; /* when the phase began */
    int64_t told_ms;  /* the last time that people were told */
};

enum alert_event { ALERT_NOTHING, ALERT_RAISED, ALERT_REPEATED, ALERT_RESOLVED };
const char *alert_event_name(enum alert_event event);

struct alert_timing {
    int64_t hold_ms;   /* before it is raised */
    int64_t clear_ms;  /* before it is resolved */
    int64_t repeat_ms; /* 0: it is told once */
};

/* Goes on to now_ms with what was judged then, and returns what people are to be told.
 * ALERT_UNKNOWN changes nothing. Once raised, a condition that fails to hold only for less than
 * clear_ms is the same alert still. */
enum alert_event alert_step(struct alert_state *state, enum alert_judgement judgement,
                            const struct alert_timing *timing, int64_t now_ms);

/* True where people have been told of it and not yet that it is over. */
bool alert_is_active(const struct alert_state *state);

/* How long a condition must hold: queues without workers, or a store that is away, may be just
 * being restarted. */
int64_t alert_hold_ms(enum alert_type type);

#endif
