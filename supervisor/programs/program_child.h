/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_CHILD_H
#define SUPERVISOR_PROGRAMS_PROGRAM_CHILD_H

#include "common/spawn.h"
#include "supervisor/programs/attributes.h"
#include "supervisor/programs/program.h"

/* What a child does between fork and exec, and what it writes to its standard error where that
 * fails: in Supervisor's words. */
struct program_child {
    const struct program *program;
    const struct identity *identity; /* NULL: ours */
    const char *command;             /* as it was written */
    struct attributes attributes;
    char *listen_pid; /* where it writes its pid to, ten digits at most; NULL: nowhere */
};

/* Before the fork: looks up what cannot be asked for after it. */
void program_child_init(struct program_child *child, const struct program *program,
                        const char *command);

/* For struct spawn_request. */
int program_child_prepare(const void *context);
void program_child_failed(const void *context, enum spawn_stage stage, int errno_value);

#endif
