/* SPDX-License-Identifier: MIT */
#ifndef COMMON_RESOLVE_H
#define COMMON_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/err.h"

/*
 * Names of hosts, looked up in a time that the caller sets. The C library's own look-up may wait
 * for a silent name server for half a minute, so it runs in a thread of its own, which is left
 * behind when the time is over; few of those can be there at once. Addresses in digits need none.
 */
#define RESOLVE_ADDRESSES_MAX 8
#define RESOLVE_THREADS_MAX   8

struct resolved {
    struct sockaddr_storage addresses[RESOLVE_ADDRESSES_MAX];
    socklen_t lengths[RESOLVE_ADDRESSES_MAX];
    size_t count;
};

/* The addresses of a host for TCP, at least one. deadline_ms is by the system's monotonic clock.
 * Returns 0, or -1 with err (ERR_UNAVAILABLE). */
int resolve_host(const char *host, int port, int64_t deadline_ms, struct resolved *out,
                 struct err *err);

#endif
