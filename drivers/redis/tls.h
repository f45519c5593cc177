/* SPDX-License-Identifier: MIT */
#ifndef DRIVERS_REDIS_TLS_H
#define DRIVERS_REDIS_TLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/err.h"
#include "common/connection_settings.h"

/* TLS over a non-blocking socket (OpenSSL). The server's certificate and its name are always
 * checked. Files are read at every connect, so that renewed certificates are taken up. */
struct tls;

/* Begins TLS on a connected socket, which stays the caller's. name is what the certificate must be
 * for: a host's name, or its address in digits. NULL with err where a file cannot be used. */
struct tls *redis_tls_new(const struct connection_settings *settings, const char *name, int fd,
                          struct err *err);
void redis_tls_destroy(struct tls *tls); /* accepts NULL; says good-bye where that does not block */

/* One step. Each returns what it did: bytes (of the handshake: 1 when it is through), 0 where the
 * socket has to be ready first (*wants: POLLIN or POLLOUT), or -1 with err where the connection is
 * over: ERR_INVALID where the certificates do not do, else ERR_UNAVAILABLE. */
int redis_tls_handshake(struct tls *tls, short *wants, struct err *err);
ssize_t redis_tls_read(struct tls *tls, void *bytes, size_t size, short *wants, struct err *err);
ssize_t redis_tls_write(struct tls *tls, const void *bytes, size_t size, short *wants,
                        struct err *err);

#endif
