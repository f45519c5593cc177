/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_LIFECYCLE_H
#define SUPERVISOR_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The life of one supervised process, as a pure table: state and event give the next state and what
 * is to be done. The states and their numbers are Supervisor's; nothing here knows a process or a
 * clock.
 *
 * A state has at most one limit in time (health.h), whose passing is EVENT_TIMEOUT: in STARTING the
 * process boots too slowly, in RUNNING it has been silent for too long, in BACKOFF the pause is
 * over, in STOPPING the patience with this way of stopping it is.
 */
enum process_state {
    PROCESS_STOPPED,
    PROCESS_STARTING,
    PROCESS_RUNNING,
    PROCESS_BACKOFF, /* it has ended, and is started again after a pause */
    PROCESS_STOPPING,
    PROCESS_EXITED,  /* it has ended by itself after it had been running */
    PROCESS_FATAL,   /* given up */
    PROCESS_UNKNOWN, /* it passed a limit and was sent SIGKILL, but has not ended yet */
    PROCESS_STATE_COUNT,
};

enum process_event {
    EVENT_START,     /* somebody wants it to run */
    EVENT_READY,     /* the process says that it works */
    EVENT_TIMEOUT,   /* the limit of this state has passed */
    EVENT_ENDED,     /* the process has ended, or could not be started at all */
    EVENT_PAUSE,     /* it is to run again, but not at once */
    EVENT_GIVE_UP,   /* it is not to be tried again */
    EVENT_STOP,      /* somebody wants it to end, and gives it time to finish */
    EVENT_TERMINATE, /* the same without time to finish */
    EVENT_KILL,      /* the same at once */
    PROCESS_EVENT_COUNT,
};

enum process_action {
    ACTION_NONE,
    ACTION_SPAWN,
    ACTION_DRAIN,     /* ask it to finish and end */
    ACTION_TERMINATE, /* tell it to end now */
    ACTION_KILL,
    ACTION_ESCALATE, /* go on to the next of these three */
    ACTION_RESTART,  /* it has ended: decide when, and if, it runs again */
    ACTION_PAUSE,    /* begin the pause before the next start */
};

struct lifecycle_step {
    enum process_state state;
    enum process_action action;
};

/* The state that follows, and what is to be done on the way. There is an answer for every pair: an
 * event that means nothing in a state leaves it as it is, with ACTION_NONE. */
struct lifecycle_step lifecycle_next(enum process_state state, enum process_event event);

/* "STOPPED", … and the number that Supervisor's clients know. */
const char *lifecycle_name(enum process_state state);
int lifecycle_number(enum process_state state);

/* The state of a number; PROCESS_UNKNOWN where there is none. */
enum process_state lifecycle_of_number(int64_t number);

/* True where there is a process that has not been seen to end. */
bool lifecycle_has_process(enum process_state state);

#endif
