/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_HTTP_REQUEST_H
#define SUPERVISOR_CONTROL_HTTP_REQUEST_H

#include <microhttpd.h>

#include "supervisor/control/http.h"

/* Between the parts of http.h: who listens and carries (http.c), what was asked (http_request.c),
 * and what is answered (http_answer.c). */

/* Where a request stands; changed by http.c alone. */
enum request_state {
    RECEIVING,
    WAITING,  /* whole, and in the hands of who answers it; its connection is suspended */
    ANSWERED, /* a stream goes on: its connection is suspended while nothing is to be written */
};

struct http_request {
    struct http_server *server;
    struct http_request *next;
    struct MHD_Connection *connection;
    char *method;
    char *path;
    struct buf body;
    bool body_is_too_long;
    enum request_state state;
    bool suspended;
    struct MHD_Response *response; /* that waits to be queued */
    int status;
    ev_timer pause; /* of http_reply_later */
    ev_io hangup;   /* of a suspended connection: only we can see that the client leaves */
    struct buf stream;
    bool stream_ended;
    void (*gone)(void *context); /* of a stream */
    void *gone_context;
};

struct http_server {
    struct http_options options;
    struct MHD_Daemon *daemon;
    struct http_request *requests;
    ev_io watch;
    ev_timer timeout;
    ev_timer quiet; /* a large answer was given a moment ago */
    ev_prepare turn;
    bool due; /* the daemon has something to look at in another run */
    bool ends;
};

/* Lets libmicrohttpd forget a connection until it is resumed: there is nothing to do for it. */
void http_suspend(struct http_request *request);

/* Whoever answers may do so in the last moment before the loop sleeps, behind our own turn. */
void http_resume(struct http_request *request);

#endif
