/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LISTENER_PROTOCOL_H
#define SUPERVISOR_PROGRAMS_LISTENER_PROTOCOL_H

#include <stddef.h>

#include "common/buf.h"

/*
 * What an event listener says on its standard output, as a state machine without I/O: READY when it
 * can take an event, and "RESULT n" with n bytes when it has taken one. Who breaks these rules is
 * not believed any more.
 */
enum listener_state {
    LISTENER_ACKNOWLEDGED, /* it has to say READY */
    LISTENER_READY,        /* an event may be sent to it */
    LISTENER_BUSY,         /* it has been sent one, and has to give its result */
    LISTENER_UNKNOWN,      /* it has broken the rules */
};

#define LISTENER_RESULT_MAX 65536

struct listener_protocol {
    enum listener_state state;
    struct buf said;      /* and not understood yet */
    size_t result_length; /* in BUSY, when its line has come */
    int has_result_length;
};

/* What follows from what was said. */
enum listener_news {
    LISTENER_SAYS_NOTHING,
    LISTENER_GETS_READY,
    LISTENER_TAKES_EVENT,   /* its result is OK */
    LISTENER_REJECTS_EVENT, /* its result is something else */
    LISTENER_BREAKS_RULES,  /* and so rejects the event that it may have */
};

/* A listener that has said nothing yet: it is ACKNOWLEDGED until it says READY. Finishing frees
 * what has not been understood. */
void listener_protocol_init(struct listener_protocol *protocol);
void listener_protocol_finish(struct listener_protocol *protocol);

/* Takes what was said; news are asked for until there are none. */
void listener_protocol_hear(struct listener_protocol *protocol, const char *bytes, size_t length);
enum listener_news listener_protocol_news(struct listener_protocol *protocol);

/* An event has been sent to a READY one. */
void listener_protocol_sent(struct listener_protocol *protocol);

/* "READY", … */
const char *listener_state_name(enum listener_state state);

#endif
