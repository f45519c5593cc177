/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_OUTPUT_H
#define SUPERVISOR_PROGRAMS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "common/err.h"
#include "common/program_settings.h"
#include "supervisor/programs/ansi.h"
#include "supervisor/programs/log_file.h"

struct capture;
struct output_log;
struct program;

/*
 * Standard output or error of one process: read in large pieces into one buffer that all share, and
 * written straight on, to its log file and to syslog; on the way what stands between tokens is
 * taken out, and events are made.
 */
struct output {
    ev_io watch; /* of the reading end; its fd is -1 while there is none */
    struct program *program;
    struct log_file file;
    struct output_log *log;  /* NULL: as Supervisor writes it */
    struct capture *capture; /* NULL: nothing is captured */
    enum ansi_state ansi;
    enum stream stream;
};

/* Zeroed memory; closed. */
void output_init(struct output *output, struct program *program, enum stream stream);

/* Opens the log, and begins to read at fd, which is its own from here on in any case. Returns 0, or
 * -1 with err. */
int output_open(struct output *output, int fd, struct err *err);

/* Goes on reading at fd (-1: it has ended), and writing to a log (-1: to none), which had not taken
 * some bytes yet. */
void output_resume(struct output *output, int fd, int log, const char *waiting, size_t length);

/* Reads what is there, but does not wait for what another process may still write. */
void output_drain(struct output *output);

/* Stops reading, and closes the log: what is still in the pipe is not read (output_drain does
 * that), and what the log had not taken yet is lost. */
void output_close(struct output *output);

/* Its log has another path now. */
void output_move(struct output *output);

/* Opens the log again under its name; removes it and makes a new one. */
void output_reopen(struct output *output);
int output_clear(struct output *output, struct err *err);

#endif
