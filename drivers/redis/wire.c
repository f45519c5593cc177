/* SPDX-License-Identifier: MIT */
#include "drivers/redis/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/resolve.h"

/* A silent peer is noticed after IDLE + COUNT * INTERVAL seconds, also by who only listens. */
#define KEEPALIVE_IDLE     15
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT    3

/* The time that one of several addresses gets of what is left. */
static int64_t share(int64_t deadline_ms, size_t addresses_left)
{
    int64_t now_ms = clock_monotonic_ms(&clock_system);
    int64_t left = deadline_ms - now_ms;
    return now_ms + (left > 0 ? left / (int64_t)addresses_left : 0);
}

int redis_wire_wait(const struct wire *wire, short events, int64_t deadline_ms, struct err *err)
{
    for (;;) {
        int64_t left = deadline_ms - clock_monotonic_ms(&clock_system);
        struct pollfd watch = {.fd = wire->fd, .events = events};
        int ready = poll(&watch, 1, left <= 0 ? 0 : left < 60000 ? (int)left : 60000);
        if (ready > 0)
            return 0;
        if (ready == 0 && left <= 0)
            return err_set(err, ERR_UNAVAILABLE, "the server does not answer in time");
        if (ready < 0 && errno != EINTR)
            return err_errno(err, errno, "poll");
    }
}

/* --- opening --- */

static void set_option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

static void tune(int fd, int family)
{
    if (family == AF_UNIX)
        return;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
}

/* Waits for the end of a connect that goes on. A full backlog of a Unix socket answers EAGAIN, and
 * is tried again. Returns 0 or an errno. */
static int finish_connect(const struct wire *wire, int64_t deadline_ms)
{
    int cause = 0;
    socklen_t length = sizeof cause;
    if (redis_wire_wait(wire, POLLOUT, deadline_ms, NULL) < 0)
        return ETIMEDOUT;
    getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &cause, &length);
    return cause;
}

static int connect_in_time(const struct wire *wire, const struct sockaddr *address,
                           socklen_t length, int64_t deadline_ms)
{
    while (connect(wire->fd, address, length) < 0) {
        if (errno == EINPROGRESS)
            return finish_connect(wire, deadline_ms);
        if (errno != EAGAIN && errno != EINTR)
            return errno;
        if (clock_monotonic_ms(&clock_system) >= deadline_ms)
            return ETIMEDOUT;
        poll(NULL, 0, 10);
    }
    return 0;
}

static int open_address(struct wire *wire, const struct sockaddr *address, socklen_t length,
                        int64_t deadline_ms, struct err *err)
{
    wire->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wire->fd < 0)
        return err_errno(err, errno, "cannot make a socket");
    tune(wire->fd, address->sa_family);
    int cause = connect_in_time(wire, address, length, deadline_ms);
    if (cause == 0)
        return 0;
    fd_close(&wire->fd);
    return err_set(err, ERR_UNAVAILABLE, "cannot connect: %s", strerror(cause));
}

static int open_path(struct wire *wire, const char *path, int64_t deadline_ms, struct err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return err_set(err, ERR_INVALID, "path: longer than %zu bytes, which no socket's may be",
                       sizeof address.sun_path - 1);
    strcpy(address.sun_path, path);
    return open_address(wire, (struct sockaddr *)&address, sizeof address, deadline_ms, err);
}

static int open_host(struct wire *wire, const struct target *target, int64_t deadline_ms,
                     struct err *err)
{
    struct resolved found;
    struct err cause = ERR_INIT;
    if (resolve_host(target->host, target->port, deadline_ms, &found, err) < 0)
        return -1;
    for (size_t i = 0; i < found.count; i++) {
        err_clear(&cause);
        if (open_address(wire, (struct sockaddr *)&found.addresses[i], found.lengths[i],
                         share(deadline_ms, found.count - i), &cause) == 0)
            return 0;
    }
    return err_set(err, cause.code, "%s", cause.text);
}

static int open_tls(struct wire *wire, const struct target *target,
                    const struct connection_settings *settings, int64_t deadline_ms,
                    struct err *err)
{
    const char *name = settings->tls_server_name[0] ? settings->tls_server_name : target->host;
    short wants = 0;
    wire->tls = redis_tls_new(settings, name, wire->fd, err);
    if (!wire->tls)
        return -1;
    for (;;) {
        int done = redis_tls_handshake(wire->tls, &wants, err);
        if (done != 0)
            return done < 0 ? -1 : 0;
        if (redis_wire_wait(wire, wants, deadline_ms, err) < 0)
            return -1;
    }
}

int redis_wire_open(struct wire *wire, const struct target *target,
                    const struct connection_settings *settings, int64_t deadline_ms,
                    struct err *err)
{
    *wire = WIRE_CLOSED;
    int result = target->path ? open_path(wire, target->path, deadline_ms, err)
                              : open_host(wire, target, deadline_ms, err);
    if (result == 0 && settings->tls && !target->path)
        result = open_tls(wire, target, settings, deadline_ms, err);
    if (result < 0)
        redis_wire_close(wire);
    return result;
}

void redis_wire_close(struct wire *wire)
{
    redis_tls_destroy(wire->tls);
    wire->tls = NULL;
    fd_close(&wire->fd);
}

/* --- reading and writing --- */

static int broken(int cause, struct err *err)
{
    return err_set(err, ERR_UNAVAILABLE, "the connection is broken: %s", strerror(cause));
}

ssize_t redis_wire_read(struct wire *wire, void *bytes, size_t size, short *wants, struct err *err)
{
    if (wire->tls)
        return redis_tls_read(wire->tls, bytes, size, wants, err);
    ssize_t got = recv(wire->fd, bytes, size, 0);
    *wants = POLLIN;
    if (got == 0)
        return err_set(err, ERR_UNAVAILABLE, "the server has closed the connection");
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : broken(errno, err);
    return got;
}

ssize_t redis_wire_write(struct wire *wire, const void *bytes, size_t size, short *wants,
                         struct err *err)
{
    if (wire->tls)
        return redis_tls_write(wire->tls, bytes, size, wants, err);
    ssize_t put = send(wire->fd, bytes, size, MSG_NOSIGNAL);
    *wants = POLLOUT;
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : broken(errno, err);
    return put;
}

bool redis_wire_is_stale(const struct wire *wire)
{
    struct pollfd watch = {.fd = wire->fd, .events = POLLIN};
    return poll(&watch, 1, 0) > 0;
}
