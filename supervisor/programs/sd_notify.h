/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_SD_NOTIFY_H
#define SUPERVISOR_PROGRAMS_SD_NOTIFY_H

#include <sys/types.h>

#include <ev.h>

#include "common/err.h"
#include "supervisor/programs/notify_message.h"

struct program_host;
struct program_watch;

/*
 * $NOTIFY_SOCKET: one socket for all programs, in the abstract space, by a name that stays as long
 * as this process's pid does, and longer where it is in custody (custody.h). The kernel says who
 * sent a message; it counts for the program whose process, or whose process group, the sender is.
 */
struct sd_notify {
    int fd; /* -1 before somebody needs it */
    ev_io io;
    char name[40]; /* with its @ */
    struct program_watch *listeners;
};

/* The socket is not open yet: it is when a program needs it (sd_notify_open). Finishing closes it.
 */
void sd_notify_init(struct program_host *host);
void sd_notify_finish(struct program_host *host);

/* Opens it where it is not yet. Returns 0, or -1 with err. */
int sd_notify_open(struct program_host *host, struct err *err);

/* Goes on with one that was open: the descriptor is its own from here on. */
void sd_notify_resume(struct program_host *host, int fd, const char *name);

/* One message from such a socket, without waiting: 1; 0 for one that is too long and does not
 * count; -1 where none waits. sender is 0 where the kernel does not name it. */
int sd_notify_receive(int socket, struct notify_message *message, pid_t *sender);

/* Takes what has come, without waiting; also called when a program has ended, and before somebody
 * is called silent. */
void sd_notify_read(struct program_host *host);

/* Who is told of messages; more than once is once. */
void sd_notify_listen(struct program_watch *watch);
void sd_notify_leave(struct program_watch *watch);

#endif
