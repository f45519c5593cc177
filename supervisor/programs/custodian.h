/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_CUSTODIAN_H
#define SUPERVISOR_PROGRAMS_CUSTODIAN_H

#include <stddef.h>

#include "common/err.h"

/*
 * The custodian: a small process that holds the pipes of programs while their master lives, so that
 * they outlive it when it is killed, and gives them to the next one. Messages are JSON objects on a
 * SOCK_SEQPACKET socket, with descriptors: {"key", "pid", …} holds a program (no pid: not any
 * more), {"notify": NAME} the socket of sd_notify, {"cgroup": DIRECTORY} says what is to be opened
 * (cgroups.h) for the next master. When its master is gone, it waits at a socket
 * for the next one, and sends it all that it holds; it ends with that, or when no process is left.
 * Meanwhile it listens to what programs say of themselves, so that none waits for an answer to its
 * pings, and adds it as "said" (notify_message.h) to what it sends.
 */
#define CUSTODY_MESSAGE_MAX 65536
#define CUSTODY_FDS_MAX     16

/* Never returns. master and listener are its own. */
_Noreturn void custodian_run(int master, int listener);

/* One message with its descriptors. custody_send: 0, or -1 with errno. custody_receive: the length
 * of the text, which is followed by a NUL; 0 at the end; -1 with errno. */
int custody_send(int socket, const char *text, const int *fds, size_t fd_count);
long custody_receive(int socket, char text[CUSTODY_MESSAGE_MAX + 1], int fds[CUSTODY_FDS_MAX],
                     size_t *fd_count);

#endif
