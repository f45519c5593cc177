/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_SCALING_SCALED_H
#define SUPERVISOR_SCALING_SCALED_H

#include <stdbool.h>
#include <stdint.h>

#include "scaler/arrivals.h"
#include "scaler/command.h"
#include "scaler/decide.h"
#include "supervisor/pool.h"
#include "supervisor/scaling/question.h"

/* A person's order: so many workers, whatever the policy says. */
#define ORDER_NONE (-1)

struct order {
    int64_t workers;    /* ORDER_NONE: the policy decides */
    int64_t at_ms;      /* wall time when it was given; 0: never */
    int64_t until_ms;   /* wall time; 0: until it is taken back */
    bool beyond_bounds; /* not held within min_workers and max_workers */
    char reason[REASON_SIZE];
};

/* Keeps the reason of an order: on one line, and no more of it than there is room for. */
void order_set_reason(struct order *order, const char *reason);

/* What one host's workers of a queue do, and have done since their master began. */
struct crew {
    int64_t workers; /* that are meant to stay */
    int64_t ready;   /* of those, the ones that run */
    double busy;     /* slots at work */
    double slots;    /* a worker; 0: not known */
    double boot;     /* seconds until a worker is ready; 0: not known */
    double ended, failed, busy_seconds;
};

/* What was last heard of another host's crew. */
struct peer {
    struct peer *next;
    char *host;
    struct crew crew;
    bool is_there; /* it still is, by the last that was heard */
};

/* A queue of this master, as the scaler sees it. Workers are counted over all hosts, but for those
 * of the pool. */
struct scaled {
    struct scaled *next;
    struct pool *pool;
    bool follows_load; /* else it has the fixed number, or what somebody ordered */
    int64_t fixed;
    struct policy policy;
    struct load_history history;
    struct arrivals arrivals;
    struct crew own; /* at the last tick */
    struct peer *peers;
    struct crew grown; /* ended, failed and busy_seconds of all peers since the last tick */
    int64_t measured_ms, spacing_ms; /* of the store's figures that were taken last */
    double ended, arrived;           /* attempts and jobs, in all, since the beginning */
    struct load load;                /* at the last tick */
    int64_t target;                  /* the workers that it shall have; negative: not known yet */
    int64_t before;                  /* the target before a person asked for a decision */
    struct decision decision;        /* the last one */
    struct order order;
    char host_full[REASON_SIZE]; /* why no worker is to be added; "" where there is room */

    struct question *question;
    bool is_answered;
    struct scaling_command_answer answer; /* the last good one */
    char complaint[ERR_TEXT_MAX];         /* what was wrong with the last one; "" */
};

/* The queue of a pool, which must outlive it, with the crew as it is now; no target and no order
 * yet. Destroying also ends the question that is under way. */
struct scaled *scaled_create(struct pool *pool);
void scaled_destroy(struct scaled *scaled);

/* The pool's crew as it is now. */
struct crew scaled_crew(const struct pool *pool);

/* Another host has told of its crew. scaled_drop_peers begins such a round: those that are not
 * heard of again by scaled_end_peers are gone. */
void scaled_drop_peers(struct scaled *scaled);
void scaled_hear_peer(struct scaled *scaled, const char *host, const struct crew *crew);
void scaled_end_peers(struct scaled *scaled);

/* The workers that are ready, or that are meant to stay, of all other hosts. */
struct crew scaled_peers(const struct scaled *scaled);

/* Makes the load of the time since the last tick. */
void scaled_measure(struct scaled *scaled, double seconds);

/* Decides by it; nothing is decided while scaling is switched off, but orders hold. */
void scaled_decide(struct scaled *scaled, bool is_off);

/* The circumstances of the last decision; point into scaled. */
struct circumstances scaled_circumstances(const struct scaled *scaled);

/* Asks the scaling command, unless it is thinking about the last question. */
void scaled_ask(struct scaled *scaled, const struct queue_settings *queue);

#endif
