/* SPDX-License-Identifier: MIT */
#ifndef COMMON_CHECK_H
#define COMMON_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "common/err.h"

/*
 * How it is seen that a program is ready, or well, as it is written in a configuration:
 *
 *   tcp:HOST:PORT, unix:/PATH    something takes a connection there
 *   http://HOST[:PORT]/PATH      GET is answered with a status from 200 to 399
 *   command PROGRAM ARGUMENTS    it ends with status 0; no shell
 *
 * and for readiness alone
 *
 *   started     it has stayed up for startsecs
 *   fd:N        it has written a line to its descriptor N
 *   notify      it has said READY=1 to $NOTIFY_SOCKET (sd_notify)
 *   exit        it has ended, with one of exitcodes
 *
 * HOST is an address in digits or localhost: nobody waits for a name server.
 */
enum check_kind {
    CHECK_STARTED,
    CHECK_FD,
    CHECK_NOTIFY,
    CHECK_EXIT,
    CHECK_TCP,
    CHECK_UNIX,
    CHECK_HTTP,
    CHECK_COMMAND,
};

#define CHECK_FD_MIN 3
#define CHECK_FD_MAX 255

struct check {
    enum check_kind kind;
    int fd;                          /* CHECK_FD */
    struct sockaddr_storage address; /* CHECK_TCP, CHECK_UNIX, CHECK_HTTP */
    socklen_t address_length;
    char *host;   /* CHECK_HTTP: as written, with its port */
    char *target; /* CHECK_HTTP: the path; CHECK_COMMAND: the command line; else NULL */
};

/* Reads a check; one of a health alone is not one of the second list. "" is CHECK_STARTED. Returns
 * 0, or -1 with err and nothing in check. */
int check_parse(const char *text, bool of_health, struct check *check, struct err *err);

/* Also for one that is zeroed. */
void check_finish(struct check *check);

#endif
