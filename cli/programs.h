/* SPDX-License-Identifier: MIT */
#ifndef CLI_PROGRAMS_H
#define CLI_PROGRAMS_H

#include <stdbool.h>

#include "cli/context.h"
#include "common/json.h"

/* What the commands for programs have in common: asking the running musterd (docs/control.md). */

/* Exit statuses, which supervisorctl has too. */
#define EXIT_NOT_RUNNING 3 /* of `status` */
#define EXIT_UNKNOWN     4 /* of `status`: a name that there is not */
#define EXIT_DEAD        7 /* a program that could not be started, or does not run */

/* A request with "command", and with "names" where arguments from this one on are given. The caller
 * deletes it, or hands it to programs_ask. */
cJSON *programs_request(const struct context *context, const char *command, int first_name);

/* Asks; the request is deleted. The answer is the caller's. NULL with err on failure. */
cJSON *programs_ask(struct context *context, cJSON *request, struct err *err);

/* "group:name", or the name alone where both are the same; a malloc'd text. */
char *programs_name(const cJSON *row);

/* Lists what has become of each program, and the names that mean none, which are told on standard
 * error too. done is the word for success. Returns the exit status. */
int programs_answer_results(struct context *context, const cJSON *answer, const char *done);

#endif
