/* SPDX-License-Identifier: MIT */
/* An HTTP server for test_http.py: prints its port and serves until it is told to stop. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mem.h"
#include "supervisor/control/http.h"

#define CONNECTIONS_MAX 20
#define BODY_MAX        1000

static const struct http_header plain[] = {{"Content-Type", "text/plain"}, {NULL, NULL}};

struct server {
    struct ev_loop *loop;
    struct http_request *stream; /* that has been opened last */
    unsigned gone;               /* streams whose client left */
};

static void reply(struct http_request *request, int status, const char *text)
{
    http_reply(request, status, plain, text, strlen(text));
}

static void on_gone(void *context)
{
    struct server *server = context;
    server->stream = NULL;
    server->gone++;
}

static void reply_gone(struct server *server, struct http_request *request)
{
    char text[32];
    snprintf(text, sizeof text, "%u", server->gone);
    reply(request, 200, text);
}

static void reply_credentials(struct http_request *request)
{
    char *user, *password, text[256];
    if (http_credentials(request, &user, &password) < 0) {
        http_reply_later(request, 0.1, 401, plain, "no", 2);
        return;
    }
    snprintf(text, sizeof text, "%s/%s", user, password ? password : "");
    free(user);
    free(password);
    reply(request, 200, text);
}

static void on_request(void *context, struct http_request *request)
{
    struct server *server = context;
    const char *path = http_path(request);
    if (strcmp(path, "/echo") == 0) {
        http_reply(request, 200, plain, buf_text(http_body(request)), http_body(request)->length);
    } else if (strcmp(path, "/say") == 0) {
        reply(request, 200, http_query(request, "text"));
    } else if (strcmp(path, "/user") == 0) {
        reply_credentials(request);
    } else if (strcmp(path, "/stream") == 0) {
        server->stream = request;
        http_stream(request, 200, plain, on_gone, server);
    } else if (strcmp(path, "/write") == 0) {
        http_stream_write(server->stream, buf_text(http_body(request)), http_body(request)->length);
        reply(request, 200, "written");
    } else if (strcmp(path, "/end") == 0) {
        http_stream_end(server->stream);
        reply(request, 200, "ended");
    } else if (strcmp(path, "/gone") == 0) {
        reply_gone(server, request);
    } else {
        reply(request, 404, "not here");
    }
}

static void on_signal(struct ev_loop *loop, ev_signal *watch, int events)
{
    (void)watch, (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        exit(1);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(void)
{
    struct server server = {.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV)};
    const struct http_options options = {.loop = server.loop,
                                         .socket = listen_anywhere(),
                                         .connections_max = CONNECTIONS_MAX,
                                         .body_max = BODY_MAX,
                                         .handle = on_request,
                                         .context = &server};
    struct err err = ERR_INIT;
    struct http_server *http = http_create(&options, &err);
    if (!http) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    ev_signal stop;
    ev_signal_init(&stop, on_signal, SIGTERM);
    ev_signal_start(server.loop, &stop);
    ev_run(server.loop, 0);
    http_destroy(http);
    ev_signal_stop(server.loop, &stop);
    ev_loop_destroy(server.loop);
    return 0;
}
