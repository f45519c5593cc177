/* SPDX-License-Identifier: MIT */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/answer.h"
#include "common/err.h"

/*
 * Printing. For people: lines, "name: value", and tables drawn by libsmartcols, all of it cleaned
 * (cli/clean.h). For programs: one JSON object on one line, the answer's values first, each list as
 * an array; always valid UTF-8. libsmartcols could print JSON too, but only one list of flat rows,
 * so it is written here.
 */

/* Returns 0, or -1 with err where it could not be written (a full disk). */
int output_answer(const struct answer *answer, bool json, FILE *out, struct err *err);

/* A failure, on standard error: "muster: COMMAND: …", or {"error":{"code":…,"message":…}}. command
 * may be NULL. */
void output_error(const struct err *err, const char *command, bool json);

/* A remark for people on standard error: "muster: …", cleaned. */
void output_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
