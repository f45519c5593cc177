/* SPDX-License-Identifier: MIT */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdio.h>

#include "cli/options.h"
#include "common/err.h"

/*
 * A command of muster: a const descriptor (after git and tmux), which parsing, help, docs/cli.md
 * and the shell completion follow. cli/commands/ has a file for each, or for a close family.
 */
struct context; /* cli/context.h */

struct cli_command {
    const char *name;
    const char *group;
    const char *usage;                /* what follows the name: "[--queue=NAME] UUID…" */
    const char *summary;              /* one line */
    const char *details;              /* further help, or NULL */
    const struct cli_option *options; /* ends with OPTIONS_END; the common ones come on top */
    const char *const *examples;      /* at least one, NULL-terminated, without "muster" */
    enum options_order order;
    int min_arguments, max_arguments; /* max -1: any number */
    bool is_audited;                  /* changes a store by itself: is in the audit log */

    /* Does it. Returns an exit status (0, or what docs/cli.md says), or -1 with err. */
    int (*run)(struct context *context, struct err *err);
};

/* All commands, in the order of the help; NULL-terminated. */
extern const struct cli_command *const cli_commands[];

/* The options that every command takes. */
extern const struct cli_option common_options[];

/* The command of this name. NULL with err naming the nearest known one. */
const struct cli_command *command_find(const char *name, struct err *err);

/* Checks the number of arguments. Returns 0, or -1 with err quoting the usage. */
int command_check_arguments(const struct cli_command *command, int count, struct err *err);

#endif
