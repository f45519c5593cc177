/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_PROGRAM_RELOAD_H
#define SUPERVISOR_PROGRAMS_PROGRAM_RELOAD_H

#include "supervisor/programs/program.h"

/* A program that is RUNNING is asked to read its own configuration again: its reload_command is
 * run, and where that ends well (or there is none) its reload_signal is sent. */

/* Whether it has a reload_signal or a reload_command. */
bool program_reload_is_possible(const struct program *program);

/* Begins. FAULT_SUCCESS: it is done, or goes on as long as hook_runs(program, HOOK_RELOAD) says;
 * otherwise why not, with err. */
enum fault program_reload(struct program *program, struct err *err);

/* How one that had been begun has come out, when it is over: likewise. */
enum fault program_reload_outcome(const struct program *program, struct err *err);

#endif
