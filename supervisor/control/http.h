/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_HTTP_H
#define SUPERVISOR_CONTROL_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include <ev.h>

#include "common/buf.h"
#include "common/err.h"

/*
 * HTTP on a listening socket: libmicrohttpd, driven by our loop through its epoll descriptor. This
 * part carries requests and answers; what they mean is somebody else's.
 *
 * Limits: as many connections and bytes of a body as the options say, HTTP_HEADER_MAX bytes of
 * headers, and HTTP_IDLE_SECONDS without a sign of life while a request comes or an answer goes. A
 * request with two lengths, or with a length and an encoding, is refused: proxies disagree on where
 * it ends.
 */
#define HTTP_HEADER_MAX   (32u << 10)
#define HTTP_IDLE_SECONDS 30

struct http_server;
struct http_request; /* lives until it has been answered and its connection has let it go */

struct http_options {
    struct ev_loop *loop;
    int socket; /* non-blocking and listening; the server's from here on, also when it fails */
    unsigned connections_max;
    size_t body_max;
    /* A whole request is there. It is answered within, or later, by exactly one of http_reply and
     * http_stream. */
    void (*handle)(void *context, struct http_request *request);
    void *context;
};

/* NULL with err on failure. http_destroy ends all connections; their requests are let go of first.
 */
struct http_server *http_create(const struct http_options *options, struct err *err);
void http_destroy(struct http_server *server);

/* Takes no more connections; those that are there stay. */
void http_retire(struct http_server *server);

/* Whether a request has not had its whole answer yet; streams do not count. */
bool http_is_asked(const struct http_server *server);

/* What it listens at; -1 after http_retire. */
int http_listener(const struct http_server *server);

/* What was asked. Strings live as long as the request; NULL where there is none of that name. */
const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* decoded, without the query */
const char *http_query(const struct http_request *request, const char *name);
const char *http_header(const struct http_request *request, const char *name);
const struct buf *http_body(const struct http_request *request);

/* User and password of basic authentication. Returns 0 and malloc'd strings (*password may be
 * NULL), or -1 where the request has none. */
int http_credentials(const struct http_request *request, char **user, char **password);

/* The user id of the other end of a unix socket; -1 on others. */
long http_peer_uid(const struct http_request *request);

struct http_header {
    const char *name;
    const char *value;
};

/* Answers: status, headers (ends with a NULL name; or NULL) and a body, which is copied. The answer
 * to HEAD carries the length alone. */
void http_reply(struct http_request *request, int status, const struct http_header *headers,
                const char *body, size_t length);

/* The same after a pause, during which the client waits: for wrong passwords. */
void http_reply_later(struct http_request *request, double seconds, int status,
                      const struct http_header *headers, const char *body, size_t length);

/* An answer that goes on: each http_stream_write appends to it, http_stream_end ends it. gone is
 * called once, when the client has left (not after http_stream_end); the request may not be used
 * any more then. A client that is HTTP_STREAM_MAX bytes behind is given up. */
#define HTTP_STREAM_MAX (4u << 20)
void http_stream(struct http_request *request, int status, const struct http_header *headers,
                 void (*gone)(void *context), void *context);
void http_stream_write(struct http_request *request, const char *bytes, size_t length);
void http_stream_end(struct http_request *request);

/* Ends all streams of a server when what was written to them has been taken; each one's gone is
 * called. */
void http_end_streams(struct http_server *server);

/* Bytes that the client has not taken yet. */
size_t http_stream_waiting(const struct http_request *request);

#endif
