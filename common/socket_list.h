/* SPDX-License-Identifier: MIT */
#ifndef COMMON_SOCKET_LIST_H
#define COMMON_SOCKET_LIST_H

#include <stddef.h>
#include <sys/socket.h>

#include "common/err.h"

/*
 * Listening sockets as they are configured, separated by white space or commas, each with NAME=
 * before it or not: tcp://ADDRESS:PORT (an address in numbers, [IPv6], localhost or *),
 * unix:///PATH, systemd://NAME (one that musterd got from its service manager). Pure.
 */
#define SOCKETS_MAX           8
#define SOCKET_NAME_MAX       64
#define SOCKET_URL_MAX        140
#define SOCKET_UNIX_PREFIX    "unix://"
#define SOCKET_SYSTEMD_PREFIX "systemd://"

struct socket_item {
    char name[SOCKET_NAME_MAX]; /* "": none was given */
    char url[SOCKET_URL_MAX];
    struct sockaddr_storage address; /* family AF_UNSPEC for systemd:// */
    socklen_t address_length;
};

struct socket_list {
    struct socket_item items[SOCKETS_MAX];
    size_t count;
};

/* Returns 0, or -1 with err. */
int socket_list_parse(const char *text, struct socket_list *list, struct err *err);

#endif
