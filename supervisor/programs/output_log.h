/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_PROGRAMS_OUTPUT_LOG_H
#define SUPERVISOR_PROGRAMS_OUTPUT_LOG_H

#include <stddef.h>

#include "supervisor/programs/log_file.h"

struct line_format;
struct output;

/*
 * What a log has beyond Supervisor's: times or JSON around its lines, rotation at times of the day,
 * compression, owner and mode. Outputs that have none of that have no struct output_log.
 */
struct output_log;

/* The log has been opened, or has other settings. */
void output_log_begin(struct output *output);

/* There is no more output: what there is of a line is written. The log is still open. */
void output_log_end(struct output *output);

/* Has been opened again under its name, or has been made anew. */
void output_log_made(struct output *output);

/* How far the lines are that are written with something around them; NULL where they are not. */
struct line_format *output_log_format(struct output *output);

/* Writes output to the log file, in its format; accepts one that is closed. */
enum log_result output_log_write(struct output *output, const char *bytes, size_t length);

#endif
