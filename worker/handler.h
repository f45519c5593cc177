/* SPDX-License-Identifier: MIT */
#ifndef WORKER_HANDLER_H
#define WORKER_HANDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ev.h>

#include "common/backoff.h"
#include "common/board.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/err.h"
#include "common/settings.h"
#include "common/spawn.h"
#include "queue/driver.h"
#include "worker/attempt.h"
#include "worker/capture.h"
#include "worker/classes.h"
#include "worker/program.h"
#include "worker/slots.h"
#include "worker/verdict.h"

/*
 * A handler: a place where jobs run, and the process in it, which leads a process group of its own.
 * Two kinds: `exec` starts the program for each job, `persistent` keeps it and speaks the protocol
 * with it. What is alike for both is here: the life of the process, its limits, its end.
 */
enum handler_state {
    HANDLER_OFF,     /* no process: exec takes a job, persistent is started */
    HANDLER_PAUSED,  /* no process, and none is started until the pause is over */
    HANDLER_BOOTING, /* persistent: it has not said hello */
    HANDLER_READY,   /* it runs jobs, or waits for them */
    HANDLER_LEAVING, /* it is about to end by itself */
    HANDLER_TERMINATED,
    HANDLER_KILLED,
};

struct handler;
struct persistent;

/* What all handlers of a worker share, and whom they tell. */
struct handler_host {
    struct ev_loop *loop;
    const struct clock *clock;
    const struct settings *settings;
    const struct queue_settings *queue;
    struct program *program;
    struct slots *slots; /* of the worker */
    struct classes classes; /* that the handlers run */
    int concurrency_max;    /* jobs at once in one handler: its part of the board */
    int64_t kill_us;        /* from TERM to KILL */
    struct backoff_policy backoff;
    bool changed;          /* a handler has room, or is in another state: look after all of them */
    bool is_boot_known;    /* it has been seen whether a handler can be started */
    bool has_progress;     /* some job told how far it is */
    bool tells_failed;     /* handlers want to be told of jobs that have failed for good */
    int64_t complained_us; /* the last time that it was said that none can */
    char why[ERR_TEXT_MAX]; /* what was said */
    struct buf scratch;    /* for one message at a time */
    int64_t served_us;     /* handler time of attempts that ended; whoever uses it takes it away */
    size_t served_count;
    void *context;
    /* An attempt has ended; it is in no list now. */
    void (*ended)(void *context, struct attempt *attempt, const struct ending *ending);
    /* An attempt comes back that had not begun; it is in no list now. */
    void (*returned)(void *context, struct attempt *attempt);
    /* Asks the store for a batch: each is called where it is there. Returns 0, or -1 with err. */
    int (*find_batch)(void *context, const char *uuid, batch_fn each, void *each_context,
                      struct err *err);
};

/* Why a handler is ended by us. */
struct handler_reason {
    enum ending_kind kind;
    const struct attempt *culprit; /* NULL: all that run on it */
    char text[512];
    bool is_set;
};

struct handler_class {
    /* Makes the descriptors of one process; the child's ends are closed after the start. Returns
     * how many, or -1 with err. attempt is the one that it is started for, or NULL. */
    int (*open)(struct handler *handler, const struct attempt *attempt, struct spawn_fd *fds,
                struct err *err);
    enum handler_state started; /* the state after a start */
    /* Takes one more attempt, which is in its list already. Returns 0, or -1: it cannot. */
    int (*give)(struct handler *handler, struct attempt *attempt);
    void (*flush)(struct handler *handler);
    /* Asks it to finish and end. */
    void (*ask_to_leave)(struct handler *handler);
    /* Tells it that a running job is not wanted any more. */
    void (*cancel)(struct handler *handler, struct attempt *attempt);
    /* Its process has ended: reads what is left, and closes its descriptors. */
    void (*close)(struct handler *handler);
    /* How a running attempt ended with its process, where nobody said why. */
    struct ending (*judge)(struct handler *handler, int status, struct buf *text);
};

#define HANDLER_FDS_MAX 5
#define SCRATCH_KEPT    65536 /* bytes of host->scratch that stay */

struct handler {
    struct handler_host *host;
    const struct handler_class *kind;
    enum handler_state state;
    int64_t since_us;         /* when the state began */
    int64_t pause_us;         /* HANDLER_PAUSED */
    struct spawn_child child; /* pid -1 where there is none */
    ev_io exit_watch;
    ev_timer limit;
    int64_t armed_us;         /* when the limit fires; INT64_MAX: it does not */
    struct attempt_list jobs; /* that it has, in the order in which they were given */
    int job_count, running_count;
    int concurrency; /* jobs at once */
    int window;      /* jobs that it may hold beside those */
    int64_t rest_until_us;
    int64_t boot_us; /* when it was started */
    bool was_ready;  /* since its start */
    bool has_served; /* a job has ended well on it since its start */
    bool is_asked;   /* to leave */
    bool is_leaving; /* it has said that it begins nothing more, while it ran a job */
    bool is_usable;  /* exec: the program can be started */
    unsigned failures;
    struct handler_reason reason;
    struct capture output, errors;
    struct persistent *persistent; /* NULL for exec */
};

extern const struct handler_class handler_exec;
extern const struct handler_class handler_persistent;

/* A handler of the kind that the queue's settings say, without a process; the host must outlive it.
 */
void handler_init(struct handler *handler, struct handler_host *host);

/* Only when it has no process. */
void handler_finish(struct handler *handler);

/* Whether it has a process that has not been seen to end. The present of its host's clock:
 * monotonic, in microseconds. */
bool handler_has_process(const struct handler *handler);
int64_t handler_now(const struct handler *handler);

/* How many jobs it could run at once now, those that it runs included. */
size_t handler_slots(const struct handler *handler);

/* How many more it can take now, where at most ahead may wait in it. */
size_t handler_room(const struct handler *handler, size_t ahead);

/* Starts what is to run. Cheap when there is nothing to do. */
void handler_tend(struct handler *handler);

/* Gives it an attempt (in no list) for which it has room. */
void handler_give(struct handler *handler, struct attempt *attempt);

/* Sends what it was given. */
void handler_flush(struct handler *handler);

/* Lets it finish what it has, and end. */
void handler_leave(struct handler *handler);

/* Ends it now: TERM, then KILL. The culprit (NULL: all that run on it) gets the kind and the text.
 */
void handler_end(struct handler *handler, enum ending_kind kind, const struct attempt *culprit,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The attempt, which may run on this handler, is not wanted any more. */
void handler_cancel(struct handler *handler, struct attempt *attempt, enum attempt_wish wish);

/* For the kinds */

/* The state changes now: notes when, has the host look, and sees that the limit in time of this
 * state is watched. */
void handler_set_state(struct handler *handler, enum handler_state state);

/* Starts the process, for an attempt or none. Returns 0, or -1 when it could not be: it is paused.
 */
int handler_start(struct handler *handler, const struct attempt *attempt);

/* The attempt begins now. Its note is made before the handler is told. */
void handler_begin(struct handler *handler, struct attempt *attempt);

/* The attempt has not begun, or could not: it goes back. */
void handler_give_back(struct handler *handler, struct attempt *attempt);

/* All go back that have not begun, from the last to the first, so that the first is the first
 * again.
 */
void handler_give_back_waiting(struct handler *handler);

/* The process has ended. */
void handler_on_exit(struct ev_loop *loop, ev_io *watch, int events);

/* A running attempt has ended: takes it out of the list and tells. */
void handler_conclude(struct handler *handler, struct attempt *attempt, const struct ending *ending,
                      int64_t now_us);

#endif
