/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_ENVIRONMENT_H
#define SUPERVISOR_PROGRAMS_PROGRAM_ENVIRONMENT_H

#include "supervisor/programs/program.h"

/* The environment of a program: ours, what Supervisor adds, that of [supervisord], that of its
 * files, its own, its secrets; later ones count. Ours is large and mostly handed on as it is, so it
 * is not copied: it must stay as it is meanwhile. */
struct program_environment {
    char **pairs;      /* NULL-terminated */
    size_t made_count; /* the first so many were made for it */
};

/* Returns 0, or -1 with err: a file of variables cannot be read. program_environment_finish is due
 * after success. */
int program_environment_make(struct program_environment *environment, const struct program *program,
                             struct err *err);
void program_environment_finish(struct program_environment *environment);

/* Where the child writes its pid to (LISTEN_PID), with room for ten digits; NULL where it has no
 * sockets. */
char *program_environment_listen_pid(const struct program_environment *environment);

/* The PATH that is configured for it, malloc'd; NULL where none is. */
char *program_environment_path(const struct program *program);

#endif
