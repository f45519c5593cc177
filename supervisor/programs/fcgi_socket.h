/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_FCGI_SOCKET_H
#define SUPERVISOR_PROGRAMS_FCGI_SOCKET_H

#include "common/err.h"
#include "common/program_settings.h"

/*
 * The listening socket of an [fcgi-program:x], which its processes have as standard input. It is
 * open while any of them lives.
 */
struct fcgi_socket;

/* Looks its address up, and opens it once to see that this can be done. NULL with err on failure.
 */
struct fcgi_socket *fcgi_socket_create(const struct group_settings *settings, struct err *err);

/* The same without opening it: it goes on with a descriptor that it had (-1: none), whose holders are
 * to hold it again. */
struct fcgi_socket *fcgi_socket_resume(const struct group_settings *settings, struct err *err);
void fcgi_socket_take(struct fcgi_socket *socket, int fd);

/* Closes the descriptor, whoever holds it, and frees the rest. Accepts NULL. */
void fcgi_socket_destroy(struct fcgi_socket *socket);

/* One more process needs it, or one less. hold opens it for the first one: 0, or -1 with err. */
int fcgi_socket_hold(struct fcgi_socket *socket, struct err *err);
void fcgi_socket_release(struct fcgi_socket *socket);

/* The descriptor; -1 while nobody holds it. */
int fcgi_socket_fd(const struct fcgi_socket *socket);

#endif
