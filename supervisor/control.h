/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_H
#define SUPERVISOR_CONTROL_H

#include <stddef.h>

#include <ev.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * The control socket: a unix stream socket of mode 0600 on which a client sends one JSON object a
 * line and gets one a line (docs/control.md). This part carries lines; what they mean is somebody
 * else's.
 *
 * Limits: CONTROL_REQUEST_MAX bytes a request, 64 clients, 10 seconds without a request or without
 * taking the answer. Only the user that the master runs as, and root, are listened to. A descriptor
 * is kept in reserve, so that the master can still be asked when it has no others left.
 */
struct control;

struct control_options {
    struct ev_loop *loop;
    const char *path; /* copied */
    int listener;     /* that listens there already, which is its own from here on; -1: none */
    /* Answers one request (without its newline): appends one line, without a newline, to answer. */
    void (*answer)(void *context, const char *request, size_t length, struct buf *answer);
    void *context;
};

/* Opens the socket; another socket that is there is removed, which is right for who holds the lock
 * of the pid file. The caller ends it with control_destroy. NULL with err on failure. */
struct control *control_create(const struct control_options *options, struct err *err);

/* What it listens at. */
int control_listener(const struct control *control);

/* Whether a client has not taken the whole of an answer yet. */
bool control_is_asked(const struct control *control);

/* The user id of the client whose request is being answered; -1 where none is. */
long control_peer(const struct control *control);

/* Closes all and removes the socket. */
void control_destroy(struct control *control);

/* Appends {"ok":false,"error":{"code":…,"message":…}}. */
void control_put_error(struct buf *answer, const struct err *err);

#endif
