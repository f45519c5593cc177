/* SPDX-License-Identifier: MIT */
#ifndef WORKER_ATTEMPT_H
#define WORKER_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/mem.h"
#include "common/settings.h"
#include "queue/driver.h"
#include "worker/verdict.h"

/*
 * An attempt: one reservation of a job, from the call that brought it to the call that settled it.
 * Attempts come in loads, one a reservation, so that a job costs no allocation; a load is given
 * back when the last of its attempts is settled.
 */
enum attempt_state {
    ATTEMPT_WAITING, /* no handler has it */
    ATTEMPT_ASKED,   /* it has failed, and a program is asked what is to become of it */
    ATTEMPT_HANDED,  /* a handler has it and has not begun: it runs others before it */
    ATTEMPT_RUNNING,
    ATTEMPT_ENDED, /* its outcome waits for the store */
};

/* Why a running attempt is to end before it has finished. */
enum attempt_wish { WISH_NONE, WISH_CANCELLED, WISH_LOST };

/* What a handler gets with it. */
enum attempt_part {
    PART_JOB,
    PART_FAILURE, /* the job has failed for good, and the handler is told */
};

struct load;
struct route;
struct slots;
struct details;

struct attempt {
    TAILQ_ENTRY(attempt) entry; /* in exactly one list */
    struct load *load;
    struct route *route;   /* whose handlers run it; NULL before that has been looked up */
    const struct job *job; /* with the attempt's number and the limits that count */
    enum attempt_state state; /* changed by attempt_set_state alone */
    enum attempt_wish wish;
    enum attempt_part part;
    struct slots *slots; /* of the board, while it is noted there (slots.h); NULL */
    uint32_t slot;
    bool is_kept; /* on the board, though it has ended */
    TAILQ_ENTRY(attempt) kept;
    int64_t started_us;      /* when it began */
    int64_t due_us;          /* when it is to be over; INT64_MAX: never */
    struct details *details; /* NULL for most */
    struct outcome outcome;  /* when it has ended */
    int64_t ended_us;
};

TAILQ_HEAD(attempt_list, attempt);

/* What only some attempts have. */
struct details {
    struct arena arena; /* for all that is in here */
    struct job *pushes;
    size_t push_count, push_capacity, push_bytes;
    char *push_error; /* why one of them cannot be stored; NULL */
    double progress;  /* negative: none was told */
    const char *progress_text;
    char *progress_room;  /* for it */
    bool is_progress_new; /* the store has not been told */
    struct ending ending; /* of an attempt that failed, while others are asked or told about it */
};

#define PUSHES_MAX       10000
#define PUSHED_BYTES_MAX (64u << 20)

/* The jobs of one reservation. */
struct load {
    struct load *next; /* in a list of unused ones */
    struct reservation reservation;
    struct attempt *attempts;
    size_t capacity;
    size_t left; /* attempts that are not settled */
    int64_t reserved_us;
};

/* Loads that can be used again; at most LOADS_KEPT are kept. */
#define LOADS_KEPT 4

struct load_pool {
    struct load *unused;
    size_t count;
};

/* A load for a reservation: an unused one or a new one, never NULL. It is its jobs' until the last is
 * settled, or comes back with load_give_back. */
struct load *load_take(struct load_pool *pool);

/* Makes the attempts of what the reservation brought. Where it brought nothing, the load is to be
 * given back. */
void load_fill(struct load *load, int64_t now_us);
void load_give_back(struct load_pool *pool, struct load *load);
void load_pool_finish(struct load_pool *pool);

/* Which list it is in is the caller's business. */
void attempt_set_state(struct attempt *attempt, enum attempt_state state);

/* Forgets an attempt that is in no list, and its note on the board; the last one gives its load
 * back. */
void attempt_settle(struct load_pool *pool, struct attempt *attempt);

/* Its details, made where there are none. */
struct details *attempt_details(struct attempt *attempt);

/* How far it is, with a text or NULL. */
void attempt_set_progress(struct attempt *attempt, double progress, const char *text);

/* A job that is to be stored together with this one's success; settings say what its class gives
 * it. NULL with err where it cannot be. */
struct job *attempt_add_push(struct attempt *attempt, const struct settings *settings,
                             const struct json_slice *text, struct err *err);

/* The same, asked by the job itself: what is wrong with it is noted for its end. */
void attempt_push(struct attempt *attempt, const struct settings *settings,
                  const struct json_slice *job);

/* What was pushed is forgotten. */
void attempt_drop_pushes(struct attempt *attempt);

/* Keeps how it ended, with its text. */
void attempt_keep_ending(struct attempt *attempt, const struct ending *ending);

/* Text of what went wrong, cut to ATTEMPT_EXCEPTION_MAX bytes; lives as long as the attempt. */
#define ATTEMPT_EXCEPTION_MAX 65536
const char *attempt_set_exception(struct attempt *attempt, const char *text);

/* What the store knows it by; its texts live as long as the attempt. */
struct lease attempt_lease(const struct attempt *attempt);

#endif
