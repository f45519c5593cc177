/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_WIRE_H
#define DRIVERS_REDIS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/connection_settings.h"
#include "drivers/redis/tls.h"

/* A wire to a server: TCP, TCP with TLS, or a Unix socket. Never blocks past a deadline,
 * which is in milliseconds of the system's monotonic clock. */
struct wire {
    int fd;          /* non-blocking; -1 while closed */
    struct tls *tls; /* or NULL */
};

/* Where a server is: at host and port, or (path not NULL) at a Unix socket. */
struct target {
    const char *path;
    const char *host;
    int port;
};

#define WIRE_CLOSED                                                                                \
    (struct wire)                                                                                  \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

/* Connects; settings say whether and how by TLS. Returns 0, or -1 with err and the wire closed.
 */
int redis_wire_open(struct wire *wire, const struct target *target,
                    const struct connection_settings *settings, int64_t deadline_ms,
                    struct err *err);
void redis_wire_close(struct wire *wire);

/* Reads what is there. Returns bytes; 0 where nothing is there now (*wants: what to wait for), or
 * -1 with err (ERR_UNAVAILABLE) where the connection is over. */
ssize_t redis_wire_read(struct wire *wire, void *bytes, size_t size, short *wants, struct err *err);

/* Writes what fits now; the same results. */
ssize_t redis_wire_write(struct wire *wire, const void *bytes, size_t size, short *wants,
                         struct err *err);

/* Waits until the socket is ready for these events. Returns 0, or -1 with err (ERR_UNAVAILABLE) at
 * the deadline. */
int redis_wire_wait(const struct wire *wire, short events, int64_t deadline_ms, struct err *err);

/* Whether the other end has gone, or sent what nobody asked for, while nothing was expected. */
bool redis_wire_is_stale(const struct wire *wire);

#endif
