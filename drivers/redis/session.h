/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_SESSION_H
#define DRIVERS_REDIS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/endpoint.h"
#include "common/err.h"
#include "common/mem.h"
#include "common/connection_settings.h"
#include "drivers/redis/command.h"
#include "drivers/redis/link.h"
#include "drivers/redis/scripts.h"

/*
 * The conversation with the server that is in charge, whichever that is and however often the
 * connection is made anew: directly, by the word of a Sentinel, of a replica or of a cluster's
 * node.
 */
#define SESSION_VERSION_MAX 63
#define SESSION_RUN_ID_MAX  63

/* A connection whose last command may still wait in the server. It is ended before anything else is
 * sent, so that the command cannot come after what is sent now. */
struct doomed {
    int64_t client_id; /* 0: there is none */
    char run_id[SESSION_RUN_ID_MAX + 1];
};

struct session {
    const struct connection_settings *settings;
    struct link link;
    struct command head;  /* of the command that is being sent */
    struct arena scratch; /* answers that are looked at once */
    struct endpoints sentinels;
    size_t next_sentinel;     /* the one that is asked first */
    struct endpoint current;  /* where the link is connected, or was last; host NULL for path */
    struct endpoint redirect; /* where we were told to go; host NULL: nowhere */
    int64_t used_ms;          /* when the link was used last */
    int64_t client_id;        /* of the link, in the server */
    char run_id[SESSION_RUN_ID_MAX + 1]; /* of the server; "" where it does not say */
    char version[SESSION_VERSION_MAX + 1];
    char policy[32]; /* what the server does when its memory is full: "noeviction" … */
    bool is_bounded; /* it has a limit of memory */
    struct doomed doomed;
};

/* One call of a script. */
struct call {
    enum script_id script;
    const struct command *arguments; /* behind the prefix */
    struct arena *arena;             /* where the answer is made */
    bool once;           /* do not send it again where the first one may have been carried out */
    bool was_lost;       /* out: a command was sent whose answer did not come */
    int64_t deadline_ms; /* set by redis_session_begin: the connection's timeout … */
    int64_t patience_ms; /* … and how long a server is waited for that is away */
};

/* The settings must outlive the session. No connection is made yet. Returns 0, or -1 with err. */
int redis_session_init(struct session *session, const struct connection_settings *settings,
                       struct err *err);
void redis_session_finish(struct session *session);

/* Sets the deadlines of a call from now on. */
void redis_session_begin(struct call *call, const struct connection_settings *settings);

/* Runs a script. Connects where needed, waits a little for a server that is away or loading, and
 * sends the script's text where the server does not have it. Returns the answer, or NULL with err.
 */
struct reply *redis_session_call(struct session *session, struct call *call, struct err *err);

/* Makes sure that there is a connection, in the same way. Returns 0, or -1 with err. */
int redis_session_ensure(struct session *session, struct err *err);

/* What redis_session_call needs of connecting (dial.c). */
enum dialled { DIALLED, DIAL_AGAIN, DIAL_LATER, DIAL_FAILED };

/* Connects once. DIAL_AGAIN: another server was named, and should be tried now. */
enum dialled redis_session_dial(struct session *session, int64_t deadline_ms, struct err *err);

/* Closes the link; lost: its last command may still wait in the server. */
void redis_session_drop(struct session *session, bool lost);
void redis_session_redirect(struct session *session, const char *text); /* NULL: nowhere */

/* Opens another link to where the session's is, and greets there. Returns 0, or -1 with err. */
int redis_session_open_beside(struct session *session, struct link *link, int64_t deadline_ms,
                              struct err *err);

/* Asks the Sentinels for the server in charge. Returns 0 with *found (the caller frees host), or -1
 * with err. (sentinel.c) */
int redis_sentinel_ask(struct session *session, int64_t deadline_ms, struct endpoint *found,
                       struct err *err);

#endif
