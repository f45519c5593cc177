/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_CONTROL_ADDRESS_H
#define SUPERVISOR_CONTROL_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "common/err.h"

/* What both ends of the control socket agree on. */
#define CONTROL_REQUEST_MAX (64u << 10) /* bytes in one request, without its newline */
#define CONTROL_ANSWER_MAX  (8u << 20)  /* bytes in one answer */

/* The address of a socket file. Returns 0, or -1 with err (ERR_INVALID) where the path is too long
 * for one. */
int control_address(struct sockaddr_un *address, const char *path, struct err *err);

#endif
