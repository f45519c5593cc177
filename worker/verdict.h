/* SPDX-License-Identifier: MIT */
#ifndef WORKER_VERDICT_H
#define WORKER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings.h"
#include "queue/driver.h"

/*
 * How an attempt ended, and what becomes of its job: pure.
 *
 * Retried is what ended badly while attempts are left; the pause is the queue's backoff. A rule may
 * decide otherwise, but not over what the handler says itself: that it is never to be tried again,
 * or after which pause. What ends because we end it for reasons of our own (the worker is stopped
 * for good, or a handler that runs several jobs is ended for the sake of another one) is not the
 * job's fault: it goes back as if it had not begun.
 */
enum ending_kind {
    ENDING_DONE,
    ENDING_RELEASED,  /* the handler wants it tried again */
    ENDING_EXCEPTION, /* the handler says that it failed */
    ENDING_EXIT,      /* the handler exited: with a status, or without an answer */
    ENDING_SIGNAL,    /* the handler was killed by somebody */
    ENDING_TIMEOUT,
    ENDING_MEMORY,
    ENDING_PROTOCOL,  /* the handler answered with what cannot be understood */
    ENDING_UNHANDLED, /* nobody here runs jobs of its class */
    ENDING_ATTEMPTS,  /* it had been begun too often already, and was not run */
    ENDING_PAYLOAD,   /* what the store has of it cannot be read */
    ENDING_CANCELLED, /* somebody asked for it */
    ENDING_STOPPED,   /* we ended it for reasons of our own */
    ENDING_KIND_COUNT,
};

struct ending {
    enum ending_kind kind;
    bool never_again; /* ENDING_EXCEPTION, ENDING_EXIT: it is not to be tried again */
    int64_t delay_ms; /* ENDING_RELEASED, ENDING_EXCEPTION: -1 is the queue's backoff */
    const char *text; /* what went wrong, or NULL; lives during the call */
    bool has_status;  /* the handler ended by itself: */
    int status;       /* as waitpid told */
};

/* What a rule says of a failure (policy.h). */
struct decision {
    enum policy_action action; /* POLICY_COMMAND is for somebody else to resolve */
    int64_t delay_ms;          /* POLICY_RETRY: -1 is the backoff */
};

#define DECISION_NONE ((struct decision){.action = POLICY_RETRY, .delay_ms = -1})

struct verdict {
    enum outcome_kind kind;
    int64_t delay_ms;
    const char *cause; /* a word; NULL where nothing went wrong */
};

/* What is known of the job that ended. */
struct verdict_view {
    int attempts;     /* this one included */
    int max_attempts; /* 0: no limit */
    bool is_cancelled;
    double random; /* in [0, 1), for the jitter */
    struct decision decision;
};

/* True where the rules for failures are to be asked about this ending: not where it was somebody's
 * will, nor where the job was not run. */
bool verdict_may_differ(const struct ending *ending);

/* The word for a kind, as it is stored; NULL where nothing went wrong. */
const char *verdict_cause(enum ending_kind kind);

/* What becomes of the job. options are those that hold for it (settings_job_apply,
 * settings_policy_apply): its backoff, where neither the handler nor a rule says after which pause
 * it is tried again. */
struct verdict verdict_of(const struct ending *ending, const struct verdict_view *view,
                          const struct worker_options *options);

/* True where the attempt counts as one that did not succeed. */
bool verdict_is_failure(const struct ending *ending);

#endif
