/* SPDX-License-Identifier: MIT */
#ifndef SCALER_DECISION_H
#define SCALER_DECISION_H

#include <stdint.h>

/* What decided: the term that binds. */
enum term {
    TERM_ENOUGH,  /* nothing asks for a change */
    TERM_BACKLOG, /* what waits must be begun within the promise */
    TERM_STEADY,  /* what arrives keeps so many busy */
    TERM_SURPLUS, /* fewer have sufficed for long enough */
    TERM_HOLD,    /* fewer would suffice, but not for long enough yet */
    TERM_IDLE,    /* there has been nothing to do */
    TERM_RULES,   /* the rules of the policy threshold */
    TERM_COMMAND, /* the scaling command's answer */
    TERM_FORCED,  /* a person's order */
    TERM_MIN,
    TERM_MAX,
    TERM_COOLDOWN,
    TERM_STALE,      /* the store's figures are not known */
    TERM_HOST,       /* the host has no room */
    TERM_BOTTLENECK, /* more workers have brought nothing */
    TERM_FAILURES,   /* most attempts fail */
    TERM_BUDGET,     /* the workers of all queues together */
    TERM_OFF,        /* scaling is switched off */
    TERM_FIXED,      /* the queue is not scaled */
    TERM_PAUSED,     /* nobody may work on it */
    TERM_COUNT,
};

#define REASON_SIZE 200

/* The decision on one queue. */
struct decision {
    int64_t from, to; /* workers that are meant to stay, and that shall */
    enum term term;
    char reason[REASON_SIZE]; /* in words, valid UTF-8 on one line */

    /* What the policy latency worked with, for explanations; in jobs, seconds and workers. */
    double service;  /* seconds a job */
    double arriving; /* jobs a second, for certain */
    int64_t steady;  /* workers that what arrives needs */
    int64_t backlog; /* workers that what waits needs; 0: those that there are suffice */
    double hold;     /* seconds until those that are too many go */
};

/* Sets where it goes, what binds and why. */
void decision_set(struct decision *decision, int64_t to, enum term term, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "backlog", "steady", … Stable: it is what JSON has. */
const char *term_name(enum term term);

#endif
