/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_LAUNCH_H
#define SUPERVISOR_PROGRAMS_PROGRAM_LAUNCH_H

#include "supervisor/programs/program.h"

/* Starts the process of a program, with its pipes and logs. Returns 0, or -1 with err, in
 * Supervisor's words. */
int program_launch(struct program *program, struct err *err);

/* Whether there is a file to be executed: FAULT_SUCCESS, FAULT_NO_FILE or FAULT_NOT_EXECUTABLE with
 * err. */
enum fault program_launch_check(const struct program *program, struct err *err);

/* The file that a name means, malloc'd: looked for in the PATH of the program's environment, or
 * else in ours. *file may be set on failure too. */
enum fault program_launch_find(const struct program *program, const char *name, char **file,
                               struct err *err);

#endif
