/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_WEB_LISTENER_H
#define SUPERVISOR_CONTROL_WEB_LISTENER_H

#include <ev.h>

#include "supervisor/control/web.h"

/* Between the two halves of web.h: who listens (web_listener.c), and what is answered (web.c). */

/* The settings that it was opened by may be gone. */
struct listener {
    struct web *web;
    struct listener *next;
    char *place; /* the path of a unix socket, or the address as it is configured */
    char *file;  /* of a unix socket; NULL */
    char *username, *password;
    char *reader, *reader_password;
    char *token;
    struct http_server *http;
};

struct web {
    struct master *master;
    struct events *events;
    struct listener *listeners;
    struct listener *leaving; /* listen no more, and answer what they were asked */
    ev_timer leave;
};

/* Answers a request that came to a listener (void, as http_options wants it). */
void web_answer(void *listener, struct http_request *http);

#endif
