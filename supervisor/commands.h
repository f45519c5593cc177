/* SPDX-License-Identifier: MIT */
#ifndef SUPERVISOR_COMMANDS_H
#define SUPERVISOR_COMMANDS_H

#include <stddef.h>

#include "common/buf.h"

/* The commands of the control socket (docs/control.md). Answers one request for the master in
 * context; the answer gets one line without its newline. */
void commands_answer(void *context, const char *request, size_t length, struct buf *answer);

#endif
