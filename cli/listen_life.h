/* SPDX-License-Identifier: MIT */
#ifndef CLI_LISTEN_LIFE_H
#define CLI_LISTEN_LIFE_H

/*
 * The life of the worker under queue:listen, as a table: state and event give the next state and
 * what to do. A change of the code lets the worker finish its jobs before a new one starts; at the
 * stop limit it is told a second time (it ends its handlers then), and only after that is it
 * killed.
 */
enum listen_state {
    LISTEN_RUNNING,
    LISTEN_WAITING,        /* it failed: a change or the restart delay brings the next */
    LISTEN_REPLACING,      /* told to finish, a new one follows */
    LISTEN_REPLACING_HARD, /* told a second time */
    LISTEN_STOPPING,       /* told to finish, and so do we */
    LISTEN_STOPPING_HARD,
    LISTEN_ENDED,
};

enum listen_event {
    LISTEN_CHANGED,  /* watched files have changed and come to rest */
    LISTEN_CHILD_OK, /* the worker ended by itself, or as it was told */
    LISTEN_CHILD_FAILED,
    LISTEN_STOP,     /* somebody wants us to stop */
    LISTEN_DEADLINE, /* the time limit of the state has passed */
};

enum listen_action {
    LISTEN_IGNORE, /* the event says nothing here: all stays as it is */
    LISTEN_MOVE,   /* only the state changes */
    LISTEN_START,
    LISTEN_TERM,
    LISTEN_KILL,
};

struct listen_step {
    enum listen_state state;
    enum listen_action action;
};

/* Pure. */
struct listen_step listen_step(enum listen_state state, enum listen_event event);

#endif
