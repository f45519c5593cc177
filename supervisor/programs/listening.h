/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_LISTENING_H
#define SUPERVISOR_PROGRAMS_LISTENING_H

#include <stdbool.h>

#include "common/err.h"
#include "common/socket_list.h"

/*
 * Listening sockets that are handed to programs: each is bound once for all programs and processes
 * that name it, and stays open as long as one of them does, however often they are started.
 */
struct listening {
    struct listening *next;
    int fd;
    unsigned holders;
    char url[SOCKET_URL_MAX];
};

struct listenings {
    struct listening *first;
    struct inherited *inherited; /* from the service manager, by name; until somebody names them */
};

/* Takes what the service manager has passed to this process (LISTEN_FDS). Once, at the start. */
void listenings_init(struct listenings *listenings);
void listenings_finish(struct listenings *listenings);

/* The socket, bound and listening, to be released by its holder. NULL with err where it cannot be.
 */
struct listening *listening_hold(struct listenings *listenings, const struct socket_item *item,
                                 struct err *err);
void listening_release(struct listenings *listenings,
                       struct listening *listening); /* accepts NULL */

/* For who takes them over from another master: all that the service manager has passed; puts one that
 * is open, and nobody holds yet; lets go of those that nobody has held since. */
void listenings_each_inherited(const struct listenings *listenings,
                               void (*each)(void *context, const char *name, int fd),
                               void *context);
void listenings_resume_inherited(struct listenings *listenings, const char *name, int fd);
void listenings_resume(struct listenings *listenings, const char *url, int fd);
bool listenings_have(const struct listenings *listenings, const char *url);
void listenings_settle(struct listenings *listenings);

#endif
