/* SPDX-License-Identifier: MIT */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "cli/context.h"

/* Notes in the audit log that this command was run, with its options and arguments, and how it
 * ended (err). The running musterd writes it, with the user that the kernel names; where none runs
 * it is appended here. Where neither can be done that is said on standard error. */
void audit_command(struct context *context, const struct err *err);

#endif
