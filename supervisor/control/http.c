/* SPDX-License-Identifier: MIT */
#include "supervisor/control/http_request.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/fd.h"
#include "common/footprint.h"
#include "common/log.h"
#include "common/mem.h"

/* When there has been no large answer for so long, what it took goes back. */
#define QUIET_SECONDS 1.

static void set_state(struct http_request *request, enum request_state state)
{
    request->state = state;
}

/* Driving the daemon */

static void run(struct http_server *server)
{
    server->due = false;
    MHD_run(server->daemon);
}

static void on_ready(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)loop, (void)events;
    run(watch->data);
}

static void on_timeout(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    run(timer->data);
}

/* Before the loop sleeps: resumed connections are served, and the next time-out is set. */
static void on_turn(struct ev_loop *loop, ev_prepare *watch, int events)
{
    (void)events;
    struct http_server *server = watch->data;
    while (server->due)
        run(server);
    MHD_UNSIGNED_LONG_LONG wait_ms;
    ev_timer_stop(loop, &server->timeout);
    if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES) {
        ev_timer_set(&server->timeout, (double)wait_ms / 1000, 0.);
        ev_timer_start(loop, &server->timeout);
    }
}

/* Suspending */

void http_suspend(struct http_request *request)
{
    if (request->suspended)
        return;
    MHD_suspend_connection(request->connection);
    request->suspended = true;
    ev_io_start(request->server->options.loop, &request->hangup);
}

void http_resume(struct http_request *request)
{
    if (!request->suspended)
        return;
    ev_io_stop(request->server->options.loop, &request->hangup);
    request->suspended = false;
    MHD_resume_connection(request->connection);
    request->server->due = true;
    ev_feed_event(request->server->options.loop, &request->server->turn, EV_PREPARE);
}

/* Bytes that come while a connection is suspended belong to its next request, and stay; then nobody
 * watches any more whether the client leaves, until something is written to it. */
static void on_hangup(struct ev_loop *loop, ev_io *watch, int events)
{
    (void)events;
    struct http_request *request = watch->data;
    char byte;
    ssize_t got = recv(watch->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    ev_io_stop(loop, watch);
    if (got > 0)
        return;
    request->stream_ended = true;
    if (request->state == ANSWERED)
        http_resume(request);
}

/* A request from its first byte to its end */

static struct http_request *begin(struct http_server *server, struct MHD_Connection *connection,
                                  const char *path, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct http_request *request = mem_new(1, sizeof *request);
    request->server = server;
    request->next = server->requests;
    server->requests = request;
    request->connection = connection;
    request->method = mem_strdup(method);
    request->path = mem_strdup(path);
    buf_init(&request->body, server->options.body_max);
    buf_init(&request->stream, HTTP_STREAM_MAX);
    ev_init(&request->pause, NULL);
    ev_io_init(&request->hangup, on_hangup, info->connect_fd, EV_READ);
    request->hangup.data = request;
    return request;
}

static void finish(struct http_request *request)
{
    struct http_server *server = request->server;
    struct http_request **link = &server->requests;
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    ev_timer_stop(server->options.loop, &request->pause);
    ev_io_stop(server->options.loop, &request->hangup);
    if (request->response)
        MHD_destroy_response(request->response);
    buf_finish(&request->body);
    buf_finish(&request->stream);
    free(request->method);
    free(request->path);
    free(request);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    struct http_request *request = *slot;
    if (!request)
        return;
    *slot = NULL;
    void (*gone)(void *) = request->gone;
    void *gone_context = request->gone_context;
    finish(request);
    if (gone)
        gone(gone_context);
}

/* At its limit the daemon does not listen, and it looks whether it may again only at the beginning
 * of a run. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)connection, (void)slot;
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        server->due = true;
}

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind, (void)value;
    if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0 ||
        strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
        ++*(int *)context;
    return MHD_YES;
}

static void refuse(struct http_request *request, int status, const char *title, const char *detail)
{
    static const struct http_header problem[] = {{"Content-Type", "application/problem+json"},
                                                 {NULL, NULL}};
    char text[256];
    int length = snprintf(text, sizeof text,
                          "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
                          "\"detail\":\"%s\"}",
                          title, status, detail);
    http_reply(request, status, problem, text, (size_t)length);
}

/* Hands a whole request over. */
static void hand_over(struct http_request *request)
{
    int lengths = 0;
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &lengths);
    set_state(request, WAITING);
    if (lengths > 1)
        refuse(request, MHD_HTTP_BAD_REQUEST, "Bad Request",
               "the length of the request is given twice");
    else if (request->body_is_too_long)
        refuse(request, MHD_HTTP_CONTENT_TOO_LARGE, "Content Too Large", "the body is too long");
    else
        request->server->options.handle(request->server->options.context, request);
}

static enum MHD_Result queue_response(struct http_request *request)
{
    set_state(request, ANSWERED);
    enum MHD_Result result =
        MHD_queue_response(request->connection, (unsigned)request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

/* libmicrohttpd calls this when the headers are there, for each piece of the body, at its end, and
 * again whenever the connection is resumed before it has a response. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *length, void **slot)
{
    (void)version;
    struct http_request *request = *slot;
    if (!request) {
        *slot = begin(context, connection, path, method);
        return MHD_YES;
    }
    if (*length > 0) {
        if (buf_append(&request->body, bytes, *length) < 0)
            request->body_is_too_long = true;
        *length = 0;
        return MHD_YES;
    }
    if (request->state == RECEIVING)
        hand_over(request);
    bool ends = request->server->ends;
    if (request->response && (ends || !ev_is_active(&request->pause)))
        return queue_response(request);
    if (ends)
        return MHD_NO; /* nobody answers it any more, and libmicrohttpd ends with none suspended */
    http_suspend(request);
    return MHD_YES;
}

/* The server */

static void on_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    char text[256];
    vsnprintf(text, sizeof text, format, arguments);
    log_write(LOG_DEBUG, "http: %s", text);
}

/* A NUL would end the text: with one nothing is decoded, and such a path is none of ours. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strstr(text, "%00") ? strlen(text) : MHD_http_unescape(text);
}

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_options *options = &server->options;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
        server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, options->socket,
        MHD_OPTION_CONNECTION_LIMIT, options->connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)HTTP_IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADER_MAX,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_END);
}

static void on_quiet(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)events;
    ev_timer_stop(loop, timer);
    footprint_shrink();
}

static void init_watches(struct http_server *server)
{
    struct ev_loop *loop = server->options.loop;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ev_io_init(&server->watch, on_ready, info->epoll_fd, EV_READ);
    ev_init(&server->timeout, on_timeout);
    ev_timer_init(&server->quiet, on_quiet, 0., QUIET_SECONDS);
    ev_prepare_init(&server->turn, on_turn);
    server->watch.data = server->timeout.data = server->turn.data = server;
    ev_io_start(loop, &server->watch);
    ev_prepare_start(loop, &server->turn);
}

struct http_server *http_create(const struct http_options *options, struct err *err)
{
    struct http_server *server = mem_new(1, sizeof *server);
    server->options = *options;
    server->daemon = start_daemon(server);
    if (!server->daemon) {
        err_set(err, ERR_SYSTEM, "cannot start the HTTP server");
        fd_close(&server->options.socket);
        free(server);
        return NULL;
    }
    init_watches(server);
    return server;
}

/* As many as an answer takes from its resumed connection to the socket. */
#define LAST_RUNS 3

void http_destroy(struct http_server *server)
{
    if (!server)
        return;
    struct ev_loop *loop = server->options.loop;
    server->ends = true;
    for (struct http_request *request = server->requests; request; request = request->next) {
        request->stream_ended = true;
        http_resume(request);
    }
    for (int i = 0; i < LAST_RUNS; i++)
        run(server); /* who has just been answered gets the answer: that we stop, e.g. */
    ev_io_stop(loop, &server->watch);
    ev_timer_stop(loop, &server->timeout);
    ev_timer_stop(loop, &server->quiet);
    ev_prepare_stop(loop, &server->turn);
    MHD_stop_daemon(server->daemon);
    free(server);
}

void http_retire(struct http_server *server)
{
    int socket = MHD_quiesce_daemon(server->daemon);
    fd_close(&socket);
    server->options.socket = -1;
}

/* A request is in the list until its answer has been sent. */
bool http_is_asked(const struct http_server *server)
{
    for (const struct http_request *request = server->requests; request; request = request->next)
        if (!request->gone)
            return true;
    return false;
}

int http_listener(const struct http_server *server)
{
    return server->options.socket;
}
