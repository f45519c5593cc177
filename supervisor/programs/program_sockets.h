/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_SOCKETS_H
#define SUPERVISOR_PROGRAMS_PROGRAM_SOCKETS_H

#include <stddef.h>

#include "common/err.h"
#include "common/spawn.h"

struct program;

/* The listening sockets of one process (`sockets`), which it gets as descriptors 3, 4 … with
 * LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, as from systemd; and its start by the first connection
 * (`socket_activation`). */
struct program_sockets;

/* To be called when there is a program and when it has other settings: opens what is new, closes
 * what is not named any more. What cannot be opened is logged, and tried again at each start. */
void program_sockets_follow(struct program *program);
void program_sockets_end(struct program *program);

/* Before a start: all are open. Returns 0, or -1 with err. */
int program_sockets_prepare(struct program *program, struct err *err);

/* Adds them to fds (SPAWN_FDS_MAX in all). Returns how many there are then. */
size_t program_sockets_add(const struct program *program, struct spawn_fd *fds, size_t count);

/* Tells each that is open. */
void program_sockets_each(const struct program *program,
                          void (*each)(void *context, const char *url, int fd), void *context);

/* LISTEN_FDNAMES=…, malloc'd; NULL where there are no sockets. *count: how many. */
char *program_sockets_names(const struct program *program, size_t *count);

/* The program has another state: begins or ends waiting for a connection. */
void program_sockets_note_state(struct program *program);

#endif
