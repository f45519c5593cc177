/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROBE_H
#define SUPERVISOR_PROGRAMS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/check.h"
#include "supervisor/programs/watch_decide.h"

struct probe_command;
struct program;
struct program_host;

/*
 * One check of a program at a time: a connection, a GET or a command, in the loop of the master,
 * which never waits for it. done is called once for each that was started and not stopped, never
 * from within probe_start.
 */
struct probe {
    const struct program *program;
    void (*done)(void *context, const char *failure); /* NULL: it has passed */
    void *context;

    const struct check *check; /* the caller's, while it is under way; NULL: none is */
    int fd;
    bool is_connected;
    ev_io io;
    ev_timer limit; /* also ends at once what cannot even begin */
    char failure[200];
    char answer[HTTP_STATUS_BYTES];
    size_t got;
    struct probe_command *command;
};

/* No check is under way. done gets context, and why the check has failed (NULL: it has passed), in
 * a text that lives during the call. program must outlive the probe. */
void probe_init(struct probe *probe, const struct program *program,
                void (*done)(void *context, const char *failure), void *context);

/* Begins a check of CHECK_TCP or a later kind; it has failed after timeout_ms. */
void probe_start(struct probe *probe, const struct check *check, int64_t timeout_ms);

/* Forgets the one that is under way, if any. A command is killed. */
void probe_stop(struct probe *probe);

/* probe_command.c. Starts it as the program's user, in its directory and environment, in a process
 * group of its own. Returns NULL with err. probe_command_forget kills it; ended is not called then.
 */
struct probe_command *probe_command_start(const struct program *program, const char *line,
                                          void (*ended)(void *context, int status), void *context,
                                          struct err *err);
void probe_command_forget(struct probe_command *command);

/* For an upgrade: who follows does not know what they have found, kills them, and begins anew.
 * probe_commands_each tells the pids; probe_command_kill is for a child of ours that is not reaped.
 */
void probe_commands_each(const struct program_host *host, void (*each)(void *context, pid_t pid),
                         void *context);
void probe_command_kill(pid_t pid);

/* At the end: frees what is there of those that have not ended. */
void probe_commands_finish(struct program_host *host);

#endif
