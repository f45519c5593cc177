/* SPDX-License-Identifier: MIT */
#ifndef COMMON_ENDPOINT_H
#define COMMON_ENDPOINT_H

#include <stddef.h>

#include "common/err.h"

/* Where a server listens: "host", "host:port", "192.0.2.1:port", "[2001:db8::1]:port". */
#define ENDPOINTS_MAX     64
#define ENDPOINT_HOST_MAX 255 /* bytes */

struct endpoint {
    char *host; /* without brackets */
    int port;   /* 1 to 65535 */
};

/* Several of them, of which any will do. */
struct endpoints {
    struct endpoint *items;
    size_t count;
};

/* Reads a list that is separated by commas or white space; port is for those that name none. An
 * empty list is read as none. Returns 0, or -1 with err and nothing in endpoints. */
int endpoints_parse(const char *text, int port, struct endpoints *endpoints, struct err *err);
void endpoints_finish(struct endpoints *endpoints);

#endif
