/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_COMMANDS_H
#define SUPERVISOR_COMMANDS_H

#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"

struct master;

/* The commands of the control socket (docs/control.md). Answers one request; the answer gets one
 * line without its newline, whose error's code is also returned (ERR_NONE: it is none). */
enum err_code commands_answer_code(struct master *master, const char *request, size_t length,
                                   struct buf *answer);

/* The same for the master in context, whatever comes of it. */
void commands_answer(void *context, const char *request, size_t length, struct buf *answer);

#endif
