/* SPDX-License-Identifier: MIT */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* The overview: all commands by group. */
void help_overview(FILE *out);

/* One command: usage, what it does, its options, examples. */
void help_command(const struct cli_command *command, FILE *out);

/* "-q, --queue=NAME" of a row, for help and manual. Returns text. */
#define HELP_OPTION_SIZE 64
const char *help_option_text(const struct cli_option *option, char text[HELP_OPTION_SIZE]);

#endif
