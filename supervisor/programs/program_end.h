/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_END_H
#define SUPERVISOR_PROGRAMS_PROGRAM_END_H

#include <stdbool.h>

#include "supervisor/programs/program.h"

/* How a process has ended, and what is told of that. status is that of waitpid(2). */

/* An end before it was running, as which one that is not ready counts however long it took. */
bool program_end_is_failed_start(const struct program *program, int status);

/* Notes it in the program and in the log. */
void program_end_note(struct program *program, int status, bool was_too_quick);

/* Why the last start or run came to nothing: a malloc'd text, which it takes; NULL: it did not. */
void program_set_spawn_error(struct program *program, char *text);

#endif
