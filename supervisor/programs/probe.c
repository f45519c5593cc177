/* SPDX-License-Identifier: MIT */
#include "supervisor/programs/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "supervisor/programs/program.h"

static struct ev_loop *loop_of(const struct probe *probe)
{
    return probe->program->host->host->loop;
}

void probe_stop(struct probe *probe)
{
    ev_io_stop(loop_of(probe), &probe->io);
    ev_timer_stop(loop_of(probe), &probe->limit);
    fd_close(&probe->fd);
    probe_command_forget(probe->command);
    probe->command = NULL;
    probe->check = NULL;
}

static void end(struct probe *probe, const char *failure)
{
    probe_stop(probe);
    probe->done(probe->context, failure);
}

/* It has failed before there was anything to wait for: done is called in the next turn. */
static void fail_soon(struct probe *probe, const char *failure)
{
    snprintf(probe->failure, sizeof probe->failure, "%s", failure);
    fd_close(&probe->fd);
    ev_timer_stop(loop_of(probe), &probe->limit);
    ev_timer_set(&probe->limit, 0., 0.);
    ev_timer_start(loop_of(probe), &probe->limit);
}

static void on_limit(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop, (void)events;
    struct probe *probe = timer->data;
    end(probe, probe->failure);
}

/* Connections */

static void listen_for(struct probe *probe, int events)
{
    ev_io_stop(loop_of(probe), &probe->io);
    ev_io_set(&probe->io, probe->fd, events);
    ev_io_start(loop_of(probe), &probe->io);
}

static void ask(struct probe *probe)
{
    char *request = mem_printf("GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: muster\r\n"
                               "Accept: */*\r\nConnection: close\r\n\r\n",
                               probe->check->target, probe->check->host);
    size_t length = strlen(request);
    ssize_t sent = send(probe->fd, request, length, MSG_NOSIGNAL);
    free(request);
    if (sent == (ssize_t)length)
        listen_for(probe, EV_READ);
    else
        end(probe, sent < 0 ? strerror(errno) : "the request is not taken");
}

static void on_connected(struct probe *probe)
{
    int cause = 0;
    socklen_t length = sizeof cause;
    if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &cause, &length) < 0)
        cause = errno;
    probe->is_connected = true;
    if (cause != 0)
        end(probe, strerror(cause));
    else if (probe->check->kind == CHECK_HTTP)
        ask(probe);
    else
        end(probe, NULL);
}

static void on_answer(struct probe *probe)
{
    ssize_t got = read(probe->fd, probe->answer + probe->got, sizeof probe->answer - probe->got);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    probe->got += got > 0 ? (size_t)got : 0;
    int status = watch_http_status(probe->answer, probe->got);
    if (status == 0 && got > 0)
        return;
    char text[40];
    snprintf(text, sizeof text, "HTTP status %d", status);
    if (status > 0)
        end(probe, watch_http_is_good(status) ? NULL : text);
    else
        end(probe, got < 0 ? strerror(errno) : "the answer is no HTTP");
}

static void on_io(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop, (void)events;
    struct probe *probe = io->data;
    if (probe->is_connected)
        on_answer(probe);
    else
        on_connected(probe);
}

/* A unix socket whose queue is full is EAGAIN, which says no more than that it is busy. */
static void start_connection(struct probe *probe)
{
    const struct sockaddr *address = (const struct sockaddr *)&probe->check->address;
    probe->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    probe->is_connected = false;
    probe->got = 0;
    if (probe->fd >= 0 &&
        (connect(probe->fd, address, probe->check->address_length) == 0 || errno == EINPROGRESS))
        listen_for(probe, EV_WRITE);
    else
        fail_soon(probe, strerror(errno));
}

/* Commands */

static void on_ended(void *context, int status)
{
    struct probe *probe = context;
    char text[SPAWN_STATUS_SIZE];
    probe->command = NULL;
    end(probe, status == 0 ? NULL : spawn_status_text(status, text));
}

static void start_command(struct probe *probe)
{
    struct err err = ERR_INIT;
    probe->command =
        probe_command_start(probe->program, probe->check->target, on_ended, probe, &err);
    if (!probe->command)
        fail_soon(probe, err.text);
}

void probe_start(struct probe *probe, const struct check *check, int64_t timeout_ms)
{
    struct ev_loop *loop = loop_of(probe);
    probe_stop(probe);
    probe->check = check;
    snprintf(probe->failure, sizeof probe->failure, "no answer within %g s",
             (double)timeout_ms / 1000.);
    ev_now_update(loop);
    ev_timer_set(&probe->limit, (double)timeout_ms / 1000., 0.);
    ev_timer_start(loop, &probe->limit);
    if (check->kind == CHECK_COMMAND)
        start_command(probe);
    else
        start_connection(probe);
}

void probe_init(struct probe *probe, const struct program *program,
                void (*done)(void *context, const char *failure), void *context)
{
    *probe = (struct probe){.program = program, .done = done, .context = context, .fd = -1};
    ev_init(&probe->io, on_io);
    ev_init(&probe->limit, on_limit);
    probe->io.data = probe->limit.data = probe;
}
